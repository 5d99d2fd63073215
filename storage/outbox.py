"""The one way out: what is to be said, written in the transaction that decided it.

queued → sending → sent | failed | unknown. A row leaves ``sending`` only by what the platform
answered; after a crash the platform's own rule decides whether it may be repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.db import Tx
from storage.models import Outbox

_table: Any = Outbox.__table__  # type: ignore[attr-defined]

# Built once: building a statement takes longer than SQLite needs for it.
# In the words of the index ``outbox_waiting``: with parameters in their place SQLite reads through
# everything that was ever said.
_WAITING = text("outbox.state IN ('queued', 'sending')")
_FIRST = (
    select(_table.c.place, func.min(_table.c.id).label("id"))
    .where(_table.c.platform == bindparam("platform"), _WAITING)
    .group_by(_table.c.place)
    .subquery()
)
_CLAIM = (
    select(Outbox)
    .join(_FIRST, _table.c.id == _FIRST.c.id)
    .where(
        _table.c.state == "queued",
        _table.c.due_at <= bindparam("now"),
        _table.c.place.not_in(bindparam("busy", expanding=True)),
    )
    .order_by(_table.c.id)
    .limit(bindparam("most"))
)
_CLAIM_LOCKED = _CLAIM.with_for_update(skip_locked=True, of=_table)
_NEXT_DUE = select(func.min(_table.c.due_at)).where(
    _table.c.platform == bindparam("platform"), _WAITING, _table.c.state == "queued"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """Something to be said at a place; see ``storage.models.machinery.Outbox``."""

    platform: str
    place: str
    kind: str
    content: dict[str, Any]
    language: str
    municipality_id: int | None = None
    person_id: int | None = None
    data: bytes | None = None
    key: str | None = None


def put(tx: Tx, drafts: Sequence[Draft], now: datetime) -> None:
    """Queue what is to be said; a key that was used before is left out."""
    rows = [
        {
            "platform": d.platform,
            "place": d.place,
            "kind": d.kind,
            "content": d.content,
            "language": d.language,
            "municipality_id": d.municipality_id,
            "person_id": d.person_id,
            "data": d.data,
            "key": d.key,
            "state": "queued",
            "created_at": now,
            "due_at": now,
            "attempts": 0,
        }
        for d in drafts
    ]
    if not rows:
        return
    if all(row["key"] is None for row in rows):
        tx.execute(insert(_table), rows)
        return
    upsert = sqlite.insert if tx.get_bind().dialect.name == "sqlite" else postgresql.insert
    for row in rows:
        tx.execute(upsert(_table).values(**row).on_conflict_do_nothing(index_elements=["key"]))


def claim(tx: Tx, platform: str, busy: Sequence[str], now: datetime, most: int) -> list[Outbox]:
    """Take what is due for a platform, the oldest of each place, and mark it ``sending``.

    ``busy`` are places with a delivery under way; a place with an earlier row that is not due
    yet waits, so that the order within a place holds.
    """
    locking = tx.get_bind().dialect.name == "postgresql"
    asked = {"platform": platform, "now": now, "busy": list(busy), "most": most}
    rows = list(tx.execute(_CLAIM_LOCKED if locking else _CLAIM, asked).scalars())
    for row in rows:
        row.state = "sending"
        row.attempts += 1
    return rows


def settle(
    tx: Tx, id: int, state: str, *, message: str | None = None, error: str | None = None
) -> None:
    """Record what became of a delivery; of what was sent, the content is dropped."""
    values: dict[str, Any] = {"state": state, "message": message, "error": error}
    if state == "sent":
        values |= {"content": {}, "data": None}
    tx.execute(update(_table).where(_table.c.id == id).values(**values))


def again(tx: Tx, id: int, due_at: datetime, error: str) -> None:
    """Put a delivery that was refused before it was sent back into the queue."""
    tx.execute(
        update(_table).where(_table.c.id == id).values(state="queued", due_at=due_at, error=error)
    )


def next_due(tx: Tx, platform: str) -> datetime | None:
    """When the next queued row of a platform is due."""
    return tx.execute(_NEXT_DUE, {"platform": platform}).scalar_one_or_none()


def unpin(tx: Tx, kind: str, id: int) -> None:
    """What waits to be pinned is over: copies of this live card are sent without."""
    waiting = tx.execute(select(Outbox).where(_WAITING, _table.c.kind == "board")).scalars()
    for row in waiting:
        content = row.content
        if content["pin"] and (content["kind"], content["id"]) == (kind, id):
            row.content = {**content, "pin": False}


def is_pinned(tx: Tx, id: int) -> bool:
    """Whether what is delivered now is still to be pinned."""
    content = tx.execute(select(_table.c.content).where(_table.c.id == id)).scalar_one_or_none()
    return bool(content and content.get("pin"))


def interrupted(tx: Tx, platform: str, repeatable: Sequence[str] | None) -> Sequence[Outbox]:
    """After a crash: queue again what was left in ``sending``, as far as it may be repeated.

    ``repeatable`` are the kinds that may be sent again (None: all of them, because the platform
    recognises a repeated one). The others are returned, oldest first, to be settled as
    ``unknown``: they are never repeated.
    """
    left = _table.c.platform == platform, _table.c.state == "sending"
    if repeatable is None:
        tx.execute(update(_table).where(*left).values(state="queued"))
        return []
    if repeatable:
        tx.execute(
            update(_table).where(*left, _table.c.kind.in_(repeatable)).values(state="queued")
        )
    return list(tx.execute(select(Outbox).where(*left).order_by(_table.c.id)).scalars())


def counts(tx: Tx) -> dict[str, int]:
    """How many rows are in which state."""
    rows = tx.execute(select(_table.c.state, func.count().label("number")).group_by(_table.c.state))
    return {row.state: row.number for row in rows}


def is_personal(tx: Tx, id: int) -> bool:
    """Whether a row says something to one person."""
    asked = select(_table.c.person_id).where(_table.c.id == id)
    return tx.execute(asked).scalar_one_or_none() is not None


def close_place(tx: Tx, platform: str, place: str, reason: str) -> None:
    """Others read here from now on: what waits to be said to one person fails with ``reason``."""
    tx.execute(
        update(_table)
        .where(
            _table.c.platform == platform,
            _table.c.place == place,
            _table.c.state == "queued",
            _table.c.person_id.is_not(None),
            _table.c.kind.not_in(("enter", "leave")),
        )
        .values(state="failed", error=reason, content={}, data=None)
    )


def move(tx: Tx, platform: str, old: str, new: str) -> None:
    """Follow a place to its new id for everything not yet sent."""
    tx.execute(
        update(_table)
        .where(_table.c.platform == platform, _table.c.place == old, _table.c.state == "queued")
        .values(place=new)
    )
