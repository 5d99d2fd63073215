"""Which function answers which command, button, due time or board, and how buttons are packed.

A feature makes one ``Router`` and registers its functions; ``Routes`` joins the features and
refuses clashes at start. A button's action becomes at most 64 bytes: ``code:field:field``.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from zoneinfo import ZoneInfo

from handlers.chat import (
    Action,
    Answers,
    Card,
    Command,
    Event,
    MembershipChanged,
    NativeVote,
    PlaceKind,
    PlaceMoved,
    Refusal,
    Said,
    Sent,
    Text,
)
from storage.db import Tx
from storage.models import Municipality, Person

LONGEST_ACTION = 64
"""Bytes of callback data that Telegram takes (Bot API, InlineKeyboardButton)."""

LONGEST_WORD = 24
"""Characters that a string field of an action may have."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_ACTIONS: dict[str, type[Action]] = {}
_CODES: dict[type[Action], str] = {}
_FIELDS: dict[type[Action], dict[str, type]] = {}

A = typing.TypeVar("A", bound=Action)


class Role(IntEnum):
    """Who may do something; each includes those after it (bodies are nested sets)."""

    ANYONE = 0
    LINKED = 1
    MEMBER = 2
    CORE_TEAM = 3
    COORDINATION = 4


@dataclass
class Context:
    """Everything a handler may know about the moment it acts in."""

    tx: Tx
    routes: Routes
    event: Event
    now: datetime
    started_at: datetime
    """When this process took up work: what was due before is late for that reason."""
    municipality: Municipality | None = None
    person: Person | None = None
    role: Role = Role.ANYONE
    several: bool = False
    """Whether the account acts in several municipalities: then answers name this one."""
    language: str = "de"
    words: Callable[[Text], str] = lambda text: text.message
    """A text as plain words in the person's language, for files."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Addresses that open a direct chat, by platform (``Capabilities.public_link``)."""
    native_polls: frozenset[str] = frozenset()
    """Platforms that have polls of their own (``Capabilities.native_polls``)."""

    file: bytes | None = None
    """What a file holds that a feature wants (``Router.file``); None if it could not be fetched."""

    @property
    def town(self) -> Municipality:
        """The municipality; a refusal where there is none."""
        if self.municipality is None:
            raise Refusal("people.stranger")
        return self.municipality

    @property
    def me(self) -> Person:
        """The person; a refusal for strangers."""
        if self.person is None:
            raise Refusal("people.stranger")
        return self.person

    @property
    def zone(self) -> ZoneInfo:
        """The municipality's time zone."""
        return ZoneInfo(self.municipality.timezone if self.municipality else "Europe/Berlin")

    @property
    def in_direct(self) -> bool:
        """Whether this is a direct chat."""
        return self.event.place.kind is PlaceKind.DIRECT


Handler = Callable[..., Answers]
Where = typing.Literal["direct", "channel", "anywhere"]


@dataclass(frozen=True)
class Route:
    """One registered function and the conditions under which it may be called."""

    handle: Handler
    by: Role
    where: Where
    feature: str
    words: tuple[str, ...] = ()
    menu: int | None = None
    """Position in the menu; ``None`` for words that are not offered there."""
    offered_to: Role | None = None
    """From which role on the menu offers it, where that is a higher one."""

    @property
    def hint(self) -> Text:
        """What the command does, in one line (``commands.po``)."""
        return Text(f"commands.{self.words[0]}")


@dataclass(frozen=True)
class FileRoute:
    """The function for files of some endings, from whom and how large (bytes)."""

    handle: Handler
    by: Role
    most: int


