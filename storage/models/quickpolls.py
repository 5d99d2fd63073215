"""Quick polls: a question to a body, answered in native polls and in the web chat."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.models.base import json, key, moment, ref


class QuickPoll(SQLModel, table=True):
    """A question with its answers; always open, always a straw poll."""

    __tablename__ = "quick_poll"
    id: int = key()
    municipality_id: int = ref("municipality.id", index=True)
    body_id: int = ref("body.id")
    question: str
    options: list[str] = json(list)
    opened_by: int | None = ref("person.id", nullable=True)
    opened_at: datetime = moment()
    closes_at: datetime = moment()
    closed_at: datetime | None = moment(nullable=True)
    counts: list[int] | None = json(lambda: None)
    """Frozen at the close: how many chose each option."""


class NativePoll(SQLModel, table=True):
    """A quick poll as a platform's own poll in a channel."""

    __tablename__ = "native_poll"
    __table_args__ = (UniqueConstraint("quick_poll_id", "channel_id"),)
    id: int = key()
    municipality_id: int = ref("municipality.id")
    quick_poll_id: int = ref("quick_poll.id")
    channel_id: int = ref("channel.id")
    foreign_id: str | None = Field(default=None, index=True)
    """The platform's id of it; None until it stands there, and where there is none."""
    message: str | None = None
    card: bool = False
    """Whether a card with buttons stands there in its place."""


class QuickVote(SQLModel, table=True):
    """A person's answer, wherever it was given last."""

    __tablename__ = "quick_vote"
    quick_poll_id: int = ref("quick_poll.id", primary=True)
    person_id: int = ref("person.id", primary=True)
    municipality_id: int = ref("municipality.id")
    option: int
    """Position in the options, from 0."""
    native_poll_id: int | None = ref("native_poll.id", nullable=True)
    """Where it was given; None: by a button of the bot's own."""
