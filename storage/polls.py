"""Questions about and changes to polls: opening, the voter roll, the ballot box, closing."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.db import Tx
from storage.models import (
    Ballot,
    BallotKey,
    Body,
    Channel,
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
_ballot: Any = Ballot.__table__  # type: ignore[attr-defined]
_key: Any = BallotKey.__table__  # type: ignore[attr-defined]
_seat: Any = Seat.__table__  # type: ignore[attr-defined]
_filler: Any = SeatFiller.__table__  # type: ignore[attr-defined]
_membership: Any = Membership.__table__  # type: ignore[attr-defined]
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
    _roll.c.poll_id == bindparam("poll")
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
_BALLOT = (
    select(Ballot)
    .where(_ballot.c.poll_id == bindparam("poll"), _ballot.c.voter == bindparam("voter"))
    .execution_options(populate_existing=True)
)
_VOTED = (
    update(_roll)
    .where(_roll.c.poll_id == bindparam("poll"), _roll.c.seat_id == bindparam("seat"))
    .values(voted_as=bindparam("position"))
)


def _cast(insert: Any) -> Any:
    return insert.on_conflict_do_update(
        index_elements=["poll_id", "voter"], set_={"value": insert.excluded.value}
    )


_CAST = {
    "sqlite": _cast(sqlite.insert(_ballot)),
    "postgresql": _cast(postgresql.insert(_ballot)),
}

RECEIPT_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


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


def open_poll(
    tx: Tx,
    poll: Poll,
    options: Sequence[tuple[Mapping[str, str], int | None]],
    seats: Sequence[tuple[Seat, Sequence[SeatFiller]]],
) -> Poll:
    """Store a poll with its options (words, measure id) and freeze its voter roll."""
    tx.add(poll)
    tx.flush()
    town = poll.municipality_id
    tx.execute(
        insert(_option),
        [
            {
                "municipality_id": town,
                "poll_id": poll.id,
                "position": position,
                "label": dict(label),
                "measure_id": measure,
            }
            for position, (label, measure) in enumerate(options)
        ],
    )
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
    return poll


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


def label_of(tx: Tx, option_id: int) -> dict[str, str]:
    """An option's words."""
    return tx.get_one(PollOption, option_id).label


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
    """A municipality's polls in a state: running ones by deadline, closed ones newest first."""
    order = _poll.c.closes_at if state == "open" else _poll.c.closed_at.desc()
    return list(
        tx.execute(
            select(Poll)
            .where(_poll.c.municipality_id == municipality_id, _poll.c.state == state)
            .order_by(order, _poll.c.id)
            .limit(most)
        ).scalars()
    )


