"""The button and the timers of reminders."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action


@action("vr")
@dataclass(frozen=True)
class Remind(Action):
    """A time: remind those who have not voted, ``hours`` before the deadline."""

    poll: int
    hours: int


@action("vn")
@dataclass(frozen=True)
class RemindNow(Action):
    """Coordination: remind those who have not voted now."""

    poll: int
