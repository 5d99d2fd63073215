"""Questions about and changes to elections: who may stand, run-offs, drawings of lots."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from storage.db import Tx
from storage.models import LotDrawing, Membership, Person, Poll, Seat, SeatFiller

_poll: Any = Poll.__table__  # type: ignore[attr-defined]
_person: Any = Person.__table__  # type: ignore[attr-defined]
_membership: Any = Membership.__table__  # type: ignore[attr-defined]
_seat: Any = Seat.__table__  # type: ignore[attr-defined]
_filler: Any = SeatFiller.__table__  # type: ignore[attr-defined]
_lot: Any = LotDrawing.__table__  # type: ignore[attr-defined]


def members(tx: Tx, body_id: int, today: date) -> list[tuple[Person, dict[str, str]]]:
    """The body's members today in the order of the roster, each with the name of their seat there
    (empty without one)."""
    people = tx.execute(
        select(Person)
        .join(_membership, _membership.c.person_id == _person.c.id)
        .where(
            _membership.c.body_id == body_id,
            (_membership.c.start_date.is_(None)) | (_membership.c.start_date <= today),
            (_membership.c.end_date.is_(None)) | (_membership.c.end_date >= today),
        )
        .order_by(_person.c.id)
    ).scalars()
    seats: dict[int, dict[str, str]] = {}
    filled = select(_filler.c.person_id, _seat.c.name).join(_seat, _seat.c.id == _filler.c.seat_id)
    for person_id, name in tx.execute(filled.where(_seat.c.body_id == body_id)):
        seats.setdefault(person_id, name)
    return [(person, seats.get(person.id, {})) for person in people]


def run_off_of(tx: Tx, first: Poll) -> Poll | None:
    """The run-off that was opened for a first round, unless it was withdrawn."""
    later = tx.execute(
        select(Poll)
        .where(
            _poll.c.body_id == first.body_id,
            _poll.c.method == "election",
            _poll.c.id > first.id,
            _poll.c.state != "withdrawn",
        )
        .order_by(_poll.c.id)
    ).scalars()
    return next((poll for poll in later if poll.settings.get("first") == first.id), None)


def lot_of(tx: Tx, poll_id: int) -> LotDrawing | None:
    """The drawing of lots that follows an election, once it is announced."""
    return tx.execute(select(LotDrawing).where(_lot.c.poll_id == poll_id)).scalar_one_or_none()


def announce(tx: Tx, poll: Poll, words: str, by: int, now: datetime) -> LotDrawing:
    """Keep from what the lot will be drawn; from now on that is fixed."""
    lot = LotDrawing(
        poll_id=poll.id,
        municipality_id=poll.municipality_id,
        announced=words,
        announced_at=now,
        announced_by=by,
    )
    tx.add(lot)
    tx.flush()
    return lot
