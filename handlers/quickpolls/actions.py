"""The buttons of quick polls, and what they wait for."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action


@action("qv")
@dataclass(frozen=True)
class Choose(Action):
    """A tap on an answer; the chosen one again takes it back."""

    quick: int
    position: int


@action("qe")
@dataclass(frozen=True)
class End(Action):
    """End a quick poll now."""

    quick: int


@action("qd")
@dataclass(frozen=True)
class QuickDeadline(Action):
    """The time at which a quick poll ends has come (a timer)."""

    quick: int


@action("qp")
@dataclass(frozen=True)
class Asked(Action):
    """What became of a native poll in a channel (``Done``)."""

    native: int
