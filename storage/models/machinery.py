"""What the machine needs to lose nothing: inbox, outbox, posted cards, timers, dialogs."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.models.base import Id, json, key, moment, ref


class Inbox(SQLModel, table=True):
    """Everything that happened, stored before it is acknowledged; emptied when handled."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("platform", "key"),
        Index(
            "inbox_waiting",
            "id",
            sqlite_where=text("state = 0"),
            postgresql_where=text("state = 0"),
        ),
    )
    id: int = key()
    platform: str
    key: str
    """The platform's id of the event: what arrives twice is kept once."""
    place: str
    """Events of one place are handled in their order; emptied when handled."""
    payload: str | None = None
    received_at: datetime = moment()
    state: int = 0
    """0 waiting, 1 done, 2 quarantined (could not be read)."""
    error: str | None = None


class Outbox(SQLModel, table=True):
    """Everything to be said, written in the transaction that decided it."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "outbox_waiting",
            "platform",
            "place",
            "id",
            sqlite_where=text("state IN ('queued', 'sending')"),
            postgresql_where=text("state IN ('queued', 'sending')"),
        ),
    )
    id: int = key()
    municipality_id: int | None = ref("municipality.id", nullable=True)
    platform: str
    place: str
    kind: str
    """``card`` | ``board`` | ``replace`` | ``file`` | ``enter`` | ``leave`` | ``task`` | ``poll``
    (a poll of the platform's own)."""
    content: dict[str, Any] = json()
    data: bytes | None = Field(default=None, sa_type=LargeBinary)
    language: str = "de"
    key: str | None = Field(default=None, unique=True)
    """A thing with a key is said once, however often it is asked for."""
    state: str = "queued"
    """``queued`` | ``sending`` | ``sent`` | ``failed`` | ``unknown``."""
    person_id: int | None = ref("person.id", nullable=True)
    created_at: datetime = moment()
    due_at: datetime = moment()
    attempts: int = 0
    message: str | None = None
    error: str | None = None


class Posted(SQLModel, table=True):
    """A card that stands in a chat: its buttons, and for a live one what it shows."""

    __tablename__ = "posted"
    __table_args__ = (
        UniqueConstraint("platform", "place", "message"),
        Index("posted_board", "board_kind", "board_id"),
        Index(
            "posted_stale",
            "platform",
            "stale_at",
            sqlite_where=text("stale_at IS NOT NULL"),
            postgresql_where=text("stale_at IS NOT NULL"),
        ),
    )
    id: int = key()
    municipality_id: int | None = ref("municipality.id", nullable=True)
    platform: str
    place: str
    message: str
    person_id: int | None = ref("person.id", nullable=True)
    language: str = "de"
    board_kind: str | None = None
    board_id: int | None = Field(default=None, sa_type=Id)
    board_viewer: int | None = None
    actions: list[str] = json(list)
    """The packed actions in reading order: what the typed numbers stand for."""
    labels: list[str] = json(list)
    stale_at: datetime | None = moment(nullable=True)
    """Since when what it shows is out of date; never drawn before ``redraw_at``."""
    redraw_at: datetime | None = moment(nullable=True)
    unpin: bool = False
    """Whether it is to be unpinned with its next drawing."""
    gone: bool = False


class Timer(SQLModel, table=True):
    """A time that something is to happen at."""

    __tablename__ = "timer"
    id: int = key()
    municipality_id: int | None = ref("municipality.id", nullable=True)
    key: str = Field(unique=True)
    action: str
    due_at: datetime = moment(index=True)


class Dialog(SQLModel, table=True):
    """Where somebody stands in a multi-step dialog."""

    __tablename__ = "dialog"
    __table_args__ = (UniqueConstraint("platform", "place", "account"),)
    id: int = key()
    municipality_id: int | None = ref("municipality.id", nullable=True)
    person_id: int | None = ref("person.id", nullable=True)
    platform: str
    place: str
    account: str
    form: str
    step: str
    answers: dict[str, Any] = json()
    touched_at: datetime = moment()


class WebMessage(SQLModel, table=True):
    """A message in the web chat, which has no server of its own to keep it.

    A live card keeps only what it shows, never its content, so that a secret ballot leaves no
    choice here.
    """

    __tablename__ = "web_message"
    id: int = key()
    municipality_id: int | None = ref("municipality.id", nullable=True)
    place: str = Field(index=True)
    outbox_id: int | None = Field(default=None, unique=True)
    """Makes a repeated delivery harmless."""
    author: str | None = None
    """The account that wrote it; None: the bot."""
    content: dict[str, Any] | None = json(lambda: None)
    language: str = "de"
    data: bytes | None = Field(default=None, sa_type=LargeBinary)
    at: datetime = moment()
    version: int = Field(default=0, index=True)
    """The number of its last change, counted over all messages."""
    pinned: bool = False


class PlatformState(SQLModel, table=True):
    """What an adapter must remember between two runs (an offset, a sync token)."""

    __tablename__ = "platform_state"
    platform: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    value: str
