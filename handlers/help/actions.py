"""The buttons of the menu."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action


@action("hr")
@dataclass(frozen=True)
class Run(Action):
    """The same as typing this command's word."""

    word: str
