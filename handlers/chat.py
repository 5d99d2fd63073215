"""The vocabulary between the platforms and the features: what comes in and what goes out.

Nothing here knows a platform, a language or a table. Times are timezone-aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, Literal

from handlers.tasks import Task


@dataclass(frozen=True, slots=True)
class Translated:
    """Content that the town wrote itself, in one or more languages (``{"de": …, "en": …}``)."""

    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in whole euros."""

    euros: int


@dataclass(frozen=True, slots=True, init=False)
class Text:
    """A message of the catalogues with its arguments; never finished prose.

    The argument ``n`` chooses the plural form. Arguments are escaped by the renderer, so what
    people typed may be passed as it is. ``Text("plain", text=…)`` shows typed words alone.
    """

    message: str
    args: Mapping[str, Argument]

    def __init__(self, message: str, /, **args: Argument) -> None:
        object.__setattr__(self, "message", message)
        object.__setattr__(self, "args", args)


@dataclass(frozen=True, slots=True)
class Join:
    """Several texts as one argument, set one after the other with ``by`` between them."""

    parts: tuple[Text, ...]
    by: str = "\n"


Argument = str | int | Fraction | date | datetime | Translated | Money | Text | Join


def plain(text: str | Translated) -> Text:
    """Words that people typed, alone."""
    return Text("plain", text=text)


class Action:
    """What a button does: a frozen dataclass of ints, bools and short strings.

    Registered with ``router.action``, which also packs it into at most 64 bytes.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Button:
    """A button that sends an action back to the bot."""

    label: Text
    action: Action
    strong: bool = False
    """The one button of the card that most people want."""
    mark: str = ""
    """What stands behind the label to show a state (``●●○``); it is drawn, never stored."""


@dataclass(frozen=True, slots=True)
class LinkButton:
    """A button that opens an address."""

    label: Text
    url: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG with its text alternative (an accessibility duty, never empty)."""

    png: bytes
    alt: Text


@dataclass(frozen=True, slots=True)
class Card:
    """One message: paragraphs, rows of buttons, perhaps a picture."""

    body: tuple[Text, ...]
    buttons: tuple[tuple[Button | LinkButton, ...], ...] = ()
    picture: Picture | None = None

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions in reading order: what the numbers 1, 2, 3 … stand for."""
        return tuple(b.action for row in self.buttons for b in row if isinstance(b, Button))


# --- where and who -------------------------------------------------------------------------


class PlaceKind(StrEnum):
    """A direct chat with one person, or a channel that several people read."""

    DIRECT = "direct"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation on a platform; ``id`` is the platform's own (chat id, room id …)."""

    platform: str
    id: str
    kind: PlaceKind = PlaceKind.DIRECT
    title: str = ""
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account on a platform. ``language`` is what the platform says the person reads."""

    platform: str
    id: str
    name: str = ""
    language: str | None = None
    anonymous: bool = False
    """An anonymous administrator or a channel's own voice: nobody who could be entitled."""


# --- in ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Command:
    """``/word args`` or ``!word args``; the name without its sign, in lower case."""

    name: str
    args: str = ""


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed button: the packed action, and whether the adapter knows the message it was on."""

    packed: str


@dataclass(frozen=True, slots=True)
class Said:
    """Plain words. ``reply_to`` names the message that they answer, if any."""

    text: str
    reply_to: str | None = None
    addressed: bool = True
    """In a channel: whether the bot was spoken to (mention or reply)."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file. ``ref`` lets the adapter fetch its bytes."""

    name: str
    mime: str
    size: int
    ref: str


@dataclass(frozen=True, slots=True)
class MembershipChanged:
    """Somebody (or the bot: ``of_bot``) came to a place, left it, or got other rights there.

    ``asked``: wants to come in and waits for an answer. The event's account is whoever it is
    about; of the bot, whoever did it.
    """

    change: Literal["invited", "joined", "left", "promoted", "demoted", "asked"]
    of_bot: bool = False


@dataclass(frozen=True, slots=True)
class PlaceMoved:
    """The platform gave the place a new id (a Telegram group became a supergroup …)."""

    new_id: str


