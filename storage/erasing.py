"""Erasing a person: everything by the registry, then the row itself becomes anonymous."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, or_, select

from storage import personal_data, personal_votes
from storage.db import Tx
from storage.models import Account, Body, Membership, Municipality, Person, Seat
from storage.traces import traces

ERASED = "former:"
"""Keys of erased people begin so; no file can name such a key."""

_account: Any = Account.__table__  # type: ignore[attr-defined]
_person: Any = Person.__table__  # type: ignore[attr-defined]
_membership: Any = Membership.__table__  # type: ignore[attr-defined]
_body: Any = Body.__table__  # type: ignore[attr-defined]
_seat: Any = Seat.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Erased:
    """What changed for others: running polls, and their lines on the rolls of those."""

    polls: tuple[int, ...]
    lines: tuple[int, ...]


def erase(tx: Tx, person: Person, now: datetime, designation: Mapping[str, str]) -> Erased:
    """Erase a person for good; what remains has ``designation`` and leads to no account."""
    polls, lines = personal_votes.touched(tx, person.id)
    id, town_id, name = person.id, person.municipality_id, person.name
    personal_data.forget(tx, person, now)
    person = tx.get_one(Person, id)
    for seat in tx.execute(select(Seat).where(_seat.c.municipality_id == town_id)).scalars():
        if seat.name == name and seat.institution_id is None:
            # A seat of no institution's was called after its holder.
            seat.name = dict(designation)
    person.key = f"{ERASED}{secrets.token_hex(8)}"
    person.name = dict(designation)
    person.institution_id = None
    person.language = tx.get_one(Municipality, town_id).default_language
    tx.flush()
    return Erased(tuple(polls), tuple(lines))


def is_erased(person: Person) -> bool:
    """Whether this is what remains of somebody."""
    return person.key.startswith(ERASED)


def serves_elsewhere(tx: Tx, person: Person) -> bool:
    """Whether one of the person's accounts serves another municipality too."""
    return bool(traces(tx, person).elsewhere)


def is_last_coordinator(tx: Tx, person: Person, today: date) -> bool:
    """Whether the coordination would have nobody left who can write to the bot."""
    able = [
        id
        for (id,) in tx.execute(
            select(_membership.c.person_id)
            .join(_body, _body.c.id == _membership.c.body_id)
            .where(
                _membership.c.municipality_id == person.municipality_id,
                _body.c.kind == "coordination",
                _membership.c.role.in_(("member", "deputy")),
                *_active(today),
                or_(
                    _membership.c.person_id == person.id,
                    exists().where(_account.c.person_id == _membership.c.person_id),
                ),
            )
        )
    ]
    return person.id in able and len(set(able)) == 1


def former(tx: Tx, municipality_id: int, today: date) -> list[Person]:
    """People who belong to no body, today or later, and are not erased yet."""
    still = exists().where(
        _membership.c.person_id == _person.c.id,
        (_membership.c.end_date.is_(None)) | (_membership.c.end_date >= today),
    )
    return list(
        tx.execute(
            select(Person)
            .where(
                _person.c.municipality_id == municipality_id,
                ~still,
                ~_person.c.key.startswith(ERASED, autoescape=True),
            )
            .order_by(_person.c.id)
        ).scalars()
    )


def left_before(tx: Tx, municipality_id: int, day: date) -> list[Person]:
    """Former people whose last membership ended before that day."""
    ended = (
        select(_membership.c.person_id)
        .where(_membership.c.municipality_id == municipality_id)
        .group_by(_membership.c.person_id)
        .having(func.max(_membership.c.end_date) < day)
    )
    gone = set(tx.execute(ended).scalars())
    return [person for person in former(tx, municipality_id, day) if person.id in gone]


def _active(today: date) -> tuple[Any, ...]:
    return (
        (_membership.c.start_date.is_(None)) | (_membership.c.start_date <= today),
        (_membership.c.end_date.is_(None)) | (_membership.c.end_date >= today),
    )
