#!/usr/bin/env python3
"""Looks whether everything is there that the day's programs need. Reads only.

  environment_check.py --interpreter venv/bin/python --at-least 3.10 --file config/pipeline.yml
      --writable state --database data/trades.db --secrets .env --secret API_KEY --free-gb 2

Exit codes: 0 all is well, 1 something is missing, 2 a warning. Every finding is a line.
"""

import argparse
import os
import shutil
import sqlite3
import stat
import subprocess
import sys


def main():
    arguments = parse_arguments()
    failures, warnings = [], []
    for name in arguments.interpreter:
        failures += interpreter_problems(name, arguments.at_least)
    for name in arguments.file:
        if not os.path.isfile(name) or os.path.getsize(name) == 0:
            failures.append(f"{name} is missing or empty")
    for name in arguments.writable:
        if not os.path.exists(name):
            warnings.append(f"{name} is not there yet")
        elif not os.access(name, os.W_OK):
            failures.append(f"{name} may not be written")
    for name in arguments.database:
        found, where = database_problem(name)
        (failures if where == "failure" else warnings).extend(found)
    if arguments.secrets is not None:
        failures += secrets_problems(arguments.secrets, arguments.secret)
    free = shutil.disk_usage(".").free / 1e9
    if free < arguments.free_gb:
        failures.append(f"{free:.1f} GB are free, expected {arguments.free_gb:g}")
    for text in failures:
        print(f"FAIL {text}")
    for text in warnings:
        print(f"WARN {text}")
    if not failures and not warnings:
        print("PASS")
    return 1 if failures else 2 if warnings else 0


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--interpreter", action="append", default=[], help="a Python that must start")
    parser.add_argument("--at-least", default="3.9", help="its lowest version")
    parser.add_argument("--file", action="append", default=[], help="a file that must be there")
    parser.add_argument("--writable", action="append", default=[], help="a file or folder that is written")
    parser.add_argument("--database", action="append", default=[], help="a SQLite database that must open")
    parser.add_argument("--secrets", help="a file of NAME=value lines that only its owner may read")
    parser.add_argument("--secret", action="append", default=[], help="a name that it must have")
    parser.add_argument("--free-gb", type=float, default=0.5)
    return parser.parse_args()


def interpreter_problems(name, at_least):
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        said = subprocess.run([name, "-I", "-c", ask], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as problem:
        return [f"{name} does not start: {problem}"]
    version = said.stdout.strip()
    if as_numbers(version) < as_numbers(at_least):
        return [f"{name} is Python {version}, expected {at_least} or later"]
    return []


def as_numbers(version):
    return [int(part) for part in version.split(".")]


def database_problem(name):
    if not os.path.exists(name):
        return [f"{name} is not there yet"], "warning"
    try:
        database = sqlite3.connect(f"file:{os.path.abspath(name)}?mode=ro", uri=True, timeout=10)
        try:
            said = database.execute("PRAGMA quick_check").fetchone()[0]
        finally:
            database.close()
    except sqlite3.Error as problem:
        return [f"{name}: {problem}"], "failure"
    return ([], "warning") if said == "ok" else ([f"{name}: {said}"], "failure")


def secrets_problems(name, wanted):
    try:
        mode = stat.S_IMODE(os.stat(name).st_mode)
        with open(name, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError as problem:
        return [f"{name}: {problem.strerror}"]
    problems = [] if mode & 0o077 == 0 else [f"{name} may be read by others; run: chmod 600 {name}"]
    names = {line.split("=", 1)[0].strip() for line in lines if "=" in line and not line.startswith("#")}
    return problems + [f"{name} has no {one}" for one in wanted if one not in names]


if __name__ == "__main__":
    sys.exit(main())
