"""Faults in the log: where it happened, and never what was being stored.

A database's error quotes the values of the row it refused; somebody's ballot may be among them.
"""

from __future__ import annotations

import traceback
from logging import Logger
from pathlib import Path

from sqlalchemy.exc import DBAPIError

_FRAMES = 8


def log_fault(log: Logger, error: BaseException, message: str, *args: object) -> None:
    """Log an error with its traceback; one of the database's by its kind and places only."""
    database = _of_database(error)
    if database is None:
        log.error(message, *args, exc_info=error)
        return
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
    log.error("%s: %s at %s", message % args, _kind(database), places)


def _of_database(error: BaseException | None) -> DBAPIError | None:
    while error is not None:
        if isinstance(error, DBAPIError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _kind(error: DBAPIError) -> str:
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
    return f"{type(error).__name__} {state}" if state else type(error).__name__
