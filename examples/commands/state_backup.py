#!/usr/bin/env python3
"""Backs up files and SQLite databases to one tar.gz, proves that it restores, and keeps the newest.

  state_backup.py backup --to backups --name backup_20251126_053000.tar.gz --keep 14 'state/**' 'logs/*.jsonl'
  state_backup.py restore backups/backup_20251126_053000.tar.gz --into restored

Patterns are relative to the working directory. A database is copied by SQLite's own backup, so that a
writer at work cannot tear it. The archive is written under another name, restored into a temporary
folder, compared, and only then given its name; retention comes last.

Exit codes: 0 done, 1 may pass with time (a locked database, a full disk), 2 needs a person.
"""

import argparse
import glob
import hashlib
import io
import json
import os
import re
import sqlite3
import sys
import tarfile
import tempfile

MANIFEST = "MANIFEST.json"
SQLITE_HEADER = b"SQLite format 3\0"
# What SQLite itself keeps beside a database; its content is in the copy.
SQLITE_BESIDE = ("-wal", "-shm", "-journal")


class NeedsPerson(Exception):
    """Trying again would end the same."""


def main():
    arguments = parse_arguments()
    try:
        if arguments.command == "backup":
            back_up(arguments)
        else:
            restore(arguments.archive, arguments.into)
            print(f"restored {arguments.archive} into {arguments.into}")
    except NeedsPerson as problem:
        print(problem, file=sys.stderr)
        return 2
    except (OSError, sqlite3.Error, tarfile.TarError, EOFError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def parse_arguments():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    backup = commands.add_parser("backup")
    backup.add_argument("--to", required=True, help="the folder of the archives")
    backup.add_argument("--name", required=True, help="the archive's name")
    backup.add_argument("--keep", type=int, required=True, help="how many archives stay, the newest")
    backup.add_argument("patterns", nargs="+")
    again = commands.add_parser("restore")
    again.add_argument("archive")
    again.add_argument("--into", required=True, help="an empty or missing folder")
    return parser.parse_args()


def back_up(arguments):
    if arguments.keep < 1:
        raise NeedsPerson("--keep takes at least 1")
    if os.path.basename(arguments.name) != arguments.name or not arguments.name.endswith(".tar.gz"):
        raise NeedsPerson(f"--name takes a file name that ends in .tar.gz, got {arguments.name}")
    files = matching(arguments.patterns, arguments.to)
    if not files:
        raise NeedsPerson(f"no file matches {' '.join(arguments.patterns)}: an empty backup is none")
    os.makedirs(arguments.to, exist_ok=True)
    target = os.path.join(arguments.to, arguments.name)
    unproven = f"{target}.tmp-{os.getpid()}"
    try:
        write_archive(unproven, files)
        with tempfile.TemporaryDirectory(dir=arguments.to, prefix=".proof.tmp-") as folder:
            restore(unproven, os.path.join(folder, "restored"))
        os.replace(unproven, target)
        synchronise_folder(arguments.to)
    finally:
        if os.path.exists(unproven):
            os.unlink(unproven)
    removed = keep_newest(arguments.to, arguments.name, arguments.keep)
    print(f"{target}: {len(files)} files, {os.path.getsize(target)} bytes, restored and compared; {removed} old removed")


def matching(patterns, backups):
    """Regular files inside of the working directory, in order; neither links nor the backups themselves."""
    found = set()
    for pattern in patterns:
        if os.path.isabs(pattern) or ".." in pattern.split("/"):
            raise NeedsPerson(f"{pattern} leaves the working directory")
        for name in glob.glob(pattern, recursive=True):
            if os.path.islink(name) or not os.path.isfile(name):
                continue
            if os.path.commonpath([os.path.abspath(name), os.path.abspath(backups)]) == os.path.abspath(backups):
                continue
            if not name.endswith(SQLITE_BESIDE):
                found.add(os.path.normpath(name))
    return sorted(found)


def write_archive(path, files):
    entries = []
    with open(path, "wb") as raw:
        with tarfile.open(fileobj=raw, mode="w:gz") as archive:
            for name in files:
                content, is_database = content_of(name)
                add(archive, name, content)
                entries.append(
                    {
                        "path": name,
                        "bytes": len(content),
                        "sha256": hashlib.sha256(content).hexdigest(),
                        "sqlite": is_database,
                    }
                )
            add(archive, MANIFEST, json.dumps({"files": entries}, indent=1).encode())
        raw.flush()
        os.fsync(raw.fileno())


def content_of(name):
    with open(name, "rb") as file:
        content = file.read()
    if not content.startswith(SQLITE_HEADER):
        return content, False
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "copy.sqlite")
        source = sqlite3.connect(f"file:{os.path.abspath(name)}?mode=ro", uri=True, timeout=30)
        target = sqlite3.connect(copy)
        try:
            source.backup(target)
        finally:
            source.close()
            target.close()
        with open(copy, "rb") as file:
            return file.read(), True


def add(archive, name, content):
    entry = tarfile.TarInfo(name.replace(os.sep, "/"))
    entry.size = len(content)
    entry.mode = 0o600
    archive.addfile(entry, io.BytesIO(content))


def restore(archive_path, into):
    """Writes the archive's files into a new folder and holds each to the manifest."""
    if os.path.isdir(into) and os.listdir(into):
        raise NeedsPerson(f"{into} is not empty; nothing is overwritten")
    with tarfile.open(archive_path, "r:gz") as archive:
        members = {member.name: member for member in archive.getmembers()}
        if MANIFEST not in members:
            raise NeedsPerson(f"{archive_path} has no {MANIFEST}: this program did not write it")
        manifest = json.loads(archive.extractfile(members[MANIFEST]).read())
        names = [entry["path"] for entry in manifest["files"]]
        if sorted([*names, MANIFEST]) != sorted(members):
            raise NeedsPerson(f"{archive_path} holds other files than its manifest names")
        for entry in manifest["files"]:
            restore_one(archive, members[entry["path"]], entry, into)


def restore_one(archive, member, entry, into):
    name = entry["path"]
    if not member.isfile() or os.path.isabs(name) or ".." in name.split("/"):
        raise NeedsPerson(f"{name} is no plain file below the folder")
    content = archive.extractfile(member).read()
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise NeedsPerson(f"{name} differs from what the manifest says")
    target = os.path.join(into, name)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "xb") as file:
        file.write(content)
    if entry["sqlite"]:
        check_database(target, name)


def check_database(path, name):
    database = sqlite3.connect(f"file:{os.path.abspath(path)}?mode=ro", uri=True)
    try:
        said = database.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        database.close()
    if said != "ok":
        raise NeedsPerson(f"{name}: {said}")


def keep_newest(folder, name, count):
    """Names carry the time, so their order is that of the backups; the file's own time a copy changes."""
    prefix = re.match(r"[A-Za-z_-]*", name).group()
    archives = sorted(
        one for one in os.listdir(folder) if one.startswith(prefix) and one.endswith(".tar.gz")
    )
    old = [one for one in archives[:-count] if one != name]
    for one in old:
        os.unlink(os.path.join(folder, one))
    return len(old)


def synchronise_folder(folder):
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


if __name__ == "__main__":
    sys.exit(main())
