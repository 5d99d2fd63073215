"""Questions about and changes to polls: opening, the voter roll, who may vote."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from storage.db import Tx
from storage.models import (
    BallotKey,
    Body,
    Channel,
    Institution,
    Measure,
    Membership,
    Poll,
    PollOption,
    RollPerson,
    RollSeat,
    Seat,
    SeatFiller,
)

_poll: Any = Poll.__table__  # type: ignore[attr-defined]
_option: Any = PollOption.__table__  # type: ignore[attr-defined]
_roll: Any = RollSeat.__table__  # type: ignore[attr-defined]
_entry: Any = RollPerson.__table__  # type: ignore[attr-defined]
_key: Any = BallotKey.__table__  # type: ignore[attr-defined]
_seat: Any = Seat.__table__  # type: ignore[attr-defined]
_filler: Any = SeatFiller.__table__  # type: ignore[attr-defined]
_membership: Any = Membership.__table__  # type: ignore[attr-defined]
_measure: Any = Measure.__table__  # type: ignore[attr-defined]
_institution: Any = Institution.__table__  # type: ignore[attr-defined]
_body: Any = Body.__table__  # type: ignore[attr-defined]
_channel: Any = Channel.__table__  # type: ignore[attr-defined]

# What every vote asks is built once: building a statement takes longer than SQLite needs for it.
_OPTION_IDS = (
    select(_option.c.id).where(_option.c.poll_id == bindparam("poll")).order_by(_option.c.position)
)
_OPTIONS = (
    select(PollOption).where(_option.c.poll_id == bindparam("poll")).order_by(_option.c.position)
)
_TURNOUT = select(func.count(), func.count(_roll.c.voted_as)).where(
    _roll.c.poll_id == bindparam("poll"), _roll.c.excluded.is_(None)
)
_ENTRY = (
    select(RollPerson, RollSeat, Poll)
    .join(_roll, (_roll.c.poll_id == _entry.c.poll_id) & (_roll.c.seat_id == _entry.c.seat_id))
    .join(_poll, _poll.c.id == _entry.c.poll_id)
    .where(_entry.c.id == bindparam("entry"))
    # Several votes share a transaction: what an earlier one changed must be seen.
    .execution_options(populate_existing=True)
)
_ENTRY_LOCKED = _ENTRY.with_for_update(of=_roll)
"""One vote a seat at a time (PostgreSQL)."""
_POLL_SHARED = (
    select(_poll.c.id)
    .where(
        _poll.c.id
        == select(_entry.c.poll_id).where(_entry.c.id == bindparam("entry")).scalar_subquery()
    )
    .with_for_update(read=True)
)
"""Shared by voters, excluded by whoever closes the poll; first, so that what follows sees how the
poll stands once the lock is there (PostgreSQL)."""
_FILLERS = (
    select(_entry.c.id)
    .where(_entry.c.poll_id == bindparam("poll"), _entry.c.seat_id == bindparam("seat"))
    .order_by(_entry.c.position)
)
_IS_MEMBER = select(_membership.c.id).where(
    _membership.c.body_id == bindparam("body"),
    _membership.c.person_id == bindparam("person"),
    (_membership.c.start_date.is_(None)) | (_membership.c.start_date <= bindparam("today")),
    (_membership.c.end_date.is_(None)) | (_membership.c.end_date >= bindparam("today")),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A person's line on the voter roll, with its poll and its seat."""

    person: RollPerson
    seat: RollSeat
    poll: Poll


@dataclass(frozen=True, slots=True)
class Turnout:
    """Seats on the roll and how many of them have a ballot in the box."""

    seats: int
    voted: int


# --- opening -------------------------------------------------------------------------------


def voting_seats(tx: Tx, body_id: int, today: date) -> list[tuple[Seat, list[SeatFiller]]]:
    """The seats of a body with a right to vote, and who may fill each today, holder first."""
    seats = tx.execute(
        select(Seat)
        .where(_seat.c.body_id == body_id, _seat.c.voting_right.is_(True))
        .order_by(_seat.c.id)
    ).scalars()
    made = []
    for seat in seats:
        fillers = tx.execute(
            select(SeatFiller)
            .join(_membership, _membership.c.person_id == _filler.c.person_id)
            .where(
                _filler.c.seat_id == seat.id,
                _membership.c.body_id == body_id,
                _membership.c.role.in_(("member", "deputy")),
                *_active(today),
            )
            .order_by(_filler.c.position)
        ).scalars()
        made.append((seat, list(fillers)))
    return made


