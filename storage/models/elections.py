"""Elections of persons: a lot that is announced, then drawn."""

from datetime import datetime
from typing import Any

from sqlmodel import SQLModel

from storage.models.base import json, moment, ref


class LotDrawing(SQLModel, table=True):
    """A drawing of lots that follows an election; the election's own result stays as frozen."""

    __tablename__ = "lot_drawing"
    poll_id: int = ref("poll.id", primary=True)
    municipality_id: int = ref("municipality.id")
    announced: str
    """From what it will be drawn: something public that nobody knew at that time."""
    announced_at: datetime = moment()
    announced_by: int | None = ref("person.id", nullable=True)
    drawn: str | None = None
    """What became known, as coordination entered it."""
    drawn_at: datetime | None = moment(nullable=True)
    drawn_by: int | None = ref("person.id", nullable=True)
    outcome: dict[str, Any] | None = json(lambda: None)
    """``seed``, ``tickets`` (number, option, digest; the first drawn first) and ``chosen``."""
    digest: str | None = None
    """Check sum of the drawing and of the result that it belongs to."""
