"""What became of a delivery: recorded in the outbox, and told to whoever asked for a task."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storage import inbox, outbox
from storage.db import Tx
from storage.inbox import Arrival
from storage.models import Outbox


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a delivery; see ``storage.models.machinery.Outbox`` and ``handlers.chat.Done``."""

    state: str
    message: str | None = None
    error: str | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


def record(tx: Tx, row: Outbox, ended: Ended, now: datetime) -> bool:
    """Settle an outbox row; returns whether somebody waits for it (an inbox row was written).

    The row's number is the event's key, so that a task is answered once.
    """
    then = row.content.get("then") if row.kind in ("task", "poll") else None
    outbox.settle(tx, row.id, ended.state, message=ended.message, error=ended.error)
    if then is None:
        return False
    done = {
        "packed": then,
        "state": ended.state,
        "town": row.municipality_id,
        "ref": ended.message,
        "reason": ended.error,
        "told": dict(ended.told),
    }
    place = f"{row.platform}:{row.place}"
    inbox.put(tx, "done", [Arrival(str(row.id), place, json.dumps(done))], now)
    return True
