"""The buttons of polls."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action


@action("pv")
@dataclass(frozen=True)
class Vote(Action):
    """A tap on a ballot. ``entry`` is the person's line on the voter roll.

    ``option`` is 0 where the method has no options; ``part`` (a criterion, a kind of answer) and
    ``value`` mean what the method's ``press`` says.
    """

    entry: int
    option: int
    part: int
    value: int


@action("px")
@dataclass(frozen=True)
class Write(Action):
    """Give a written answer on a ballot (a concern, an objection, an idea)."""

    entry: int
    part: int


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


@action("pf")
@dataclass(frozen=True)
class AsFile(Action):
    """Send the whole result of a closed poll as a file of this format (``xlsx``, ``pdf`` …)."""

    poll: int
    format: str


@action("pu")
@dataclass(frozen=True)
class Opening(Action):
    """The time at which a planned poll opens has come (a timer)."""

    poll: int


@action("pO")
@dataclass(frozen=True)
class OpenNow(Action):
    """Coordination: open a planned poll ahead of its time."""

    poll: int


@action("pC")
@dataclass(frozen=True)
class ConfirmOpening(Action):
    """Coordination: a second person opens a prepared poll."""

    poll: int


@action("pe")
@dataclass(frozen=True)
class Extend(Action):
    """Coordination: put the deadline of a running poll off (a dialog)."""

    poll: int


@action("pk")
@dataclass(frozen=True)
class WithdrawPoll(Action):
    """Coordination: withdraw a poll and delete its ballots (a dialog)."""

    poll: int


@action("pR")
@dataclass(frozen=True)
class Release(Action):
    """Coordination: publish the result of a formal poll."""

    poll: int


@action("pV")
@dataclass(frozen=True)
class VoidResult(Action):
    """Coordination: set a result aside (a dialog)."""

    poll: int


@action("pX")
@dataclass(frozen=True)
class CorrectResult(Action):
    """Coordination: correct a published result in words (a dialog)."""

    poll: int


@action("ps")
@dataclass(frozen=True)
class Seats(Action):
    """Coordination: the seats of a poll, to exclude one for a conflict of interest."""

    poll: int
    page: int


@action("pj")
@dataclass(frozen=True)
class SeatConflicts(Action):
    """Coordination: what one seat is excluded from."""

    poll: int
    seat: int
    page: int


@action("pb")
@dataclass(frozen=True)
class Bar(Action):
    """Coordination: exclude a seat from a poll (option 0) or an option, or admit it again."""

    poll: int
    seat: int
    option: int
    out: bool


@action("pi")
@dataclass(frozen=True)
class Involved(Action):
    """A member: I have a conflict of interest here; asks in what."""

    entry: int
    page: int


@action("pI")
@dataclass(frozen=True)
class Declare(Action):
    """A member: in the whole poll (option 0) or in this option; asks back unless ``sure``."""

    entry: int
    option: int
    sure: bool


@action("pl")
@dataclass(frozen=True)
class ListPolls(Action):
    """Another page of the running polls."""

    page: int


@action("py")
@dataclass(frozen=True)
class MyBallots(Action):
    """My ballots in closed polls, secret ones left out."""
