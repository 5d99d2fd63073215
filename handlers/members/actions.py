"""The buttons of the roster."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action


@action("rl")
@dataclass(frozen=True)
class ListMembers(Action):
    """A page of the roster."""

    page: int


@action("rc")
@dataclass(frozen=True)
class ShowMember(Action):
    """A person's card."""

    person: int


@action("ra")
@dataclass(frozen=True)
class AddMember(Action):
    """Begin to add a person."""


@action("re")
@dataclass(frozen=True)
class EditMember(Action):
    """Begin to change a part of a person's line (``handlers.members.forms.PARTS``)."""

    person: int
    part: str


@action("ru")
@dataclass(frozen=True)
class AskUndo(Action):
    """What taking back a change would do."""

    event: int


@action("rU")
@dataclass(frozen=True)
class Undo(Action):
    """Take a change back."""

    event: int


@action("rf")
@dataclass(frozen=True)
class Files(Action):
    """Import and export: what there is."""


@action("rx")
@dataclass(frozen=True)
class Export(Action):
    """The roster as a file, or the template (``empty``)."""

    kind: str
    empty: bool


@action("rh")
@dataclass(frozen=True)
class History(Action):
    """A page of the audit log."""

    page: int


@action("rH")
@dataclass(frozen=True)
class HistoryFile(Action):
    """The audit log as a file."""
