"""The audit log: what was changed, by whom, and whether it was taken back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from storage.db import Tx
from storage.models import AuditEvent, Person

_event: Any = AuditEvent.__table__  # type: ignore[attr-defined]
_actor: Any = Person.__table__.alias("actor")  # type: ignore[attr-defined]
_subject: Any = Person.__table__.alias("subject")  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Told:
    """An event with the names of those in it, by language; empty where there is nobody."""

    event: AuditEvent
    actor: Mapping[str, str]
    subject: Mapping[str, str]


def record(
    tx: Tx,
    municipality_id: int,
    at: datetime,
    actor_id: int | None,
    action: str,
    subject_id: int | None,
    details: Mapping[str, Any],
) -> AuditEvent:
    """Add an event."""
    event = AuditEvent(
        municipality_id=municipality_id,
        at=at,
        actor_id=actor_id,
        action=action,
        subject_id=subject_id,
        details=dict(details),
    )
    tx.add(event)
    tx.flush()
    return event


def newest(tx: Tx, municipality_id: int, most: int, skip: int = 0) -> list[Told]:
    """A municipality's events, the newest first."""
    rows = tx.execute(
        select(AuditEvent, _actor.c.name, _subject.c.name)
        .outerjoin(_actor, _actor.c.id == _event.c.actor_id)
        .outerjoin(_subject, _subject.c.id == _event.c.subject_id)
        .where(_event.c.municipality_id == municipality_id)
        .order_by(_event.c.id.desc())
        .offset(skip)
        .limit(most)
    )
    return [Told(event, actor or {}, subject or {}) for event, actor, subject in rows]


def count(tx: Tx, municipality_id: int) -> int:
    """How many events a municipality has."""
    return int(
        tx.execute(
            select(func.count()).where(_event.c.municipality_id == municipality_id)
        ).scalar_one()
    )


def last_standing(tx: Tx, municipality_id: int, actions: Collection[str]) -> AuditEvent | None:
    """The newest event of these actions that was not taken back."""
    return tx.execute(
        select(AuditEvent)
        .where(
            _event.c.municipality_id == municipality_id,
            _event.c.action.in_(actions),
            _event.c.undone_at.is_(None),
        )
        .order_by(_event.c.id.desc())
        .limit(1)
    ).scalar_one_or_none()


def undone(event: AuditEvent, at: datetime) -> None:
    """Mark an event as taken back."""
    event.undone_at = at
