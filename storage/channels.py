"""Groups and rooms of a municipality: which body they are for, and what the bot may do there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from storage import people, remembered
from storage.db import Tx
from storage.models import Body, Channel, ChannelMember, Municipality

_body: Any = Body.__table__  # type: ignore[attr-defined]
_channel: Any = Channel.__table__  # type: ignore[attr-defined]
_member: Any = ChannelMember.__table__  # type: ignore[attr-defined]

_NOTES = "channels"
"""Under which it is remembered how far the making of rooms is, and the bot's addresses."""


def body(tx: Tx, body_id: int | None, municipality_id: int) -> Body | None:
    """A body of this municipality; another's is as good as none."""
    return tx.execute(
        select(Body).where(_body.c.id == body_id, _body.c.municipality_id == municipality_id)
    ).scalar_one_or_none()


def get(tx: Tx, channel_id: int, municipality_id: int) -> Channel | None:
    """A channel of this municipality that the bot is in; another's is as good as none."""
    return tx.execute(
        select(Channel).where(
            _channel.c.id == channel_id,
            _channel.c.municipality_id == municipality_id,
            _channel.c.lost_at.is_(None),
        )
    ).scalar_one_or_none()


def of_town(tx: Tx, municipality_id: int) -> list[Channel]:
    """The channels that the bot is in."""
    return list(
        tx.execute(
            select(Channel)
            .where(_channel.c.municipality_id == municipality_id, _channel.c.lost_at.is_(None))
            .order_by(_channel.c.id)
        ).scalars()
    )


# --- binding -------------------------------------------------------------------------------


def adopt(
    tx: Tx,
    municipality_id: int,
    kind: str,
    body: Body | None,
    platform: str,
    external_id: str,
    title: str | Mapping[str, str],
    now: datetime,
    *,
    made: bool = False,
) -> Channel:
    """Make a place a channel of this kind; ``made``: the bot has just created it.

    Raises LookupError if the place belongs to another municipality.
    """
    channel = people.channel_at(tx, platform, external_id)
    if channel is None:
        channel = Channel(
            municipality_id=municipality_id,
            platform=platform,
            external_id=external_id,
            bound_at=now,
            made=made,
        )
        tx.add(channel)
    elif channel.municipality_id != municipality_id:
        raise LookupError("the place is bound by another municipality")
    channel.kind, channel.body_id = kind, body.id if body is not None else None
    channel.bound_at, channel.lost_at, channel.furnished = now, None, None
    channel.missing, channel.topics = [], dict(channel.topics or {})
    channel.title = {"de": title} if isinstance(title, str) else dict(title)
    tx.flush()
    return channel


def lost(tx: Tx, channel: Channel, now: datetime) -> bool:
    """The bot was removed from a channel; returns whether that is news."""
    if channel.lost_at is not None:
        return False
    release(tx, channel, now)
    return True


def release(tx: Tx, channel: Channel, now: datetime) -> None:
    """The channel gets nothing any more, and who is in it is nobody's business."""
    channel.lost_at = now
    note_denied(tx, channel.id, set())
    tx.execute(delete(_member).where(_member.c.channel_id == channel.id))
    tx.flush()


# --- making rooms --------------------------------------------------------------------------


def making(tx: Tx, municipality_id: int) -> dict[str, Any] | None:
    """How far the making of rooms is; None where no platform can have it done."""
    kept = remembered.get(tx, _NOTES, f"making:{municipality_id}")
    return json.loads(kept) if kept else None


def note_making(tx: Tx, municipality_id: int, state: Mapping[str, Any]) -> None:
    """Remember how far it is."""
    remembered.put(tx, _NOTES, f"making:{municipality_id}", json.dumps(dict(state)))


def addresses(tx: Tx) -> dict[str, str]:
    """Addresses that open a direct chat with the bot, by platform."""
    kept = remembered.get(tx, _NOTES, "addresses")
    return dict(json.loads(kept)) if kept else {}


def note_addresses(tx: Tx, links: Mapping[str, str]) -> None:
    """Remember them for cards that are drawn later."""
    remembered.put(tx, _NOTES, "addresses", json.dumps(dict(links)))


def denied(tx: Tx, channel_id: int) -> set[str]:
    """Rights for want of which something failed, whatever the platform says about them."""
    return set((remembered.get(tx, _NOTES, f"denied:{channel_id}") or "").split())


def note_denied(tx: Tx, channel_id: int, rights: set[str]) -> None:
    """Remember them."""
    name = f"denied:{channel_id}"
    if rights:
        remembered.put(tx, _NOTES, name, " ".join(sorted(rights)))
    else:
        remembered.drop(tx, _NOTES, name)


def removes_without_asking(town: Municipality) -> Mapping[str, bool] | bool | None:
    """The municipality's own rule for people whose membership ended, if it has one."""
    rule: Mapping[str, bool] | bool | None = town.rules.get("remove_without_asking")
    return rule
