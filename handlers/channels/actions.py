"""The buttons of binding a group or room to a body."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action


@action("kb")
@dataclass(frozen=True)
class Bind(Action):
    """Bind this place to a body; asks back before another binding is changed, unless ``sure``."""

    body: int
    sure: bool


@action("kk")
@dataclass(frozen=True)
class Keep(Action):
    """Leave the binding as it is."""
