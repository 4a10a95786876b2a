"""The yardstick of train.ts: the same trainings, one after another, with the libraries' own threads."""

import json
import sys
import time

started = time.perf_counter()
sys.path.insert(0, sys.argv[1])
from cbi_worker import tasks  # noqa: E402

with open(sys.argv[2], encoding="utf-8") as file:
    asked = json.load(file)
for task in asked:
    run = tasks.fold if task["kind"] == "fold" else tasks.final
    # 0 threads means the default in both libraries: as many as there are processors.
    run({**task, "threads": 0}, lambda *_round: None)
wall = time.perf_counter() - started
print(json.dumps({"wallSeconds": wall, "cpuSeconds": time.process_time()}))
