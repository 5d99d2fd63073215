"""The button of the rules of procedure."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action


@action("vg")
@dataclass(frozen=True)
class ShowProcedure(Action):
    """Coordination: the municipality's rules of procedure."""
