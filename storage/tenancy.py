"""Whose rows a transaction sees and changes, kept by PostgreSQL itself (row-level security).

The bot's own work (inbox, deliveries, timers, housekeeping, import) goes over all municipalities.
What a person or a group brought about is narrowed to its municipality before a feature sees it,
so that a question that forgets its WHERE finds nothing of another one. Only ``SET LOCAL`` is
used (as ``set_config(…, true)``): ``SET`` would stay with the pooled connection and meet the next
transaction. On SQLite nothing of this happens, and the features' own conditions are all there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlmodel import Session

SETTING = "gnk.municipality"
ALL = "*"
"""The value that shows all municipalities; connections of the bot begin with it."""

_NOBODYS = "0"
"""No municipality has this id: only what belongs to the installation itself is left."""

_SET = text(f"SELECT set_config('{SETTING}', :value, true)")


def enter(tx: Session, municipality_id: int | None) -> None:
    """From here on, only rows of this municipality and of none (None: only of none).

    Holds until ``leave``, until another is entered, or until the savepoint is rolled back (after
    which ``leave`` is due before anything else here).
    """
    value = _NOBODYS if municipality_id is None else str(municipality_id)
    if tx.info.get(SETTING) != value:
        _narrow(tx, value)


def leave(tx: Session) -> None:
    """All municipalities again."""
    _narrow(tx, ALL)


def part(tx: Session) -> None:
    """``leave``, and nothing that was loaded so far is found without asking the database anew."""
    leave(tx)
    if SETTING in tx.info:
        tx.expunge_all()


@contextmanager
def within(tx: Session, municipality_id: int | None) -> Iterator[None]:
    """As ``enter``, for a while; None changes nothing."""
    with _for_a_while(tx, None if municipality_id is None else str(municipality_id)):
        yield


@contextmanager
def across(tx: Session) -> Iterator[None]:
    """For the few questions that go over municipalities by their nature: whose account, whose
    code, whose place is this?"""
    with _for_a_while(tx, ALL):
        yield


@contextmanager
def _for_a_while(tx: Session, value: str | None) -> Iterator[None]:
    before = str(tx.info.get(SETTING, ALL))
    if value is None or value == before:
        yield
        return
    _narrow(tx, value)
    # After an exception the transaction or its savepoint is rolled back, and this with it.
    yield
    _narrow(tx, before)


def _narrow(tx: Session, value: str) -> None:
    if tx.get_bind().dialect.name != "postgresql":
        return
    # What was changed so far was allowed so far.
    tx.flush()
    tx.connection().execute(_SET, {"value": value})
    tx.info[SETTING] = value
