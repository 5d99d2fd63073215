"""What a room of the bot's consists of, and what of it is to be changed: events, no requests.

Wished is a list of ``(type, state key, content)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.platforms.matrix import polls
from bot.platforms.matrix.state import (
    ABOVE_ALL,
    State,
    creators_rule,
    knows_restricted,
    mapped,
    whole,
)
from handlers.tasks import Furnish, MakeRoom

WRITES = 50
"""The level from which on one writes where it is quiet, invites, and removes messages."""

BOT = 100

Wished = tuple[str, str, dict[str, Any]]

_MEGOLM = {"algorithm": "m.megolm.v1.aes-sha2"}

_ALL_THE_SAME = ("m.reaction", "m.room.redaction", *polls.RESPONSES)
"""What everybody may send where it is quiet: an answer to a card, and taking it back."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Power levels as they are to be; ``complete`` unless the bot may not give some of them."""

    content: dict[str, Any]
    complete: bool


def version(offered: Mapping[str, Any], *, restricted: bool) -> str:
    """The room version to be made: the homeserver's usual one, if that can do what is needed.

    ``offered`` is ``m.room_versions`` of the homeserver's capabilities.
    """
    usual = str(offered.get("default", "1"))
    if not restricted or knows_restricted(usual):
        return usual
    stable = [v for v, state in (offered.get("available") or {}).items() if state == "stable"]
    numbers = [int(v) for v in stable if v.isdecimal() and knows_restricted(v)]
    return str(max(numbers)) if numbers else usual


def outfit(task: MakeRoom, room_version: str, me: str) -> Iterator[Wished]:
    """The state with which a room begins, besides its name and topic."""
    rules: dict[str, Any] = {"join_rule": "invite"}
    if task.inside is not None and knows_restricted(room_version):
        allowed = {"type": "m.room_membership", "room_id": task.inside}
        rules = {"join_rule": "restricted", "allow": [allowed]}
    yield "m.room.join_rules", "", rules
    # A body's talk is among those who are in it: whoever is elected later gets the decisions
    # told, not the deliberations. (Encrypted messages from before could not be read anyway.)
    yield "m.room.history_visibility", "", {"history_visibility": "joined"}
    yield "m.room.guest_access", "", {"guest_access": "forbidden"}
    if task.encrypted and not task.space:
        yield "m.room.encryption", "", dict(_MEGOLM)
    yield "m.room.power_levels", "", _beginning(task, room_version, me)
    if space_of(task) is not None:
        yield parent(str(space_of(task)), me)


def space_of(task: MakeRoom | Furnish) -> str | None:
    """The space that shows a room, whether or not those in it may come in by themselves."""
    return task.inside or task.listed_in


def parent(space: str, me: str) -> Wished:
    """What in a room says which space it belongs to."""
    return "m.space.parent", space, {"via": [server_of(me)], "canonical": True}


def child(state: State, room_id: str, me: str) -> Wished | None:
    """What in a space (with this state) says that a room belongs to it, behind those there are.

    None if it is there.
    """
    if state.content("m.space.child", room_id).get("via"):
        return None
    before = sum(kind == "m.space.child" for kind, _ in state.events)
    content = {"via": [server_of(me)], "suggested": True, "order": f"{before:04d}"}
    return "m.space.child", room_id, content


def server_of(me: str) -> str:
    """The homeserver's name in an account."""
    return me.partition(":")[2]


def _beginning(task: MakeRoom, room_version: str, me: str) -> dict[str, Any]:
    levels = dict(task.levels)
    if creators_rule(room_version):
        levels.pop(me, None)
        upgrading = 150
    else:
        levels[me] = BOT
        upgrading = BOT
    kinds = (
        "m.room.power_levels", "m.room.history_visibility", "m.room.encryption",
        "m.room.join_rules", "m.room.server_acl",
    )  # fmt: skip
    content: dict[str, Any] = {
        "users": {account: level for account, level in levels.items() if level},
        "users_default": 0,
        "events": {**dict.fromkeys(kinds, BOT), "m.room.tombstone": upgrading},
        "events_default": 0,
        "state_default": WRITES,
        **dict.fromkeys(("invite", "kick", "ban", "redact"), WRITES),
    }
    return _quiet(content) if task.quiet else content


def _quiet(content: dict[str, Any]) -> dict[str, Any]:
    events = {**dict.fromkeys(_ALL_THE_SAME, 0), **mapped(content.get("events"))}
    return {**content, "events": events, "events_default": WRITES}


def levels(state: State, task: MakeRoom | Furnish, me: str) -> Levels:
    """The room's power levels with those of ``task`` in them; other people's are left alone.

    Nobody can raise anybody above themselves, nor change who is as high as they are.
    """
    mine = state.level(me)
    content = dict(state.content("m.room.power_levels"))
    users = mapped(content.get("users"))
    usual = whole(content.get("users_default"), 0)
    complete = True
    for account, level in task.levels.items():
        now = state.level(account)
        if now in (level, ABOVE_ALL) or account == me:
            continue
        if now >= mine or level > mine:
            complete = False
        elif level == usual:
            users.pop(account, None)
        else:
            users[account] = level
    if users or "users" in content:
        content["users"] = users
    speaking = whole(content.get("events_default"), 0)
    if task.quiet != (speaking >= WRITES):
        if mine < max(speaking, WRITES):
            complete = False
        else:
            content = _quiet(content) if task.quiet else {**content, "events_default": 0}
    return Levels(content, complete)
