"""Times at which something is to happen, as rows: they outlive the process."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from storage import inbox
from storage.db import Tx
from storage.models import Timer

_table: Any = Timer.__table__  # type: ignore[attr-defined]


def put(
    tx: Tx, key: str, action: str, due_at: datetime, municipality_id: int | None = None
) -> None:
    """Have ``action`` (packed) happen at ``due_at``; a timer of the same key is replaced."""
    insert = sqlite.insert if tx.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = {"action": action, "due_at": due_at, "municipality_id": municipality_id}
    tx.execute(
        insert(_table)
        .values(key=key, **values)
        .on_conflict_do_update(index_elements=["key"], set_=values)
    )


def drop(tx: Tx, key: str) -> None:
    """Forget a timer."""
    tx.execute(delete(_table).where(_table.c.key == key))


def is_set(tx: Tx, key: str) -> bool:
    """Whether a timer of this key is waiting."""
    return tx.execute(select(_table.c.id).where(_table.c.key == key)).first() is not None


def next_due(tx: Tx) -> datetime | None:
    """When the next timer is due."""
    return tx.execute(select(func.min(_table.c.due_at))).scalar_one_or_none()


def fire(tx: Tx, now: datetime) -> int:
    """Turn what is due into inbox events; a timer and its event change hands in one transaction."""
    statement = select(Timer).where(_table.c.due_at <= now).order_by(_table.c.due_at)
    if tx.get_bind().dialect.name == "postgresql":
        statement = statement.with_for_update(skip_locked=True)
    due = list(tx.execute(statement).scalars())
    for timer in due:
        payload = f'{{"action": "{timer.action}", "due_at": "{timer.due_at.isoformat()}"}}'
        arrival = inbox.Arrival(f"{timer.key}@{timer.due_at.isoformat()}", timer.key, payload)
        inbox.put(tx, "timer", [arrival], now)
        tx.delete(timer)
    return len(due)
