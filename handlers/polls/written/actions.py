"""The button of the written procedure."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action


@action("vo")
@dataclass(frozen=True)
class ObjectToProcedure(Action):
    """A member: I object to the procedure (a dialog)."""

    entry: int
