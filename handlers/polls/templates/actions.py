"""The buttons of templates and series."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action


@action("vt")
@dataclass(frozen=True)
class Templates(Action):
    """Coordination: what polls can be prepared from."""


@action("vu")
@dataclass(frozen=True)
class UseTemplate(Action):
    """Coordination: prepare a poll from a template."""

    template: int


@action("vd")
@dataclass(frozen=True)
class DropTemplate(Action):
    """Coordination: delete a template; asks back unless ``sure``."""

    template: int
    sure: bool


@action("vk")
@dataclass(frozen=True)
class KeepPlan(Action):
    """Coordination: keep the poll that is being prepared as a template."""


@action("vs")
@dataclass(frozen=True)
class KeepPoll(Action):
    """Coordination: keep a poll as a template."""

    poll: int


@action("vf")
@dataclass(frozen=True)
class BeginSeries(Action):
    """Coordination: prepare a poll for each field of action in one go."""


@action("vb")
@dataclass(frozen=True)
class OpenSeries(Action):
    """Have the next of one's ballots of a series sent into the direct chat."""

    series: int


@action("ve")
@dataclass(frozen=True)
class ShowSeries(Action):
    """Show the results of a series here."""

    series: int


@action("vc")
@dataclass(frozen=True)
class CloseSeries(Action):
    """Coordination: close all polls of a series now; asks back unless ``sure``."""

    series: int
    sure: bool


@action("va")
@dataclass(frozen=True)
class FromAnswers(Action):
    """Coordination: make the answers to a question the options of a poll."""

    poll: int


@action("vz")
@dataclass(frozen=True)
class SecondReading(Action):
    """Coordination: vote again on a motion that failed for its quorum."""

    poll: int
