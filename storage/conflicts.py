"""Conflicts of interest: seats that are out of a poll, or have no say in one of its options."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from storage.db import Tx
from storage.models import Conflict, Poll, RollSeat

_roll: Any = RollSeat.__table__  # type: ignore[attr-defined]
_conflict: Any = Conflict.__table__  # type: ignore[attr-defined]


def exclude(tx: Tx, poll_id: int, seat_id: int, by: str) -> None:
    """Take a seat out of a poll; ``by`` is ``person`` or ``coordination``. Its ballot has to be
    withdrawn by the caller (``ballots.withdraw``)."""
    _set(tx, poll_id, seat_id, by)


def admit(tx: Tx, poll_id: int, seat_id: int) -> None:
    """Let a seat that was out of a poll vote again."""
    _set(tx, poll_id, seat_id, None)


def _set(tx: Tx, poll_id: int, seat_id: int, by: str | None) -> None:
    which = _roll.c.poll_id == poll_id, _roll.c.seat_id == seat_id
    tx.execute(update(_roll).where(*which).values(excluded=by))


def bar(tx: Tx, poll: Poll, seat_id: int, option_id: int, by: str, now: datetime) -> bool:
    """Take a seat's say in one option; returns whether it had one.

    Raises ValueError for a secret poll: what is left out would tell whose ballot it is.
    """
    if poll.secrecy == "secret":
        raise ValueError("in a secret poll nobody is kept from single options")
    if option_id in barred(tx, poll.id, seat_id):
        return False
    tx.execute(
        insert(_conflict).values(
            poll_id=poll.id,
            seat_id=seat_id,
            option_id=option_id,
            municipality_id=poll.municipality_id,
            declared_by=by,
            at=now,
        )
    )
    return True


def unbar(tx: Tx, poll_id: int, seat_id: int, option_id: int) -> bool:
    """Give a seat its say in an option back; returns whether it had lost it."""
    gone = tx.execute(
        delete(_conflict).where(
            _conflict.c.poll_id == poll_id,
            _conflict.c.seat_id == seat_id,
            _conflict.c.option_id == option_id,
        )
    )
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def barred(tx: Tx, poll_id: int, seat_id: int) -> frozenset[int]:
    """The options in which a seat has no say."""
    rows = tx.execute(
        select(_conflict.c.option_id).where(
            _conflict.c.poll_id == poll_id, _conflict.c.seat_id == seat_id
        )
    )
    return frozenset(row[0] for row in rows)


def of_poll(tx: Tx, poll_id: int) -> list[tuple[int, int]]:
    """All seats without a say in an option: seat and option, in their order."""
    rows = tx.execute(
        select(_conflict.c.seat_id, _conflict.c.option_id)
        .where(_conflict.c.poll_id == poll_id)
        .order_by(_conflict.c.seat_id, _conflict.c.option_id)
    )
    return [(seat, option) for seat, option in rows]


def excluded(tx: Tx, poll_id: int) -> list[int]:
    """The seats that are out of a poll."""
    rows = tx.execute(
        select(_roll.c.seat_id)
        .where(_roll.c.poll_id == poll_id, _roll.c.excluded.is_not(None))
        .order_by(_roll.c.seat_id)
    )
    return [row[0] for row in rows]
