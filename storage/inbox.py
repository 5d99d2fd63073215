"""The one way in: what happened is stored before a platform may forget it.

A handled row keeps only its platform and key (so that a repeated event is recognised); payload,
place and text are emptied in the handling transaction and freed pages are overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.db import Tx
from storage.models import Inbox

WAITING, DONE, QUARANTINED = 0, 1, 2

_table: Any = Inbox.__table__  # type: ignore[attr-defined]

# Built once: building a statement takes longer than SQLite needs for it.
_PUT = {
    "sqlite": sqlite.insert(_table).on_conflict_do_nothing().returning(_table.c.id),
    "postgresql": postgresql.insert(_table).on_conflict_do_nothing().returning(_table.c.id),
}
_IS_WAITING = text("inbox.state = 0")
"""In the words of the index ``inbox_waiting``, so that it is used."""
_TAKE = (
    select(
        _table.c.id,
        _table.c.platform,
        _table.c.key,
        _table.c.place,
        _table.c.payload,
        _table.c.received_at,
    )
    .where(_IS_WAITING)
    .order_by(_table.c.id)
    .limit(bindparam("most"))
)
_TAKE_AT = _TAKE.where(_table.c.place.in_(bindparam("places", expanding=True)))
_OLDEST_PLACES = (
    select(_table.c.place)
    .where(_IS_WAITING)
    .group_by(_table.c.place)
    .order_by(func.min(_table.c.id))
    .limit(bindparam("most"))
)
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:place, 0))")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event as its platform gave it. ``key`` is the platform's id, ``payload`` its JSON."""

    key: str
    place: str
    payload: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stored event that waits to be handled."""

    id: int
    platform: str
    key: str
    place: str
    payload: str
    received_at: datetime


def put(tx: Tx, platform: str, arrivals: Iterable[Arrival], now: datetime) -> int:
    """Store events; those known already are left out. Returns how many are new."""
    rows = [
        {
            "platform": platform,
            "key": a.key,
            "place": f"{platform}:{a.place}",
            "payload": a.payload,
            "received_at": now,
            "state": WAITING,
        }
        for a in arrivals
    ]
    if not rows:
        return 0
    new = tx.connection().execute(_PUT[tx.get_bind().dialect.name], rows)
    return len(new.all())


def take(tx: Tx, most: int) -> Sequence[Waiting]:
    """The oldest waiting events, at most ``most``, in their order.

    On PostgreSQL several workers may take at once: each locks the places whose events it takes,
    so that the order within a place holds.
    """
    if tx.get_bind().dialect.name == "postgresql":
        mine = _locked_places(tx, most)
        if not mine:
            return []
        rows = tx.execute(_TAKE_AT, {"places": mine, "most": most})
    else:
        rows = tx.execute(_TAKE, {"most": most})
    return [Waiting(*row) for row in rows]


def _locked_places(tx: Tx, most: int) -> list[str]:
    places = [row[0] for row in tx.execute(_OLDEST_PLACES, {"most": most})]
    return [p for p in places if tx.execute(_LOCK, {"place": p}).scalar_one()]


def done(tx: Tx, ids: Sequence[int]) -> None:
    """Empty the handled rows."""
    if ids:
        tx.execute(
            update(_table)
            .where(_table.c.id.in_(ids))
            .values(state=DONE, payload=None, place="", error=None)
        )


def quarantine(tx: Tx, id: int, error: str) -> None:
    """Put an event aside that cannot be read; ``doctor`` shows it."""
    tx.execute(
        update(_table).where(_table.c.id == id).values(state=QUARANTINED, place="", error=error)
    )


def quarantined(tx: Tx) -> list[tuple[str, str, datetime, str]]:
    """Platform, key, time and error of the events put aside."""
    rows = tx.execute(
        select(_table.c.platform, _table.c.key, _table.c.received_at, _table.c.error)
        .where(_table.c.state == QUARANTINED)
        .order_by(_table.c.id)
    )
    return [(r[0], r[1], r[2], r[3] or "") for r in rows]


def put_aside(tx: Tx, platform: str, prefix: str) -> list[tuple[str, str, datetime]]:
    """Key, payload and time of the events not handled whose key begins with ``prefix``."""
    rows = tx.execute(
        select(_table.c.key, _table.c.payload, _table.c.received_at)
        .where(
            _table.c.platform == platform,
            _table.c.key.startswith(prefix, autoescape=True),
            _table.c.state != DONE,
        )
        .order_by(_table.c.id)
    )
    return [(key, payload, at) for key, payload, at in rows]


def drop(tx: Tx, platform: str, key: str) -> None:
    """Drop an event that came in again under another key."""
    tx.execute(delete(_table).where(_table.c.platform == platform, _table.c.key == key))


def forget(tx: Tx, before: datetime) -> int:
    """Drop handled rows older than ``before``; returns how many."""
    gone = tx.execute(delete(_table).where(_table.c.state == DONE, _table.c.received_at < before))
    return int(gone.rowcount)  # type: ignore[attr-defined]
