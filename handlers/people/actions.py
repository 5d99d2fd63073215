"""The buttons of linking accounts, of languages and of invitations."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action


@action("ua")
@dataclass(frozen=True)
class Accept(Action):
    """The privacy notice was read: link this account by an invitation's code."""

    code: str


@action("ut")
@dataclass(frozen=True)
class UseTown(Action):
    """Act in another of the municipalities that this account is linked to."""

    municipality: int


@action("ul")
@dataclass(frozen=True)
class Speak(Action):
    """Choose a language."""

    language: str


@action("ui")
@dataclass(frozen=True)
class ListToInvite(Action):
    """Coordination: a page of those who can be invited, or of all members."""

    page: int
    everybody: bool


@action("uc")
@dataclass(frozen=True)
class Invite(Action):
    """Coordination: make a one-time code for a person."""

    person: int
