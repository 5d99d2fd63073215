"""The buttons of channels, and what is asked of platforms for them.

``at`` is when a row about an account began to be so, in seconds: numbers of deleted rows may
come again, together with their time they do not.
"""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action, pack


@action("kb")
@dataclass(frozen=True)
class Bind(Action):
    """Bind this place to a body; asks back before another binding is changed, unless ``sure``."""

    body: int
    sure: bool


@action("ka")
@dataclass(frozen=True)
class BindAs(Action):
    """Make this place the municipality's channel for ``announcements`` or its ``network``."""

    kind: str
    sure: bool


@action("kk")
@dataclass(frozen=True)
class Keep(Action):
    """Leave the binding as it is."""


@action("kc")
@dataclass(frozen=True)
class Compare(Action):
    """Roster or channels have changed, or it is night: see who should be where."""

    municipality: int


def comparison(municipality: int) -> tuple[str, str]:
    """Key and action of the timer that has a municipality's channels compared."""
    return f"channels:{municipality}", pack(Compare(municipality))


# --- looking -------------------------------------------------------------------------------


@action("kl")
@dataclass(frozen=True)
class ShowChannel(Action):
    """Coordination: everything about one channel."""

    channel: int


@action("kx")
@dataclass(frozen=True)
class CheckChannel(Action):
    """Coordination: look at rights and members now."""

    channel: int


@action("kp")
@dataclass(frozen=True)
class Confide(Action):
    """Coordination: the channel is public, or closed."""

    channel: int
    public: bool
    sure: bool


@action("kr")
@dataclass(frozen=True)
class Release(Action):
    """Coordination: the channel is none of the bot's any more."""

    channel: int
    sure: bool


# --- making rooms --------------------------------------------------------------------------


@action("kg")
@dataclass(frozen=True)
class AskRooms(Action):
    """Coordination: what making rooms would do. ``network``: the one for all municipalities."""

    network: bool


@action("km")
@dataclass(frozen=True)
class MakeRooms(Action):
    """Coordination: make the rooms that are missing."""

    network: bool
    encrypted: bool


# --- settling differences ------------------------------------------------------------------


@action("kd")
@dataclass(frozen=True)
class ShowDifference(Action):
    """Coordination: one account that should not be there, or should."""

    channel_member: int
    at: int


@action("ks")
@dataclass(frozen=True)
class Settle(Action):
    """Coordination settles it: ``remove``, ``let_be``, ``bring``, ``admit`` or ``decline``."""

    channel_member: int
    at: int
    way: str


# --- what became of tasks ------------------------------------------------------------------


@action("kw")
@dataclass(frozen=True)
class Inspected(Action):
    """The bot looked. ``person``: who wants to hear of it (0: nobody), ``since``: seconds.

    ``closed``: the person wants the channel to be a closed one.
    """

    channel: int
    since: int
    person: int
    closed: bool


@action("ki")
@dataclass(frozen=True)
class Brought(Action):
    """An account was invited."""

    channel_member: int
    at: int


@action("ko")
@dataclass(frozen=True)
class Removed(Action):
    """An account was removed. ``person``: who of coordination had it done (0: the roster).

    ``again``: nobody knows what became of the first time.
    """

    channel_member: int
    at: int
    person: int
    again: bool


@action("ke")
@dataclass(frozen=True)
class Admitted(Action):
    """Somebody who wanted to come in was answered. ``person``: who decided (0: the roster)."""

    channel_member: int
    at: int
    yes: bool
    person: int


@action("kf")
@dataclass(frozen=True)
class Furnished(Action):
    """Title, topic and levels were set."""

    channel: int


@action("kj")
@dataclass(frozen=True)
class LinkMade(Action):
    """There is a link by which people ask to come in."""

    channel: int


@action("kt")
@dataclass(frozen=True)
class TopicMade(Action):
    """There is a topic in a forum for this."""

    channel: int
    what: str


@action("kh")
@dataclass(frozen=True)
class RoomMade(Action):
    """A room was made, for this body or purpose."""

    what: str