def _active(today: date) -> tuple[Any, ...]:
    return (
        (_membership.c.start_date.is_(None)) | (_membership.c.start_date <= today),
        (_membership.c.end_date.is_(None)) | (_membership.c.end_date >= today),
    )


def create(tx: Tx, poll: Poll, options: Sequence[tuple[Mapping[str, str], int | None]]) -> Poll:
    """Store a poll with its options (words, measure id); it has no voter roll yet."""
    tx.add(poll)
    tx.flush()
    wanted = [measure for _, measure in options if measure is not None]
    found = tx.execute(select(Measure).where(_measure.c.id.in_(wanted))).scalars()
    measures = {measure.id: measure for measure in found}
    costs = poll.settings.get("costs")
    rows = []
    for position, (label, id) in enumerate(options):
        measure = measures.get(id) if id is not None else None
        rows.append(
            {
                "municipality_id": poll.municipality_id,
                "poll_id": poll.id,
                "position": position,
                "label": dict(label),
                "measure_id": id,
                "code": measure.code if measure is not None else "",
                "cost": costs[position] if costs else measure.one_off_eur if measure else None,
            }
        )
    if rows:
        tx.execute(insert(_option), rows)
    return poll


def freeze_roll(tx: Tx, poll: Poll, seats: Sequence[tuple[Seat, Sequence[SeatFiller]]]) -> None:
    """Write the voter roll: which seats vote, and who may fill each."""
    town = poll.municipality_id
    tx.execute(
        insert(_roll),
        [{"poll_id": poll.id, "seat_id": s.id, "municipality_id": town} for s, _ in seats],
    )
    entries = [
        {
            "poll_id": poll.id,
            "seat_id": seat.id,
            "person_id": filler.person_id,
            "municipality_id": town,
            "position": filler.position,
            "page": 0,
        }
        for seat, fillers in seats
        for filler in fillers
    ]
    if entries:
        tx.execute(insert(_entry), entries)
    if poll.secrecy == "secret":
        key = secrets.token_hex(32)
        tx.execute(insert(_key).values(poll_id=poll.id, municipality_id=town, key=key))


# --- questions -----------------------------------------------------------------------------


def get(tx: Tx, poll_id: int, municipality_id: int) -> Poll | None:
    """A poll of this municipality; another's is as good as none."""
    return tx.execute(
        select(Poll).where(_poll.c.id == poll_id, _poll.c.municipality_id == municipality_id)
    ).scalar_one_or_none()


