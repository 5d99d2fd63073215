"""Groups and rooms that are bound to a body."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from storage import people
from storage.db import Tx
from storage.models import Body, Channel

_body: Any = Body.__table__  # type: ignore[attr-defined]


def body(tx: Tx, body_id: int, municipality_id: int) -> Body | None:
    """A body of this municipality; another's is as good as none."""
    return tx.execute(
        select(Body).where(_body.c.id == body_id, _body.c.municipality_id == municipality_id)
    ).scalar_one_or_none()


def bind(tx: Tx, body: Body, platform: str, external_id: str, title: str, now: datetime) -> Channel:
    """Bind a place to a body; a binding to another body of the same municipality is changed.

    Raises LookupError if the place belongs to another municipality.
    """
    channel = people.channel_at(tx, platform, external_id)
    if channel is None:
        channel = Channel(
            municipality_id=body.municipality_id,
            body_id=body.id,
            platform=platform,
            external_id=external_id,
            bound_at=now,
        )
        tx.add(channel)
    elif channel.municipality_id != body.municipality_id:
        raise LookupError("the place is bound by another municipality")
    channel.body_id, channel.bound_at, channel.lost_at = body.id, now, None
    channel.title = {"de": title} if title else dict(body.name)
    tx.flush()
    return channel


def lost(tx: Tx, channel: Channel, now: datetime) -> bool:
    """The bot was removed from a channel; returns whether that is news."""
    if channel.lost_at is not None:
        return False
    channel.lost_at = now
    return True
