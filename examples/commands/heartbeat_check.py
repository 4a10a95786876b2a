#!/usr/bin/env python3
"""Looks whether a heartbeat file is young, by the time that stands inside of it.

  heartbeat_check.py --file state/heartbeat.json --key timestamp --max-age-seconds 300

Exit codes: 0 it beats, 1 it is old or missing, 2 the file's own time is young but its inside is not, or has
no time: something touches it that is not the program.
"""

import argparse
import datetime
import json
import os
import sys
import time


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--file", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--max-age-seconds", type=float, required=True)
    arguments = parser.parse_args()
    try:
        touched = time.time() - os.path.getmtime(arguments.file)
        with open(arguments.file, encoding="utf-8") as file:
            written = instant(json.load(file).get(arguments.key))
    except (OSError, ValueError, AttributeError) as problem:
        print(f"FAIL {arguments.file}: {problem}")
        return 1
    age = None if written is None else time.time() - written
    if age is not None and age <= arguments.max_age_seconds:
        print(f"PASS {arguments.file} is {age:.0f} s old")
        return 0
    said = f"has no time under {arguments.key}" if age is None else f"is {age:.0f} s old"
    if touched <= arguments.max_age_seconds:
        print(f"WARN {arguments.file} was touched {touched:.0f} s ago, but {said} by its inside")
        return 2
    print(f"FAIL {arguments.file} {said}")
    return 1


def instant(value):
    if isinstance(value, (int, float)):
        return float(value)
    if not isinstance(value, str):
        return None
    moment = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    # A time without a zone is of nobody knows where.
    return moment.timestamp() if moment.tzinfo is not None else None


if __name__ == "__main__":
    sys.exit(main())
