#!/usr/bin/env python3
"""Deletes files whose name holds a day that is too long ago, such as snapshots_2025-11-26.parquet.

  remove_old.py --today 2025-11-30 --older-than-days 400 'data/snapshots/*' [--dry-run]

The day in the name decides, not the file's time, which a copy or a restore changes; a file without a day
stays. Patterns are relative to the working directory. Exit codes: 0 done, 1 a file could not be deleted, 2 usage.
"""

import argparse
import datetime
import glob
import os
import re
import sys

DAY = re.compile(r"(?<!\d)(\d{4})-?(\d{2})-?(\d{2})(?!\d)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--today", type=datetime.date.fromisoformat, required=True)
    parser.add_argument("--older-than-days", type=int, required=True)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("patterns", nargs="+")
    arguments = parser.parse_args()
    if arguments.older_than_days < 1:
        parser.error("--older-than-days takes at least 1")
    limit = arguments.today - datetime.timedelta(days=arguments.older_than_days)
    failed = 0
    removed = 0
    for pattern in arguments.patterns:
        if os.path.isabs(pattern) or ".." in pattern.split("/"):
            parser.error(f"{pattern} leaves the working directory")
        for name in sorted(glob.glob(pattern)):
            day = day_in(os.path.basename(name))
            if day is None or day >= limit or os.path.islink(name) or not os.path.isfile(name):
                continue
            try:
                if not arguments.dry_run:
                    os.unlink(name)
                removed += 1
                print(f"{'would remove' if arguments.dry_run else 'removed'} {name}")
            except OSError as problem:
                failed += 1
                print(f"{name}: {problem.strerror}", file=sys.stderr)
    print(f"{removed} files of before {limit}")
    return 1 if failed else 0


def day_in(name):
    match = DAY.search(name)
    if match is None:
        return None
    try:
        return datetime.date(*map(int, match.groups()))
    except ValueError:
        return None


if __name__ == "__main__":
    sys.exit(main())
