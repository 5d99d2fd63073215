"""One process at a time on one set of files."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Busy(Exception):
    """Another process is at work here."""


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock ``path``; the operating system lets it go whatever ends the process.

    Raises Busy.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(str(path)) from None
        yield
