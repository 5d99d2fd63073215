"""The buttons of what follows an election."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action


@action("eo")
@dataclass(frozen=True)
class OpenRunOff(Action):
    """Coordination: open the run-off of an election (a dialog)."""

    poll: int


@action("ea")
@dataclass(frozen=True)
class AnnounceLot(Action):
    """Coordination: announce from what a lot will be drawn (a dialog)."""

    poll: int


@action("ed")
@dataclass(frozen=True)
class DrawLot(Action):
    """Coordination: enter what became known; draws the lot (a dialog)."""

    poll: int