def locked(tx: Tx, poll_id: int) -> Poll | None:
    """A poll, locked until the end of the transaction (PostgreSQL; SQLite has one writer)."""
    return tx.execute(
        select(Poll)
        .where(_poll.c.id == poll_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def options(tx: Tx, poll_id: int) -> list[PollOption]:
    """A poll's options in their order."""
    return list(tx.execute(_OPTIONS, {"poll": poll_id}).scalars())


def option_ids(tx: Tx, poll_id: int) -> list[int]:
    """The ids of a poll's options in their order."""
    return list(tx.execute(_OPTION_IDS, {"poll": poll_id}).scalars())


def entry(tx: Tx, entry_id: int, *, lock: bool = False) -> Entry | None:
    """A line of the voter roll.

    ``lock`` holds the poll open and the seat to oneself for the rest of the transaction.
    """
    if lock and tx.get_bind().dialect.name == "postgresql":
        tx.execute(_POLL_SHARED, {"entry": entry_id})
    row = tx.execute(_ENTRY_LOCKED if lock else _ENTRY, {"entry": entry_id}).first()
    return None if row is None else Entry(*row)


def fillers(tx: Tx, poll_id: int, seat_id: int) -> list[int]:
    """The lines of all who may fill a seat, the holder's first."""
    return list(tx.execute(_FILLERS, {"poll": poll_id, "seat": seat_id}).scalars())


def entries_of(tx: Tx, poll_id: int, person_id: int) -> list[RollPerson]:
    """The lines on which a person stands in a poll, the own seat first."""
    return list(
        tx.execute(
            select(RollPerson)
            .where(_entry.c.poll_id == poll_id, _entry.c.person_id == person_id)
            .order_by(_entry.c.position)
        ).scalars()
    )


def entries(tx: Tx, poll_id: int) -> list[RollPerson]:
    """Everybody who may fill a seat of the poll, in the order of seats."""
    return list(
        tx.execute(
            select(RollPerson)
            .where(_entry.c.poll_id == poll_id)
            .order_by(_entry.c.seat_id, _entry.c.position)
        ).scalars()
    )


def is_member(tx: Tx, body_id: int, person_id: int, today: date) -> bool:
    """Whether the person belongs to the body today: the right ends with the membership."""
    asked = {"body": body_id, "person": person_id, "today": today}
    return tx.execute(_IS_MEMBER, asked).first() is not None


def turnout(tx: Tx, poll_id: int) -> Turnout:
    """How many seats there are and how many have a ballot in the box."""
    seats, voted = tx.execute(_TURNOUT, {"poll": poll_id}).one()
    return Turnout(seats, voted)


def of_town(tx: Tx, municipality_id: int, state: str, most: int = 20) -> list[Poll]:
    """A municipality's polls in a state: planned ones by opening, running ones by deadline,
    closed and withdrawn ones the newest first."""
    opening = _poll.c.opens_at
    upcoming = {"prepared": opening, "planned": opening, "open": _poll.c.closes_at}
    order = upcoming.get(state, _poll.c.closed_at.desc())
    return list(
        tx.execute(
            select(Poll)
            .where(_poll.c.municipality_id == municipality_id, _poll.c.state == state)
            .order_by(order, _poll.c.id)
            .limit(most)
        ).scalars()
    )


def unpublished(tx: Tx, municipality_id: int) -> list[Poll]:
    """A municipality's closed polls whose result waits for coordination, the oldest first; what
    was set aside does not wait."""
    rows = tx.execute(
        select(Poll)
        .where(
            _poll.c.municipality_id == municipality_id,
            _poll.c.state == "closed",
            _poll.c.published_at.is_(None),
        )
        .order_by(_poll.c.closed_at, _poll.c.id)
    ).scalars()
    return [poll for poll in rows if "void" not in poll.afterwards]


def cast_by(tx: Tx, person_id: int) -> list[tuple[Poll, RollPerson]]:
    """Closed polls, not secret ones, in which this person cast the ballot that counted, the
    newest first."""
    rows = tx.execute(
        select(Poll, RollPerson)
        .join(_entry, _entry.c.poll_id == _poll.c.id)
        .join(_roll, (_roll.c.poll_id == _entry.c.poll_id) & (_roll.c.seat_id == _entry.c.seat_id))
        .where(
            _entry.c.person_id == person_id,
            _poll.c.state == "closed",
            _poll.c.secrecy != "secret",
            _roll.c.voted_as == _entry.c.position,
        )
        .order_by(_poll.c.closed_at.desc(), _poll.c.id)
    )
    return [(poll, line) for poll, line in rows]


def seats_of(tx: Tx, poll_id: int) -> list[tuple[RollSeat, Seat, str | None]]:
    """The seats on the roll in their order, each with its interest group (None: a person's own)."""
    rows = tx.execute(
        select(RollSeat, Seat, _institution.c.interest_group)
        .join(_seat, _seat.c.id == _roll.c.seat_id)
        .outerjoin(_institution, _institution.c.id == _seat.c.institution_id)
        .where(_roll.c.poll_id == poll_id)
        .order_by(_roll.c.seat_id)
        .execution_options(populate_existing=True)
    )
    return [(line, seat, group) for line, seat, group in rows]


def waiting_for(tx: Tx, person_id: int) -> list[tuple[Poll, RollPerson, RollSeat]]:
    """Running polls in which this person may vote, by deadline."""
    rows = tx.execute(
        select(Poll, RollPerson, RollSeat)
        .join(_entry, _entry.c.poll_id == _poll.c.id)
        .join(_roll, (_roll.c.poll_id == _entry.c.poll_id) & (_roll.c.seat_id == _entry.c.seat_id))
        .where(
            _entry.c.person_id == person_id,
            _poll.c.state == "open",
            _roll.c.excluded.is_(None),
        )
        .order_by(_poll.c.closes_at, _entry.c.position)
    )
    return [(poll, line, seat) for poll, line, seat in rows]


def bodies(tx: Tx, municipality_id: int) -> list[Body]:
    """The municipality's bodies."""
    return list(
        tx.execute(
            select(Body).where(_body.c.municipality_id == municipality_id).order_by(_body.c.id)
        ).scalars()
    )


def channels(tx: Tx, body_id: int) -> list[int]:
    """The ids of the channels in which a body's polls are announced: none that is public."""
    rows = tx.execute(
        select(_channel.c.id)
        .where(
            _channel.c.body_id == body_id,
            _channel.c.lost_at.is_(None),
            _channel.c.confidentiality == "closed",
        )
        .order_by(_channel.c.id)
    )
    return [row[0] for row in rows]


def turn_page(tx: Tx, entry_id: int, page: int) -> None:
    """Remember which page of a ballot somebody looks at."""
    tx.execute(update(_entry).where(_entry.c.id == entry_id).values(page=page))
