"""Failures, in the three classes that the orchestrator knows."""

import errno


class WorkerError(Exception):
    """A failure that names its class: `retryable`, `fatal` or `data`."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def data_error(message):
    """The input is refused: only other data help."""
    return WorkerError("data", message)


def fatal_error(message):
    """The request or the set-up is wrong: only a change helps."""
    return WorkerError("fatal", message)


# A full disk or a full table of open files is often over in a minute; a missing file is not.
_PASSING = {errno.ENOSPC, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM}


def class_of(error):
    """The class of anything that was raised."""
    if isinstance(error, WorkerError):
        return error.kind
    if isinstance(error, MemoryError):
        return "retryable"
    if isinstance(error, OSError) and error.errno in _PASSING:
        return "retryable"
    return "fatal"
