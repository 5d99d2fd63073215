"""The buttons of recording a ballot."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action


@action("bR")
@dataclass(frozen=True)
class Record(Action):
    """Coordination: record a ballot given on paper or by phone (a dialog)."""

    poll: int


@action("bv")
@dataclass(frozen=True)
class Mark(Action):
    """A tap on the ballot that is recorded; the rest means what it means in ``Vote``."""

    recording: int
    option: int
    part: int
    value: int


@action("bx")
@dataclass(frozen=True)
class MarkWritten(Action):
    """Give a written answer on the ballot that is recorded."""

    recording: int
    part: int


@action("bp")
@dataclass(frozen=True)
class MarkPage(Action):
    """Another page of the ballot that is recorded."""

    recording: int
    page: int


@action("bs")
@dataclass(frozen=True)
class Submit(Action):
    """Hand it to a second person; shows it for a check first unless ``sure``."""

    recording: int
    sure: bool


@action("bb")
@dataclass(frozen=True)
class BackToBallot(Action):
    """Not yet: show the ballot that is recorded again."""

    recording: int


@action("bc")
@dataclass(frozen=True)
class Confirm(Action):
    """A second person: it is what was given. ``check`` tells what they have read."""

    recording: int
    check: str


@action("bw")
@dataclass(frozen=True)
class TakeBack(Action):
    """Take back what was recorded, confirmed or not; asks back unless ``sure``."""

    recording: int
    sure: bool