def waiting_for(tx: Tx, person_id: int) -> list[tuple[Poll, RollPerson, RollSeat]]:
    """Running polls in which this person may vote, by deadline."""
    rows = tx.execute(
        select(Poll, RollPerson, RollSeat)
        .join(_entry, _entry.c.poll_id == _poll.c.id)
        .join(_roll, (_roll.c.poll_id == _entry.c.poll_id) & (_roll.c.seat_id == _entry.c.seat_id))
        .where(_entry.c.person_id == person_id, _poll.c.state == "open")
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


# --- the ballot box ------------------------------------------------------------------------


def ballot_of(tx: Tx, poll: Poll, seat_id: int) -> Ballot | None:
    """The ballot that lies in the box for a seat (while a secret poll is open, by its key)."""
    voter = _voter(tx, poll, seat_id)
    if voter is None:
        return None
    return tx.execute(_BALLOT, {"poll": poll.id, "voter": voter}).scalar_one_or_none()


def _voter(tx: Tx, poll: Poll, seat_id: int) -> str | None:
    if poll.secrecy != "secret":
        return str(seat_id)
    key = tx.execute(select(_key.c.key).where(_key.c.poll_id == poll.id)).scalar_one_or_none()
    if key is None:
        return None
    return hmac.digest(bytes.fromhex(key), str(seat_id).encode(), "sha256").hex()


def cast(tx: Tx, poll: Poll, seat_id: int, position: int, value: Mapping[str, Any]) -> None:
    """Put a seat's ballot into the box, in place of the one that lies there."""
    voter = _voter(tx, poll, seat_id)
    if voter is None:
        raise LookupError(f"poll {poll.id} has no key: it is closed")
    ballot = {
        "key": secrets.token_hex(16),
        "municipality_id": poll.municipality_id,
        "poll_id": poll.id,
        "voter": voter,
        "value": dict(value),
        "receipt": _receipt() if poll.secrecy == "secret" else None,
    }
    tx.connection().execute(_CAST[tx.get_bind().dialect.name], ballot)
    _mark(tx, poll.id, seat_id, position)


def withdraw(tx: Tx, poll: Poll, seat_id: int) -> bool:
    """Take a seat's ballot out of the box; returns whether there was one."""
    voter = _voter(tx, poll, seat_id)
    gone = tx.execute(delete(_ballot).where(_ballot.c.poll_id == poll.id, _ballot.c.voter == voter))
    _mark(tx, poll.id, seat_id, None)
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def _mark(tx: Tx, poll_id: int, seat_id: int, position: int | None) -> None:
    tx.connection().execute(_VOTED, {"poll": poll_id, "seat": seat_id, "position": position})


def _receipt() -> str:
    letters = [secrets.choice(RECEIPT_ALPHABET) for _ in range(12)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:8]) + "-" + "".join(letters[8:])


def values(tx: Tx, poll_id: int) -> list[dict[str, Any]]:
    """What the ballots in the box say, in an order that means nothing."""
    rows = tx.execute(
        select(_ballot.c.value).where(_ballot.c.poll_id == poll_id).order_by(_ballot.c.key)
    )
    return [dict(row[0]) for row in rows]


def receipts(tx: Tx, poll_id: int) -> list[str]:
    """The voters' codes of a secret poll."""
    rows = tx.execute(select(_ballot.c.receipt).where(_ballot.c.poll_id == poll_id))
    return sorted(row[0] for row in rows if row[0])


def discard(tx: Tx, poll_id: int) -> None:
    """Throw away all ballots of a poll."""
    tx.execute(delete(_ballot).where(_ballot.c.poll_id == poll_id))


def cut_loose(tx: Tx, poll: Poll) -> None:
    """Separate a secret poll's ballots from their seats for good, at its close.

    The key goes; ballots and roll are written anew, the ballots in random order and the roll in
    the order of seats, so that neither keys nor places in the files tell what belonged together.
    Freed pages are overwritten afterwards (``db.pages_forgotten``).
    """
    tx.execute(delete(_key).where(_key.c.poll_id == poll.id))
    ballots = values(tx, poll.id)
    secrets.SystemRandom().shuffle(ballots)
    tx.execute(delete(_ballot).where(_ballot.c.poll_id == poll.id))
    if ballots:
        tx.execute(
            insert(_ballot),
            [
                {
                    "key": secrets.token_hex(16),
                    "municipality_id": poll.municipality_id,
                    "poll_id": poll.id,
                    "voter": secrets.token_hex(16),
                    "value": value,
                    "receipt": None,
                }
                for value in ballots
            ],
        )
    roll = [
        dict(row)
        for row in tx.execute(
            select(_roll).where(_roll.c.poll_id == poll.id).order_by(_roll.c.seat_id)
        ).mappings()
    ]
    tx.execute(delete(_roll).where(_roll.c.poll_id == poll.id))
    tx.execute(insert(_roll), roll)
    tx.execute(update(_entry).where(_entry.c.poll_id == poll.id).values(page=0))


def turn_page(tx: Tx, entry_id: int, page: int) -> None:
    """Remember which page of a ballot somebody looks at."""
    tx.execute(update(_entry).where(_entry.c.id == entry_id).values(page=page))
