"""Who changed what: the audit log of a municipality. Nothing of what anybody voted is in it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from storage.models.base import json, key, moment, ref


class AuditEvent(SQLModel, table=True):
    """One change, with what it took to make it undone."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("audit_event_of_town", "municipality_id", "id"),)
    id: int = key()
    municipality_id: int = ref("municipality.id")
    at: datetime = moment()
    actor_id: int | None = ref("person.id", nullable=True)
    """Who did it; None: somebody at the machine, or the bot itself."""
    action: str
    """``added`` | ``changed`` | ``ended`` | ``imported`` | ``undone`` (the roster's) |
    ``invited`` | ``revoked`` | ``unlinked`` (accounts) | ``brought_in`` | ``put_out`` |
    ``let_in`` | ``turned_away`` (channels; ``details["channel"]`` is the title)."""
    subject_id: int | None = ref("person.id", nullable=True)
    """Whom it is about; None: several."""
    details: dict[str, Any] = json()
    undone_at: datetime | None = moment(nullable=True)
