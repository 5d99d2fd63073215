"""What the audit log and the web chat's devices keep of a person."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from storage.db import Tx
from storage.models import AuditEvent, WebSession
from storage.traces import Kept, Row, Traces

_event: Any = AuditEvent.__table__  # type: ignore[attr-defined]
_session: Any = WebSession.__table__  # type: ignore[attr-defined]


def _events(tx: Tx, whose: Traces) -> list[AuditEvent]:
    """Events by or about the person, and those whose details name them."""
    rows = tx.execute(
        select(AuditEvent)
        .where(_event.c.municipality_id == whose.person.municipality_id)
        .order_by(_event.c.id)
    ).scalars()
    me, called = whose.person.id, _called(whose)
    return [e for e in rows if me in (e.actor_id, e.subject_id) or _names(e.details, called)]


def _called(whose: Traces) -> frozenset[str]:
    return frozenset({whose.person.key, *whose.person.name.values()})


def _names(value: Any, called: Collection[str]) -> bool:
    return bool(_without(value, called) != value)


def _without(value: Any, called: Collection[str]) -> Any:
    """The same JSON without a word that the person is called by."""
    if isinstance(value, str):
        return "" if value in called else value
    if isinstance(value, dict):
        return {
            name: _without(inner, called) for name, inner in value.items() if name not in called
        }
    if isinstance(value, list):
        return [_without(inner, called) for inner in value]
    return value


def _event_rows(tx: Tx, whose: Traces) -> list[Row]:
    """Events without what they say of others: details only of those about the person."""
    me = whose.person.id
    return [
        {
            "at": event.at,
            "action": event.action,
            "by_me": event.actor_id == me,
            "details": event.details if event.subject_id == me else None,
        }
        for event in _events(tx, whose)
    ]


def _forget_events(tx: Tx, whose: Traces, now: datetime) -> None:
    """That something was changed stays; what it said of the person goes, and the way back."""
    for event in _events(tx, whose):
        mine = event.subject_id == whose.person.id
        if mine or _names(event.details, _called(whose)):
            event.details = {} if mine else _without(event.details, _called(whose))
            event.undone_at = event.undone_at or now
    tx.flush()


def _session_rows(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(
        select(WebSession).where(_session.c.person_id == whose.person.id).order_by(_session.c.id)
    ).scalars()
    return [
        {"account": s.account, "at": s.created_at, "used_at": s.used_at, "until": s.expires_at}
        for s in rows
    ]


def _drop_sessions(tx: Tx, whose: Traces, now: datetime) -> None:
    tx.execute(delete(_session).where(_session.c.person_id == whose.person.id))


KEPT = (
    Kept("web_session", "privacy.of_devices", _session_rows, _drop_sessions),
    Kept(
        "audit_event",
        "privacy.of_audit",
        _event_rows,
        _forget_events,
        stays="privacy.stays_audit",
    ),
)