@dataclass
class Router:
    """The functions of one feature."""

    feature: str
    commands: list[Route] = field(default_factory=list)
    presses: dict[type[Action], Route] = field(default_factory=dict)
    dues: dict[type[Action], Handler] = field(default_factory=dict)
    outcomes: dict[type[Action], Handler] = field(default_factory=dict)
    boards: dict[str, Callable[..., Card | None]] = field(default_factory=dict)
    spoken: dict[str, Callable[..., Answers | None]] = field(default_factory=dict)
    forms: dict[str, typing.Any] = field(default_factory=dict)
    files: dict[str, FileRoute] = field(default_factory=dict)
    other: dict[type, Handler] = field(default_factory=dict)

    def command(
        self,
        *words: str,
        by: Role,
        where: Where = "direct",
        menu: int | None = None,
        offered_to: Role | None = None,
    ) -> Callable[[Handler], Handler]:
        """Register the function for these words, the German one first (commands.md)."""

        def register(handle: Handler) -> Handler:
            self.commands.append(Route(handle, by, where, self.feature, words, menu, offered_to))
            return handle

        return register

    def press(
        self, action: type[Action], *, by: Role, where: Where = "direct"
    ) -> Callable[[Handler], Handler]:
        """Register the function for a button."""

        def register(handle: Handler) -> Handler:
            self.presses[action] = Route(handle, by, where, self.feature)
            return handle

        return register

    def due(self, action: type[Action]) -> Callable[[Handler], Handler]:
        """Register the function for a time that has come."""

        def register(handle: Handler) -> Handler:
            self.dues[action] = handle
            return handle

        return register

    def outcome(self, action: type[Action]) -> Callable[[Handler], Handler]:
        """Register ``handle(ctx, action, done)`` for what became of a ``Do`` with that action."""

        def register(handle: Handler) -> Handler:
            self.outcomes[action] = handle
            return handle

        return register

    def board(
        self, kind: str
    ) -> Callable[[Callable[..., Card | None]], Callable[..., Card | None]]:
        """Register ``draw(ctx: Look, id) -> Card | None`` for a live card (None: it is gone)."""

        def register(draw: Callable[..., Card | None]) -> Callable[..., Card | None]:
            self.boards[kind] = draw
            return draw

        return register

    def typed(
        self, kind: str
    ) -> Callable[[Callable[..., Answers | None]], Callable[..., Answers | None]]:
        """Register ``hear(ctx, id, text) -> Answers | None`` for words that are said in a direct
        chat while a live card of this kind is the newest; None: they mean nothing to it."""

        def register(hear: Callable[..., Answers | None]) -> Callable[..., Answers | None]:
            self.spoken[kind] = hear
            return hear

        return register

    def form(self, form: typing.Any) -> typing.Any:
        """Register a dialog (see ``handlers.forms``)."""
        self.forms[form.name] = form
        return form

    def file(self, *endings: str, by: Role, most: int) -> Callable[[Handler], Handler]:
        """Register the function for files sent in a direct chat, by their ending (``xlsx``).

        Their bytes are fetched before it is called (``Context.file``), if there are no more of
        them than ``most``. Any other file goes to the function for ``Sent``.
        """

        def register(handle: Handler) -> Handler:
            self.files.update({ending: FileRoute(handle, by, most) for ending in endings})
            return handle

        return register

    def when(self, kind: type) -> Callable[[Handler], Handler]:
        """Register the one function for MembershipChanged, PlaceMoved, NativeVote or Sent.

        For Command: what is said before the answer to any command of a linked person's in a
        direct chat.
        """
        if kind not in (MembershipChanged, PlaceMoved, NativeVote, Sent, Said, Command):
            raise TypeError(f"nothing of kind {kind.__name__} happens")

        def register(handle: Handler) -> Handler:
            self.other[kind] = handle
            return handle

        return register


@dataclass(frozen=True)
class Look:
    """What a live card may know when it is drawn: no event, only a reader."""

    tx: Tx
    now: datetime
    viewer: Person | None
    language: str
    words: Callable[[Text], str]
    """A text as plain words in that language, for pictures."""


class Routes:
    """All features' functions, joined; clashes are errors at start."""

    def __init__(self, routers: Iterable[Router]) -> None:
        self.commands: dict[str, Route] = {}
        self.presses: dict[type[Action], Route] = {}
        self.dues: dict[type[Action], Handler] = {}
        self.outcomes: dict[type[Action], Handler] = {}
        self.boards: dict[str, Callable[..., Card | None]] = {}
        self.spoken: dict[str, Callable[..., Answers | None]] = {}
        self.forms: dict[str, typing.Any] = {}
        self.files: dict[str, FileRoute] = {}
        self.other: dict[type, Handler] = {}
        for router in routers:
            for route in router.commands:
                for word in route.words:
                    _join(self.commands, {word: route}, router.feature)
            kinds = ("presses", "dues", "outcomes", "boards", "spoken", "forms", "files", "other")
            for name in kinds:
                _join(getattr(self, name), getattr(router, name), router.feature)

    def menu(self, role: Role) -> list[Route]:
        """The commands that this role is offered, in their order."""
        offered = {
            id(r): r
            for r in self.commands.values()
            if r.menu is not None and (r.offered_to or r.by) <= role
        }
        return sorted(offered.values(), key=lambda r: r.menu or 0)


