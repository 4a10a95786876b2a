"""Model files: published whole, read verified."""

import hashlib
import os
import secrets

from .errors import data_error, fatal_error


def publish(path, content):
    """
    Writes `content` to `path` so that a power cut leaves nothing or all of it. An equal file that is
    there already (an earlier attempt that died before it could answer) is taken as written.
    Returns the SHA-256 of the bytes.
    """
    digest = hashlib.sha256(content).hexdigest()
    if os.path.exists(path):
        if _digest(path) == digest:
            return digest
        raise fatal_error(f"there is another file at {path}")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f"{path}.tmp-{secrets.token_hex(6)}"
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    _sync_folder(os.path.dirname(path))
    return digest


def read(path, digest):
    """The bytes of the file at `path`, refused when their SHA-256 is another than `digest`."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        raise data_error(f"there is no model at {path}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise data_error(f"the model at {path} was changed: SHA-256 {found}, not {digest}")
    return content


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder):
    # Windows cannot open a folder; its rename is journalled.
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
