"""The two ends of the pipe to the orchestrator: JSON lines in, JSON lines out."""

import json
import os
import queue
import sys
import threading
import time

_PROGRESS_SECONDS = 0.25


class Channel:
    """Owns a private copy of standard output; whatever else prints there lands on standard error."""

    def __init__(self):
        # Libraries print: to sys.stdout, and from C straight to descriptor 1. Both must not reach
        # the pipe, so the pipe moves to a descriptor of our own and 1 becomes 2.
        self._out = os.dup(1)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self._requests = queue.SimpleQueue()
        self._progress_at = 0.0
        threading.Thread(target=self._listen, name="listener", daemon=True).start()

    def next_request(self):
        """The next request as a dict. Waits for it."""
        return json.loads(self._requests.get())

    def send(self, message):
        """Writes one message as one line."""
        line = json.dumps(message, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        try:
            while line:
                line = line[os.write(self._out, line) :]
        except OSError:
            # Nobody reads any more: nothing that we do has a purpose.
            os._exit(0)

    def progress(self, task, done, total):
        """Tells the round that ended, four times a second at most."""
        now = time.monotonic()
        if now - self._progress_at < _PROGRESS_SECONDS and done != total:
            return
        self._progress_at = now
        self.send({"type": "progress", "id": task, "round": done, "roundsMax": total})

    def _listen(self):
        # A thread, so that the end of standard input (the orchestrator died, however) ends this
        # process in the middle of a training too: the libraries let go of the interpreter's lock.
        for line in sys.stdin.buffer:
            if line.strip():
                self._requests.put(line)
        os._exit(0)