@dataclass(frozen=True, slots=True)
class Due:
    """A time that was asked for has come; ``due_at`` is when it should have."""

    packed: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class NativeVote:
    """An answer to a poll of the platform's own; ``poll`` is the platform's id of it.

    ``chosen`` are positions of its options, from 0; none: the answer was taken back.
    """

    poll: str
    chosen: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a ``Do``: the action that was asked for ``then``, packed.

    ``ref`` is what it made (a room's id, a link, a message), ``told`` what the platform said
    besides (JSON), ``reason`` why it failed.
    """

    packed: str
    state: Literal["sent", "failed", "unknown"]
    town: int | None = None
    ref: str | None = None
    reason: str | None = None
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        """Whether it was done."""
        return self.state == "sent"


What = Command | Press | Said | Sent | NativeVote | MembershipChanged | PlaceMoved | Due | Done


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, as a platform adapter reads it from an inbox row.

    ``at`` is when it was stored in the inbox: the moment that counts for deadlines.
    """

    place: Place
    account: AccountRef | None
    what: What
    at: datetime
    message: str | None = None
    """The message that was pressed, said or sent, in the platform's own reference."""
    answer_token: str | None = None
    """What the platform wants back with a toast (Telegram: the callback query's id)."""
    thread: str | None = None
    """The thread (Matrix) or topic (Telegram) of a channel in which it is said and answered."""


# --- out -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Here:
    """Where the event came from."""


@dataclass(frozen=True, slots=True)
class Direct:
    """The direct chat of a person, on the platform that they used last."""

    person_id: int


@dataclass(frozen=True, slots=True)
class InChannel:
    """A bound channel. ``topic``: which of a forum's topics, as ``MakeTopic`` made them there."""

    channel_id: int
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class OnAccount:
    """The direct chat of one account, where each of a person's is to be told."""

    account_id: int


@dataclass(frozen=True, slots=True)
class OnPlatform:
    """A platform itself: for what has no place there yet."""

    name: str


Target = Here | Direct | InChannel | OnAccount | OnPlatform
HERE = Here()


@dataclass(frozen=True, slots=True)
class Board:
    """A live card: drawn anew whenever what it shows has changed.

    ``viewer`` is the person for whom a personal board (a ballot, say) is drawn; ``None`` for a
    board that everybody may see.
    """

    kind: str
    id: int
    viewer: int | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """Send a card. ``key`` makes it a thing that is said once, however often it is asked for.

    What is ``confidential`` is never said in a public channel (``InChannel``): asked for by
    somebody it is refused, otherwise coordination is told instead. The same for ``Post`` and
    ``SendFile``.
    """

    card: Card
    to: Target = HERE
    key: str | None = None
    confidential: bool = True


@dataclass(frozen=True, slots=True)
class Post:
    """Send a live card; it is drawn at delivery and redrawn from then on."""

    board: Board
    to: Target = HERE
    pin: bool = False
    key: str | None = None
    confidential: bool = True


@dataclass(frozen=True, slots=True)
class Replace:
    """Put this card in the place of the one whose button was pressed (or say it, if none was)."""

    card: Card


@dataclass(frozen=True, slots=True)
class Redraw:
    """Every posted copy of this board is out of date. ``viewer=None`` means all of them.

    ``unpin``: what it shows is over, so that no copy stays pinned.
    """

    kind: str
    id: int
    viewer: int | None = None
    unpin: bool = False


@dataclass(frozen=True, slots=True)
class Toast:
    """A short private confirmation of the press or words just handled; said after the commit."""

    text: Text
    aloud: Text | None = None
    """The words where it becomes a message: they also say what was confirmed."""


@dataclass(frozen=True, slots=True)
class SendFile:
    """Send a file with a caption."""

    name: str
    mime: str
    data: bytes
    caption: Text
    to: Target = HERE
    key: str | None = None
    confidential: bool = True


@dataclass(frozen=True, slots=True)
class Enter:
    """Accept the invitation to this place."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave this place (or decline its invitation)."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Overwrite what the database has freed, once this is committed (a secret poll was closed)."""


@dataclass(frozen=True, slots=True)
class Do:
    """Have a task done at a place; what became of it comes back as ``Done`` with ``then``.

    A task may be done twice after a crash and must do no harm then; a native poll is not.
    """

    task: Task
    to: InChannel | OnPlatform
    then: Action | None = None
    key: str | None = None


Answer = Say | Post | Replace | Redraw | Toast | SendFile | Enter | Leave | Do | Forget
Answers = list[Answer]


class Refusal(Exception):
    """An expected "no": everything is rolled back and the text is said privately."""

    def __init__(self, message: str | Text, /, **args: Argument) -> None:
        self.text = message if isinstance(message, Text) else Text(message, **args)
        super().__init__(self.text.message)


# --- capabilities --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do; cards are laid out accordingly by its adapter."""

    buttons: bool
    private_toast: bool
    edits: bool = True
    native_polls: bool = False
    public_link: str | None = None
    """An address that opens a direct chat with the bot; ``{code}`` in it is the invitation's."""
