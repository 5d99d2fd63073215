"""The buttons of the action programme."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action


@action("mf")
@dataclass(frozen=True)
class ShowFields(Action):
    """All fields of action."""


@action("ml")
@dataclass(frozen=True)
class ShowField(Action):
    """A page of a field's measures."""

    field: int
    page: int


@action("ms")
@dataclass(frozen=True)
class ShowFound(Action):
    """A page of what a search found."""

    words: str
    page: int


@action("mm")
@dataclass(frozen=True)
class ShowMeasure(Action):
    """A measure's sheet. ``page`` is the one of its field to which *back* leads."""

    measure: int
    page: int
