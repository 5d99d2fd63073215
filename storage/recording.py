"""Ballots that coordination records for somebody: from the first tap to a second person's yes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from storage.db import Tx
from storage.models import Person, Poll, Recording, RollPerson, RollSeat

_recording: Any = Recording.__table__  # type: ignore[attr-defined]
_entry: Any = RollPerson.__table__  # type: ignore[attr-defined]
_roll: Any = RollSeat.__table__  # type: ignore[attr-defined]
_person: Any = Person.__table__  # type: ignore[attr-defined]

WAITING = ("draft", "unconfirmed")


def get(tx: Tx, recording_id: int, municipality_id: int, *, lock: bool = False) -> Recording | None:
    """A recording of this municipality; another's is as good as none."""
    wanted = (
        select(Recording)
        .where(_recording.c.id == recording_id, _recording.c.municipality_id == municipality_id)
        .execution_options(populate_existing=True)
    )
    return tx.execute(wanted.with_for_update() if lock else wanted).scalar_one_or_none()


def begin(
    tx: Tx, poll: Poll, seat_id: int, entry_id: int, way: str, by: int, now: datetime
) -> Recording:
    """Begin one. Raises ValueError for a secret poll."""
    if poll.secrecy == "secret":
        raise ValueError("the office records no secret ballots")
    made = Recording(
        municipality_id=poll.municipality_id,
        poll_id=poll.id,
        seat_id=seat_id,
        entry_id=entry_id,
        way=way,
        recorded_by=by,
        recorded_at=now,
    )
    tx.add(made)
    tx.flush()
    return made


def of_seat(tx: Tx, poll_id: int, seat_id: int) -> list[Recording]:
    """What is being recorded for a seat, or waits for a second person."""
    return list(
        tx.execute(
            select(Recording).where(
                _recording.c.poll_id == poll_id,
                _recording.c.seat_id == seat_id,
                _recording.c.state.in_(WAITING),
            )
        ).scalars()
    )


def waiting(tx: Tx, poll_id: int) -> list[Recording]:
    """What of a poll is being recorded, or waits for a second person; by seat."""
    return list(
        tx.execute(
            select(Recording)
            .where(_recording.c.poll_id == poll_id, _recording.c.state.in_(WAITING))
            .order_by(_recording.c.seat_id, _recording.c.id)
        ).scalars()
    )


def givers(tx: Tx, poll_id: int, seat_id: int) -> list[tuple[RollPerson, Person]]:
    """Who may fill a seat of a poll, the holder first."""
    rows = tx.execute(
        select(RollPerson, Person)
        .join(_person, _person.c.id == _entry.c.person_id)
        .where(_entry.c.poll_id == poll_id, _entry.c.seat_id == seat_id)
        .order_by(_entry.c.position)
    )
    return [(line, person) for line, person in rows]


def seat(tx: Tx, poll_id: int, seat_id: int) -> RollSeat:
    """A seat on the roll, locked as a vote would lock it."""
    line: RollSeat = tx.execute(
        select(RollSeat)
        .where(_roll.c.poll_id == poll_id, _roll.c.seat_id == seat_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    return line


def standing(tx: Tx, poll_id: int, seat_id: int) -> RollSeat:
    """A seat on the roll as it stands."""
    return tx.get_one(RollSeat, (poll_id, seat_id), populate_existing=True)
