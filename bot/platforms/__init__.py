"""The small protocol that every platform adapter speaks.

An adapter turns what happens into inbox rows, reads such a row as an event, and delivers cards
and files. It knows its platform's limits and errors, and nothing of the features.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from bot.text import Reader
from handlers.chat import (
    Board,
    Capabilities,
    Card,
    Event,
    Text,
)
from handlers.tasks import Task
from storage.inbox import Arrival, Waiting

Receive = Callable[[str, Iterable[Arrival]], Awaitable[int]]
"""``await receive(platform, arrivals)``: commits them to the inbox; then they may be forgotten."""


class Unreadable(Exception):
    """A stored event that this adapter cannot make sense of: it is quarantined.

    The message is shown by ``doctor`` and must hold nothing of what people wrote.
    """


@dataclass(frozen=True, slots=True)
class File:
    """A file to be sent."""

    name: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to deliver at a place. ``id`` is the outbox row's and never used for another.

    kind: ``card`` (new message), ``edit`` (``message`` is the one to change), ``file``,
    ``enter`` / ``leave`` (the place itself), ``task`` / ``poll`` (``task`` says what; a poll is
    the platform's own and not repeatable where messages are not).
    """

    id: int
    kind: str
    place: str
    reader: Reader
    card: Card | None = None
    message: str | None = None
    file: File | None = None
    pin: bool = False
    unpin: bool = False
    """Whether an ``edit`` also unpins the message; that it may not is no failure."""
    thread: str | None = None
    """The thread or topic of the place that it belongs into."""
    task: Task | None = None
    board: Board | None = None
    """The live card that ``card`` was drawn from: the web chat keeps this, not the content."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """Done. ``message`` is the platform's reference of the new message, or what a task made.

    ``told`` is what else the platform said to a task (``handlers.chat.Task``): JSON.
    """

    message: str | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Retry:
    """Refused before it was sent (429, no connection): try again after a while."""

    after: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Refused for good. ``gone``: the message or chat is no longer there or closed to the bot."""

    reason: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """The place has a new id: everything waiting goes there, this delivery first."""

    new_id: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been sent: never repeated blindly."""

    reason: str


Outcome = Delivered | Retry | Failed | Moved | Unknown


class Platform(Protocol):
    """A body of the bot on one platform."""

    name: str
    capabilities: Capabilities
    repeatable: tuple[str, ...] | None
    """Kinds of delivery that do no harm when repeated after a crash; None: all of them."""
    caught_up: asyncio.Event
    """Set once everything that waited at the platform at start has reached the inbox."""

    def read(self, waiting: Waiting) -> Event | None:
        """The event in an inbox row; None if it means nothing to us; raises Unreadable."""

    async def run(self, receive: Receive) -> None:
        """Receive until cancelled; survives the platform's outages by itself."""

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Deliver one thing within the platform's limits."""

    async def fetch(self, ref: str) -> bytes:
        """The bytes of a file that was sent (``Sent.ref``); raises what says why it cannot."""

    async def toast(self, event: Event, text: Text | None, reader: Reader) -> None:
        """Acknowledge a press, with a short private text if there is one. May fail silently."""

    async def offer(self, place: str, language: str, commands: Sequence[tuple[str, str]]) -> None:
        """Show these commands (word, what it does) in the menu of a direct chat, if it has one."""

    async def close(self) -> None:
        """End connections."""
