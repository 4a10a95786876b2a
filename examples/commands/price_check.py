#!/usr/bin/env python3
"""Checks a daily price table up to a day: is it there, in order, complete and plausible. Reads only it.

  price_check.py --table raw/wti.csv --price usd_per_barrel --as-of 2025-11-26 --report reports/quality.json

A row after the as-of day is not looked at: the run may not know it. Exit codes: 0 done, 1 the day's price is
not there yet (try again), 2 the data are wrong (a person's affair). The report says all in either case but 1.
"""

import argparse
import csv
import datetime
import json
import math
import os
import sys


def main():
    arguments = parse_arguments()
    rows = read_rows(arguments)
    if not rows or rows[-1][0] < arguments.as_of:
        newest = rows[-1][0] if rows else "nothing"
        behind = "" if not rows else f", {days_between(newest, arguments.as_of)} days behind"
        if not rows or days_between(newest, arguments.as_of) > arguments.behind_max:
            print(f"{arguments.table}: newest is {newest}, expected {arguments.as_of}{behind}", file=sys.stderr)
            return 1
    errors, notes = findings(rows, arguments)
    report = {
        "as_of": arguments.as_of,
        "table": os.path.basename(arguments.table),
        "rows": len(rows),
        "first": rows[0][0],
        "last": rows[-1][0],
        "errors": errors,
        "notes": notes,
    }
    write_report(arguments.report, report)
    for text in errors + notes:
        print(text)
    print(f"{len(rows)} rows to {rows[-1][0]}: {len(errors)} errors, {len(notes)} notes")
    return 2 if errors else 0


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", required=True)
    parser.add_argument("--date", default="date")
    parser.add_argument("--price", required=True)
    parser.add_argument("--as-of", required=True)
    parser.add_argument("--behind-max", type=int, default=0, help="days that the newest row may lie behind")
    parser.add_argument("--gap-max", type=int, default=10, help="days between two rows")
    parser.add_argument("--stuck-max", type=int, default=12, help="rows with one price")
    parser.add_argument("--report", required=True)
    return parser.parse_args()


def read_rows(arguments):
    with open(arguments.table, newline="", encoding="utf-8") as file:
        return [
            (row[arguments.date], row[arguments.price])
            for row in csv.DictReader(file)
            if row[arguments.date] <= arguments.as_of
        ]


def findings(rows, arguments):
    errors, notes = [], []
    stuck = 1
    for (before, old), (day, text) in zip(rows, rows[1:]):
        if day <= before:
            errors.append(f"{day} follows {before}: days must rise, once each")
        elif days_between(before, day) > arguments.gap_max:
            notes.append(f"no row between {before} and {day}")
        stuck = stuck + 1 if text == old and text != "" else 1
        if stuck == arguments.stuck_max + 1:
            errors.append(f"{text} stands still for more than {arguments.stuck_max} rows up to {day}")
    for day, text in rows:
        price = number(text)
        if text == "":
            notes.append(f"{day} has no price")
        elif price is None:
            errors.append(f"{day}: expected a number, got {text[:40]!r}")
        elif price <= 0:
            notes.append(f"{day}: the price is {text}, and has no logarithm")
    return errors, notes


def number(text):
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def days_between(first, last):
    return (datetime.date.fromisoformat(last) - datetime.date.fromisoformat(first)).days


def write_report(path, report):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    unfinished = f"{path}.tmp-{os.getpid()}"
    with open(unfinished, "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


if __name__ == "__main__":
    sys.exit(main())
