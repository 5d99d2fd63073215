"""What can be done at a platform besides saying something; part of the vocabulary.

A task is plain values, without words or rows; ``handlers.chat.Do`` asks for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class Task:
    """Something to be done at a platform besides saying something: plain values, no words."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class MakeRoom(Task):
    """Create a room (or a space) – once for each ``alias``. Done: ``ref`` is its id.

    ``inside``: the space that it belongs to, whose members may come in by themselves.
    ``listed_in``: the space that shows it to those who are in it; everybody else is invited.
    ``quiet``: only those with a level of 50 and more write. ``levels``: account to power level.
    """

    alias: str
    title: str
    topic: str
    space: bool = False
    encrypted: bool = True
    inside: str | None = None
    quiet: bool = False
    levels: Mapping[str, int] = field(default_factory=dict)
    listed_in: str | None = None


@dataclass(frozen=True, slots=True)
class Furnish(Task):
    """Set a channel's title, description and levels, as far as they are other ones now.

    ``told["missing"]`` names what the bot may not change here.
    """

    title: str
    topic: str
    levels: Mapping[str, int] = field(default_factory=dict)
    inside: str | None = None
    quiet: bool = False
    listed_in: str | None = None


@dataclass(frozen=True, slots=True)
class Inspect(Task):
    """Look which rights the bot has in a channel and, where it can be known, who is in it.

    ``told``: ``rights`` (name to bool), ``members`` (account id to ``{"name", "state"}``, state
    ``joined`` | ``invited``; absent where the platform does not say), ``title``, ``public`` (may
    anybody find and read it), ``topics`` (Telegram: is it a forum), ``encrypted``.
    ``accounts``: those to be asked about where members cannot be listed.
    """

    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BringIn(Task):
    """Invite an account into a channel (Matrix), or see that it is not shut out (Telegram)."""

    account: str


@dataclass(frozen=True, slots=True)
class PutOut(Task):
    """Remove an account from a channel; it may be invited again later."""

    account: str


@dataclass(frozen=True, slots=True)
class Admit(Task):
    """Answer an account's wish to come in (``MembershipChanged("asked")``)."""

    account: str
    yes: bool


@dataclass(frozen=True, slots=True)
class MakeLink(Task):
    """Make a link by which people ask to come in. Done: ``ref`` is the link."""

    name: str


@dataclass(frozen=True, slots=True)
class TagMember(Task):
    """Show a short word beside a member's name, where the platform can (Telegram, up to 16)."""

    account: str
    tag: str


@dataclass(frozen=True, slots=True)
class MakeTopic(Task):
    """Make a topic in a forum (Telegram). Done: ``ref`` is its thread."""

    name: str


@dataclass(frozen=True, slots=True)
class AskNatively(Task):
    """Send a poll of the platform's own: up to 12 options, known voters, answers changeable.

    Done: ``ref`` is the message, ``told["poll"]`` the id that ``NativeVote`` will name.
    """

    question: str
    options: tuple[str, ...]
    several: bool = False


@dataclass(frozen=True, slots=True)
class EndNatively(Task):
    """End a poll of the platform's own."""

    message: str


TASKS: tuple[type[Task], ...] = (
    MakeRoom, Furnish, Inspect, BringIn, PutOut, Admit, MakeLink, TagMember, MakeTopic,
    AskNatively, EndNatively,
)  # fmt: skip