def _join(into: dict[typing.Any, typing.Any], more: dict[typing.Any, typing.Any], by: str) -> None:
    for key, value in more.items():
        if key in into:
            raise ValueError(f"{by} registers {key!r}, which is taken")
        into[key] = value


# --- packing -------------------------------------------------------------------------------


def action(code: str) -> Callable[[type[A]], type[A]]:
    """Register a frozen dataclass as an action under a short code; clashes are errors."""

    def register(cls: type[A]) -> type[A]:
        if code in _ACTIONS:
            raise ValueError(f"action code {code!r} is taken by {_ACTIONS[code].__name__}")
        hints = _hints(cls)
        if _longest(code, hints) > LONGEST_ACTION:
            raise ValueError(f"{cls.__name__} does not fit into {LONGEST_ACTION} bytes")
        _ACTIONS[code] = cls
        _CODES[cls], _FIELDS[cls] = code, hints
        return cls

    return register


def _hints(cls: type[Action]) -> dict[str, type]:
    hints = typing.get_type_hints(cls)
    return {f.name: hints[f.name] for f in dataclasses.fields(typing.cast(typing.Any, cls))}


def _longest(code: str, hints: dict[str, type]) -> int:
    sizes: dict[type, int] = {int: 12, bool: 1, str: LONGEST_WORD}
    return len(code) + sum(1 + sizes[kind] for kind in hints.values())


def pack(pressed: Action) -> str:
    """The action as at most 64 bytes of ASCII."""
    parts = [_CODES[type(pressed)]]
    for name, kind in _FIELDS[type(pressed)].items():
        value = getattr(pressed, name)
        if kind is str and (len(value) > LONGEST_WORD or ":" in value or not value.isascii()):
            raise ValueError(f"{name}={value!r} cannot be packed")
        parts.append(str(value) if kind is str else _base36(int(value)))
    return ":".join(parts)


def unpack(packed: str) -> Action | None:
    """The action, or ``None`` for anything that ``pack`` cannot have made."""
    code, *parts = packed.split(":")
    cls = _ACTIONS.get(code)
    if cls is None:
        return None
    hints = _FIELDS[cls]
    if len(parts) != len(hints):
        return None
    try:
        values = [
            part if kind is str else kind(_from_base36(part))
            for part, kind in zip(parts, hints.values(), strict=True)
        ]
        made = typing.cast(Callable[..., Action], cls)(*values)
        return made if pack(made) == packed else None
    except ValueError:
        return None


def _base36(number: int) -> str:
    if number < 0:
        return "-" + _base36(-number)
    digits = _DIGITS[number % 36]
    while number >= 36:
        number //= 36
        digits = _DIGITS[number % 36] + digits
    return digits


def _from_base36(text: str) -> int:
    if len(text) > 12:
        raise ValueError(text)
    return int(text, 36)


def command(text: str, sign: str) -> Command | None:
    """Read ``/word args`` (or another sign); a Telegram ``@botname`` behind the word is dropped."""
    if not text.startswith(sign) or len(text) < 2 or text[1].isspace():
        return None
    word, _, args = text[1:].partition(" ")
    word, newline, rest = word.partition("\n")
    return Command(plain_word(word.partition("@")[0]), (rest + newline + args).strip())


def plain_word(word: str) -> str:
    """A command's word as Telegram could spell it: lower case, ä ö ü ß written out."""
    table = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
    return word.casefold().translate(table)


__all__ = [
    "Context",
    "FileRoute",
    "Handler",
    "Look",
    "Role",
    "Route",
    "Router",
    "Routes",
    "Text",
    "action",
    "command",
    "pack",
    "plain_word",
    "unpack",
]
