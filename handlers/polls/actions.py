"""The buttons of polls."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action


@action("pv")
@dataclass(frozen=True)
class Vote(Action):
    """A tap on an option of a ballot. ``entry`` is the person's line on the voter roll."""

    entry: int
    option: int


@action("pw")
@dataclass(frozen=True)
class WithdrawBallot(Action):
    """Take the ballot out of the box again."""

    entry: int


@action("pp")
@dataclass(frozen=True)
class TurnPage(Action):
    """Another page of a ballot with many options."""

    entry: int
    page: int


@action("po")
@dataclass(frozen=True)
class OpenBallot(Action):
    """Have one's ballot sent into the direct chat."""

    poll: int


@action("pr")
@dataclass(frozen=True)
class ShowResult(Action):
    """Show the result of a closed poll here."""

    poll: int


@action("pt")
@dataclass(frozen=True)
class AsTable(Action):
    """Send the whole result of a closed poll as a table."""

    poll: int


@action("pm")
@dataclass(frozen=True)
class Manage(Action):
    """Coordination: what can be done with a running poll."""

    poll: int


@action("pc")
@dataclass(frozen=True)
class Close(Action):
    """Coordination: close a poll now; asks back unless ``sure``."""

    poll: int
    sure: bool


@action("pn")
@dataclass(frozen=True)
class Prepare(Action):
    """Coordination: begin a new poll."""


@action("pd")
@dataclass(frozen=True)
class Deadline(Action):
    """The time at which a poll closes has come (a timer)."""

    poll: int


@action("pa")
@dataclass(frozen=True)
class AllVoted(Action):
    """A while ago the last seat voted, and nobody has changed anything since (a timer)."""

    poll: int
