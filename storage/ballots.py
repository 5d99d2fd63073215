"""The ballot box: casting, withdrawing, recording, counting out, and cutting loose at the close."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage import conflicts
from storage.db import Tx
from storage.models import Ballot, BallotKey, Poll, RollPerson, RollSeat

_roll: Any = RollSeat.__table__  # type: ignore[attr-defined]
_entry: Any = RollPerson.__table__  # type: ignore[attr-defined]
_ballot: Any = Ballot.__table__  # type: ignore[attr-defined]
_key: Any = BallotKey.__table__  # type: ignore[attr-defined]

# What every vote asks is built once: building a statement takes longer than SQLite needs for it.
_BALLOT = (
    select(Ballot)
    .where(_ballot.c.poll_id == bindparam("poll"), _ballot.c.voter == bindparam("voter"))
    .execution_options(populate_existing=True)
)
_VOTED = (
    update(_roll)
    .where(_roll.c.poll_id == bindparam("poll"), _roll.c.seat_id == bindparam("seat"))
    # A ballot of the person's own takes the place of what the office recorded.
    .values(voted_as=bindparam("position"), recorded=None, recorded_by=None, confirmed_by=None)
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


@dataclass(frozen=True, slots=True)
class Counted:
    """A ballot that counts: its seat (None once or while nobody may know), what it says, and the
    options in which the seat has no say."""

    seat_id: int | None
    value: dict[str, Any]
    barred: frozenset[int] = frozenset()


def counted(tx: Tx, poll: Poll) -> list[Counted]:
    """The ballots in the box, in an order that means nothing."""
    rows = tx.execute(
        select(_ballot.c.voter, _ballot.c.value)
        .where(_ballot.c.poll_id == poll.id)
        .order_by(_ballot.c.key)
    ).all()
    if poll.secrecy == "secret":
        return [Counted(None, dict(value)) for _, value in rows]
    without: dict[int, set[int]] = {}
    for seat, option in conflicts.of_poll(tx, poll.id):
        without.setdefault(seat, set()).add(option)
    return [
        Counted(int(voter), dict(value), frozenset(without.get(int(voter), ())))
        for voter, value in rows
    ]


# --- recorded by the office ------------------------------------------------------------------


def record(
    tx: Tx,
    poll: Poll,
    seat_id: int,
    position: int,
    value: Mapping[str, Any],
    by: tuple[int | None, int],
) -> None:
    """Put a ballot given on paper or by phone into the box.

    ``position`` is that of the person who gave it, ``by`` who recorded it (None: erased since)
    and who confirmed it. Raises ValueError for a secret poll.
    """
    if poll.secrecy == "secret":
        raise ValueError("the office records no secret ballots")
    cast(tx, poll, seat_id, position, value)
    which = _roll.c.poll_id == poll.id, _roll.c.seat_id == seat_id
    recorded, confirmed = by
    tx.execute(
        update(_roll)
        .where(*which)
        .values(recorded="confirmed", recorded_by=recorded, confirmed_by=confirmed)
    )


def recorded(tx: Tx, poll_id: int) -> int:
    """How many ballots in the box were recorded by the office."""
    rows = tx.execute(
        select(_roll.c.seat_id).where(_roll.c.poll_id == poll_id, _roll.c.recorded == "confirmed")
    )
    return len(rows.all())


# --- the end ---------------------------------------------------------------------------------


def receipts(tx: Tx, poll_id: int) -> list[str]:
    """The voters' codes of a secret poll."""
    rows = tx.execute(select(_ballot.c.receipt).where(_ballot.c.poll_id == poll_id))
    return sorted(row[0] for row in rows if row[0])


def discard(tx: Tx, poll_id: int) -> None:
    """Throw away all ballots of a poll."""
    tx.execute(delete(_ballot).where(_ballot.c.poll_id == poll_id))


def empty(tx: Tx, poll_id: int) -> None:
    """Throw away all ballots of a poll that is withdrawn, who cast them, and its key."""
    discard(tx, poll_id)
    tx.execute(delete(_key).where(_key.c.poll_id == poll_id))
    tx.execute(
        update(_roll)
        .where(_roll.c.poll_id == poll_id)
        .values(voted_as=None, recorded=None, recorded_by=None, confirmed_by=None)
    )
    tx.execute(update(_entry).where(_entry.c.poll_id == poll_id).values(page=0))


def cut_loose(tx: Tx, poll: Poll) -> None:
    """Separate a secret poll's ballots from their seats for good, at its close.

    The key goes; ballots and roll are written anew, the ballots in random order and the roll in
    the order of seats, so that neither keys nor places in the files tell what belonged together.
    Freed pages are overwritten afterwards (``db.pages_forgotten``).
    """
    tx.execute(delete(_key).where(_key.c.poll_id == poll.id))
    values = [ballot.value for ballot in counted(tx, poll)]
    secrets.SystemRandom().shuffle(values)
    tx.execute(delete(_ballot).where(_ballot.c.poll_id == poll.id))
    if values:
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
                for value in values
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
