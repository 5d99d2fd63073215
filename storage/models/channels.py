"""Groups and rooms, and which accounts are in them."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from storage.models.base import json, key, moment, ref


class Channel(SQLModel, table=True):
    """A group or room that belongs to a municipality, as a rule to one of its bodies."""

    __tablename__ = "channel"
    __table_args__ = (UniqueConstraint("platform", "external_id"),)
    id: int = key()
    municipality_id: int = ref("municipality.id")
    kind: str = "body"
    """``body`` | ``announcements`` | ``network`` (of municipalities) | ``space``."""
    body_id: int | None = ref("body.id", index=True, nullable=True)
    """Whose it is; None for every kind but ``body``."""
    platform: str
    external_id: str
    title: dict[str, str] = json()
    confidentiality: str = "closed"
    """``closed`` | ``public``: what is confidential is never posted into a public one."""
    made: bool = False
    """Whether the bot made it (another one was there before and was adopted)."""
    rights: list[str] = json(list)
    """What the bot may do there, as ``handlers.chat.Inspect`` names it."""
    missing: list[str] = json(list)
    """What it may not do and should; coordination was told."""
    furnished: str | None = None
    """Mark of the title, topic and levels that were asked for last."""
    join_link: str | None = None
    """Where people ask to come in (Telegram)."""
    topics: dict[str, str] = json()
    """Threads of a forum by what they are for (Telegram)."""
    bound_at: datetime = moment()
    checked_at: datetime | None = moment(nullable=True)
    """When the bot last looked at its rights and who is there."""
    lost_at: datetime | None = moment(nullable=True)
    """When the bot was removed from it; such a channel gets nothing."""


class ChannelMember(SQLModel, table=True):
    """An account in a channel, or on its way into it or out of it."""

    __tablename__ = "channel_member"
    __table_args__ = (UniqueConstraint("channel_id", "account"),)
    id: int = key()
    municipality_id: int = ref("municipality.id")
    channel_id: int = ref("channel.id")
    account: str
    """The platform's id of it."""
    name: str | None = None
    """What the platform calls it; only of accounts that nobody of the municipality has linked."""
    state: str
    """``joined`` | ``invited`` | ``asked`` (wants to come in) | ``left`` (by themself) |
    ``wanted`` (being brought in) | ``leaving`` (being removed) | ``failed`` (to be brought in)."""
    since: datetime = moment()
    belonged: bool = False
    """Whether the account was once one of those who are to be there."""
    let_be: bool = False
    """Coordination said that it may stay."""
    told_at: datetime | None = moment(nullable=True)
    """When coordination was told that it should not be there, or should."""
    tag: str | None = None
    """The word beside the name that was asked for last (Telegram); ``*``: runs the group."""
