"""What a room is and who may do what in it: its state events, read as the specification says.

Also of rooms that others made; what is malformed in them counts as if it were not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

SPACE = "m.space"

ABOVE_ALL = 1 << 53
"""The level of those who made a room of version 12 or later: more than any level can be."""

_BEFORE_CREATORS_RULED = frozenset(str(version) for version in range(1, 12))
_BEFORE_RESTRICTED = frozenset(str(version) for version in range(1, 8))

RIGHTS = {
    "title": "m.room.name",
    "topic": "m.room.topic",
    "pin": "m.room.pinned_events",
    "levels": "m.room.power_levels",
}
"""Rights that are the right to set a piece of state."""

_NEEDED = {
    "invite": ("invite", 0),
    "remove": ("kick", 50),
    "delete": ("redact", 50),
    "unban": ("ban", 50),
}
"""Rights with a level of their own: its name, and the level where none is given."""

Raw = Mapping[str, Any]


def creators_rule(version: str) -> bool:
    """Whether whoever made a room of this version has no level, but power over everybody."""
    return version not in _BEFORE_CREATORS_RULED


def knows_restricted(version: str) -> bool:
    """Whether the members of a space can be let into a room of this version by themselves."""
    return version not in _BEFORE_RESTRICTED


@dataclass(frozen=True, slots=True)
class State:
    """A room's state."""

    events: Mapping[tuple[str, str], Raw]

    @staticmethod
    def of(events: Iterable[Any]) -> State:
        """The state that consists of these events."""
        return State({
            (e["type"], e["state_key"]): e
            for e in events
            if isinstance(e, dict)
            and isinstance(e.get("type"), str)
            and isinstance(e.get("state_key"), str)
            and isinstance(e.get("content"), dict)
        })  # fmt: skip

    def content(self, kind: str, key: str = "") -> Mapping[str, Any]:
        """The content of a piece of state; empty if there is none."""
        found: Mapping[str, Any] = self.events.get((kind, key), {}).get("content", {})
        return found

    def text(self, kind: str, name: str) -> str:
        """A text in a piece of state; empty if there is none."""
        found = self.content(kind).get(name)
        return found if isinstance(found, str) else ""

    # --- what it is ----------------------------------------------------------------------------

    @property
    def is_space(self) -> bool:
        """Whether it is a space: a room that holds rooms."""
        return self.text("m.room.create", "type") == SPACE

    @property
    def encrypted(self) -> bool:
        """Whether messages are encrypted."""
        return ("m.room.encryption", "") in self.events

    @property
    def open_to_all(self) -> bool:
        """Whether anybody may come in, or read without coming in."""
        return (
            self.text("m.room.join_rules", "join_rule") == "public"
            or self.text("m.room.history_visibility", "history_visibility") == "world_readable"
        )

    @property
    def maker(self) -> str:
        """The account that made it."""
        made = self.events.get(("m.room.create", ""), {})
        return str(made.get("sender") or "")

    def link(self, room_id: str, server: str) -> str:
        """An address that shows the room to people; ``server`` is one that knows it."""
        alias = self.text("m.room.canonical_alias", "alias")
        if alias:
            return f"https://matrix.to/#/{quote(alias, safe='')}"
        return f"https://matrix.to/#/{quote(room_id, safe='')}?via={quote(server, safe='')}"

    # --- who is in it --------------------------------------------------------------------------

    def membership(self, account: str) -> str:
        """``join``, ``invite``, ``knock``, ``ban`` or ``leave``."""
        said = self.content("m.room.member", account).get("membership")
        return said if isinstance(said, str) else "leave"

    def members(self) -> dict[str, dict[str, str]]:
        """Who is in it or invited, as ``handlers.chat.Inspect`` wants it."""
        states = {"join": "joined", "invite": "invited"}
        return {
            account: {"name": _name(event["content"]), "state": states[self.membership(account)]}
            for (kind, account), event in self.events.items()
            if kind == "m.room.member" and self.membership(account) in states
        }

    # --- who may do what -----------------------------------------------------------------------

    def rules_all(self, account: str) -> bool:
        """Whether this account has power over everybody without being listed."""
        create = self.content("m.room.create")
        if not creators_rule(str(create.get("room_version", "1"))):
            return False
        others = create.get("additional_creators")
        return account == self.maker or (isinstance(others, list) and account in others)

    def level(self, account: str) -> int:
        """The power of an account."""
        if self.rules_all(account):
            return ABOVE_ALL
        if ("m.room.power_levels", "") not in self.events:
            return 100 if account == self.maker else 0
        levels = self.content("m.room.power_levels")
        listed = mapped(levels.get("users")).get(account)
        return whole(listed, whole(levels.get("users_default"), 0))

    def needed(self, kind: str, *, state: bool = True) -> int:
        """The level that it takes to send an event of this type."""
        levels = self.content("m.room.power_levels")
        unless = "state_default" if state else "events_default"
        usual = 50 if state and ("m.room.power_levels", "") in self.events else 0
        listed = mapped(levels.get("events")).get(kind)
        return whole(listed, whole(levels.get(unless), usual))

    def may(self, account: str, right: str) -> bool:
        """Whether an account has a right (by the names of ``handlers.chat.Inspect``)."""
        if right in RIGHTS:
            needed = self.needed(RIGHTS[right])
        elif right == "send":
            kind = "m.room.encrypted" if self.encrypted else "m.room.message"
            needed = self.needed(kind, state=False)
        else:
            name, usual = _NEEDED[right]
            needed = whole(self.content("m.room.power_levels").get(name), usual)
        return self.level(account) >= needed

    def rights(self, account: str) -> dict[str, bool]:
        """What an account may do here."""
        names = ("send", "invite", "remove", "title", "topic", "pin", "levels", "delete")
        return {name: self.may(account, name) for name in names}


def whole(value: object, unless: int) -> int:
    """A level; early room versions also wrote them as text."""
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return unless
    return value if isinstance(value, int) and not isinstance(value, bool) else unless


def mapped(value: object) -> dict[str, Any]:
    """Levels by account or type; none if it is something else."""
    return dict(value) if isinstance(value, dict) else {}


def _name(content: Mapping[str, Any]) -> str:
    said = content.get("displayname")
    return said if isinstance(said, str) else ""
