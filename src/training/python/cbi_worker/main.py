"""
A worker: says who it is, then answers one request after another until its standard input closes.

Out: {"type":"hello",…} once; then for each request any number of {"type":"progress",…} and exactly
one {"type":"result",…} or {"type":"error",…}. In: {"type":"run","task":{…}}; the tasks are those of
training.ts.
"""

import os
import signal
import sys
import traceback

from . import PROTOCOL
from .errors import class_of, fatal_error


def main():
    """Runs the worker, or with the word `prove` the proof of `cbi setup`."""
    if sys.argv[1:] == ["prove"]:
        from .prove import prove

        prove()
        return
    serve()


def serve():
    """Answers requests until standard input closes."""
    from .channel import Channel

    # Ctrl-C is the orchestrator's to hear; it ends us by closing our input or by TERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = Channel()
    channel.send(
        {"type": "hello", "protocol": PROTOCOL, "process": os.getpid(), "versions": versions()}
    )
    while True:
        request = channel.next_request()
        task = request["task"]
        try:
            result = _run(task, channel)
        except Exception as error:  # every failure is an answer
            traceback.print_exc(file=sys.stderr)
            channel.send(
                {
                    "type": "error",
                    "id": task["id"],
                    "class": class_of(error),
                    "message": _one_line(error),
                }
            )
        else:
            channel.send({"type": "result", "id": task["id"], "result": result})


def versions():
    """The versions of what trains, by the names of the installed packages' folders, without importing them."""
    # importlib.metadata would say the same, and brings the modules for mail and zip files along.
    found = dict(
        name.removesuffix(".dist-info").split("-", 1)
        for folder in sys.path
        if os.path.isdir(folder)
        for name in os.listdir(folder)
        if name.endswith(".dist-info")
    )
    return {
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "lightgbm": found["lightgbm"],
        # Off a Mac the package without GPU libraries is installed; both import as `xgboost`.
        "xgboost": found.get("xgboost_cpu") or found["xgboost"],
        "numpy": found["numpy"],
        "pyarrow": found["pyarrow"],
    }


def _run(task, channel):
    # Imported late: numpy and the libraries cost a second that `hello` need not wait for.
    if task["kind"] == "parquet":
        from . import parquet_file

        return parquet_file.write(task, channel.progress)
    if sys.modules.get("numpy", sys) is None:
        raise fatal_error("this worker has written Parquet, without numpy, and can do nothing else")
    from . import tasks

    kinds = {
        "fold": tasks.fold,
        "final": tasks.final,
        "ridge": tasks.ridge,
        "predict": tasks.predict,
    }
    run = kinds.get(task["kind"])
    if run is None:
        raise fatal_error(f"expected a task of kind {', '.join(kinds)}; got {task['kind']!r}")
    return run(task, channel.progress)


def _one_line(error):
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:2000]
