"""What is not needed any longer is dropped, in whatever municipality; see ``docs/operators.md``.

Periods that a municipality sets itself are in ``storage.retention``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, update

from storage import dialogs, inbox, web_access, webchat
from storage.db import Tx
from storage.models import Account, CodeTrial, Inbox, Outbox, Posted, WebMessage
from storage.personal_chats import drop_deliveries

EVENTS = timedelta(days=7)
"""Handled events: only their keys are left, so that a repeated one is recognised."""

QUARANTINED = timedelta(days=30)
"""Events that could not be read, with what they hold: time enough for ``doctor`` to be read."""
DIALOGS = timedelta(days=2)
UNDELIVERED = timedelta(days=7)
"""What was to be said where it could not be delivered, or may not have been."""
STRANGERS = timedelta(days=1)
"""What was said to somebody who belongs to no municipality here."""
TRIALS = timedelta(days=1)

_inbox: Any = Inbox.__table__  # type: ignore[attr-defined]
_posted: Any = Posted.__table__  # type: ignore[attr-defined]
_web: Any = WebMessage.__table__  # type: ignore[attr-defined]
_outbox: Any = Outbox.__table__  # type: ignore[attr-defined]
_trial: Any = CodeTrial.__table__  # type: ignore[attr-defined]
_account: Any = Account.__table__  # type: ignore[attr-defined]


def tidy(tx: Tx, now: datetime) -> int:
    """Drop what is older than its period; returns how many rows went."""
    dropped = inbox.forget(tx, now - EVENTS) + dialogs.forget(tx, now - DIALOGS)
    dropped += web_access.forget(tx, now)
    over = _outbox.c.state.in_(("sent", "failed", "unknown"))
    unknown_people = _outbox.c.municipality_id.is_(None)
    tx.execute(
        update(_outbox)
        .where(over, _outbox.c.created_at < now - UNDELIVERED)
        .values(content={}, data=None)
    )
    strangers = unknown_people, _outbox.c.created_at < now - STRANGERS
    dropped += drop_deliveries(tx, over, *strangers)
    dropped += webchat.drop(tx, _web.c.municipality_id.is_(None), _web.c.at < now - STRANGERS)
    reached = exists().where(
        _account.c.person_id == _posted.c.person_id,
        _account.c.platform == _posted.c.platform,
    )
    for statement in (
        delete(_inbox).where(
            _inbox.c.state == inbox.QUARANTINED, _inbox.c.received_at < now - QUARANTINED
        ),
        delete(_posted).where(_posted.c.municipality_id.is_(None)),
        # Cards for somebody who has no account there any more.
        delete(_posted).where(_posted.c.person_id.is_not(None), ~reached),
        delete(_trial).where(_trial.c.last_at < now - TRIALS),
    ):
        dropped += tx.execute(statement).rowcount  # type: ignore[attr-defined]
    return dropped
