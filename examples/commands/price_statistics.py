#!/usr/bin/env python3
"""The day's return and the volatility of the last month, from a daily price table.

  price_statistics.py --table raw/wti.csv --price usd_per_barrel --as-of 2025-11-26 --report reports/day.json

Exit codes: 0 done, 1 the day's price is not there yet, 2 there are too few prices.
"""

import argparse
import csv
import json
import math
import os
import statistics
import sys

MONTH_ROWS = 21
SESSIONS_A_YEAR = 252


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", required=True)
    parser.add_argument("--date", default="date")
    parser.add_argument("--price", required=True)
    parser.add_argument("--as-of", required=True)
    parser.add_argument("--report", required=True)
    arguments = parser.parse_args()
    with open(arguments.table, newline="", encoding="utf-8") as file:
        rows = [
            (row[arguments.date], float(row[arguments.price]))
            for row in csv.DictReader(file)
            if row[arguments.date] <= arguments.as_of and row[arguments.price] != ""
        ][-MONTH_ROWS - 1 :]
    if not rows or rows[-1][0] != arguments.as_of:
        newest = rows[-1][0] if rows else "nothing"
        print(f"newest is {newest}, expected {arguments.as_of}", file=sys.stderr)
        return 1
    if len(rows) <= MONTH_ROWS or any(price <= 0 for _day, price in rows):
        print(f"expected {MONTH_ROWS + 1} positive prices, got {len(rows)} rows", file=sys.stderr)
        return 2
    returns = [math.log(new / old) for (_, old), (_, new) in zip(rows, rows[1:])]
    report = {
        "as_of": arguments.as_of,
        "price": rows[-1][1],
        "log_return": returns[-1],
        "volatility_a_year": statistics.stdev(returns) * math.sqrt(SESSIONS_A_YEAR),
    }
    os.makedirs(os.path.dirname(arguments.report) or ".", exist_ok=True)
    unfinished = f"{arguments.report}.tmp-{os.getpid()}"
    with open(unfinished, "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)
    os.replace(unfinished, arguments.report)
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
