"""The buttons of linking accounts, of languages, of invitations and of what is linked."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.chat import Action
from handlers.router import action


@action("ua")
@dataclass(frozen=True)
class Accept(Action):
    """The privacy notice was read: link this account by an invitation's code."""

    code: str


@action("uw")
@dataclass(frozen=True)
class Arrive(Action):
    """An account was linked on a page of its own (the web link): greet it here."""


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


@action("uf")
@dataclass(frozen=True)
class InviteByLetter(Action):
    """Coordination: make a one-time code for a person, as a letter to be printed."""

    person: int


@action("um")
@dataclass(frozen=True)
class ChooseBody(Action):
    """Coordination: invite several at once; first choose of which body."""


@action("ub")
@dataclass(frozen=True)
class InviteBody(Action):
    """Coordination: a letter for each of a body who has neither account nor invitation."""

    body: str
    """Its kind; empty: of all bodies."""


@action("uo")
@dataclass(frozen=True)
class ListUnused(Action):
    """Coordination: a page of the invitations that nobody has used yet."""

    page: int


@action("ux")
@dataclass(frozen=True)
class Revoke(Action):
    """Coordination: a person's unused invitation stops working."""

    person: int


@action("us")
@dataclass(frozen=True)
class ShowAccess(Action):
    """Coordination: which accounts a person has linked, and their open invitation."""

    person: int


@action("uq")
@dataclass(frozen=True)
class AskUnlink(Action):
    """Coordination: take an account away from a person; asks first."""

    account: int


@action("uk")
@dataclass(frozen=True)
class Unlink(Action):
    """Coordination: the account is a stranger's from now on."""

    account: int


@action("ur")
@dataclass(frozen=True)
class RemindOfUnused(Action):
    """Due: tell coordination which invitations expire unused."""

    municipality: int
