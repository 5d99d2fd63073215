"""Who is to be in which channel, and how that differs from who is there. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from storage.lines import BODIES

MANAGED = ("matrix", "telegram")
"""Platforms whose channels the bot keeps like the roster; the web chat does so by itself."""

BY_LINK = ("telegram",)
"""Where nobody can be brought in: people are sent a link by which they ask to come in."""

MAKES_ROOMS = ("matrix",)
"""Where a bot can create rooms (on Telegram only people create groups)."""

ASKS_BEFORE_REMOVING = ("telegram",)
"""Where coordination is asked first, unless the municipality's rules say otherwise."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "matrix": ("send", "invite", "remove", "title", "topic", "pin", "levels"),
    "telegram": ("send", "remove", "title", "topic", "pin", "link", "tag", "topics"),
}
"""The rights that the bot needs; those that a platform does not name do not exist there."""

TOPICS = ("announcements", "votes", "drafts", "meetings")
"""What the topics of a forum are for."""

FURNISHING = ("title", "topic", "levels")
"""The rights without which a channel cannot be furnished."""

RUNS_IT = "*"
"""In place of the word beside a name: whoever runs a group has the platform's own there."""

INSIDE = ("joined", "invited")
MODERATES = 50
"""The level of coordination in rooms (Matrix: moderator)."""


@dataclass(frozen=True, slots=True)
class OnRoster:
    """A person, the bodies they belong to today (kind to role), their accounts, best first."""

    id: int
    bodies: Mapping[str, str]
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Present:
    """An account in a channel; see ``storage.models.ChannelMember``."""

    id: int
    account: str
    state: str
    belonged: bool = False
    let_be: bool = False
    told: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """A room that is made for a municipality; ``what`` is its body or its purpose."""

    what: str
    kind: str
    quiet: bool = False
    shared: bool = False
    """Whether all who are in the space may come in: it is for everybody."""


@dataclass
class Differences:
    """What stands between a channel and the roster; every account is in one list at most."""

    inside: list[int] = field(default_factory=list)
    """People of the roster who are there, or invited."""
    bring: list[tuple[int, str]] = field(default_factory=list)
    """People who are missing, with the account to be brought in."""
    unlinked: list[int] = field(default_factory=list)
    """People who are missing and have no account on this platform."""
    admit: list[Present] = field(default_factory=list)
    """Who asks to come in and is to be there."""
    ended: list[Present] = field(default_factory=list)
    """Who belonged there and does not any more."""
    misplaced: list[Present] = field(default_factory=list)
    """People of the municipality who never belonged to this body."""
    strangers: list[Present] = field(default_factory=list)
    """Accounts of nobody who is known."""
    asking: list[Present] = field(default_factory=list)
    """Who asks to come in and is not to be there."""
    left: list[Present] = field(default_factory=list)
    """Who is to be there, and went."""
    failed: list[Present] = field(default_factory=list)
    """Who is to be there, and could not be brought in."""
    stale: list[Present] = field(default_factory=list)
    """What need not be known any more."""

    @property
    def to_settle(self) -> list[Present]:
        """What coordination decides on."""
        lists = (self.ended, self.misplaced, self.strangers, self.asking, self.left, self.failed)
        return [one for some in lists for one in some]


def wanted(kind: str, body: str, people: Iterable[OnRoster]) -> list[OnRoster]:
    """Who is to be in a channel: the body's and those of the bodies within it, whatever role.

    Everybody for announcements and the space; coordination alone for the network of
    municipalities, and everywhere.
    """
    if kind == "network":
        within: Sequence[str] = ("coordination",)
    elif kind == "body":
        within = BODIES[: BODIES.index(body) + 1] if body in BODIES else (body, "coordination")
    else:
        return [p for p in people if p.bodies]
    return [p for p in people if any(kind in within for kind in p.bodies)]


def differences(
    wanted: Sequence[OnRoster], everybody: Sequence[OnRoster], present: Sequence[Present]
) -> Differences:
    """Compare a channel with the roster."""
    found = Differences()
    known = {account for p in everybody for account in p.accounts}
    holders = {account: p.id for p in wanted for account in p.accounts}
    settled: set[int] = set()
    for one in present:
        if one.account in holders:
            settled.add(holders[one.account])
            _of_wanted(found, one, holders[one.account])
        else:
            _of_others(found, one, one.account in known)
    for person in wanted:
        if person.id in settled:
            continue
        if person.accounts:
            found.bring.append((person.id, person.accounts[0]))
        else:
            found.unlinked.append(person.id)
    return found


def _of_wanted(found: Differences, one: Present, person: int) -> None:
    if one.state in INSIDE:
        if person not in found.inside:
            found.inside.append(person)
    elif one.state == "asked":
        found.admit.append(one)
    elif one.let_be:
        return
    elif one.state == "left":
        found.left.append(one)
    elif one.state == "failed":
        found.failed.append(one)


def _of_others(found: Differences, one: Present, known: bool) -> None:
    if one.state in ("left", "failed"):
        found.stale.append(one)
    elif one.state == "leaving":
        return
    elif one.state == "asked":
        found.asking.append(one)
    elif one.belonged and not one.let_be:
        found.ended.append(one)
    elif one.let_be:
        return
    elif known:
        found.misplaced.append(one)
    else:
        found.strangers.append(one)


def removes_at_once(made: bool, platform: str, rule: Mapping[str, bool] | bool | None) -> bool:
    """Whether people whose membership ended are removed without asking.

    ``rule``: the municipality's ``remove_without_asking``, for all platforms or by platform.
    """
    if made:
        return True
    if isinstance(rule, bool):
        return rule
    if rule is not None and platform in rule:
        return rule[platform]
    return platform not in ASKS_BEFORE_REMOVING


def missing_rights(platform: str, rights: Mapping[str, bool], forum: bool) -> list[str]:
    """The rights that the bot needs and does not have, in the order of ``NEEDED``."""
    return [
        right
        for right in NEEDED.get(platform, ())
        if rights.get(right) is False and (right != "topics" or forum)
    ]


def is_shared(body: str) -> bool:
    """Whether everybody belongs to a body: only then may those in the space come in unasked."""
    return body == BODIES[-1]


def rooms(bodies: Iterable[str]) -> list[Room]:
    """The rooms of a municipality with these bodies, in the order in which they are made."""
    there = set(bodies)
    return [
        Room("space", "space"),
        *(Room(kind, "body", shared=is_shared(kind)) for kind in reversed(BODIES) if kind in there),
        Room("announcements", "announcements", quiet=True, shared=True),
    ]


def alias(town: str, what: str) -> str:
    """The name under which a room is made, once: ``gnk-ilmbrueck-steering-group``."""
    return f"gnk-{town}-{what}".replace("_", "-")


def levels(people: Iterable[OnRoster]) -> dict[str, int]:
    """Account to level: coordination moderates."""
    return {
        account: MODERATES
        for person in people
        if person.bodies.get("coordination") in ("member", "deputy", "facilitator")
        for account in person.accounts
    }


def mark(
    title: str, topic: str, levels: Mapping[str, int], inside: str | None, listed_in: str | None
) -> str:
    """What tells one furnishing from another."""
    content = repr((title, topic, sorted(levels.items()), inside, listed_in))
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def duty(bodies: Mapping[str, str]) -> str:
    """What a person is shown as: ``coordination``, ``core_team``, or the role in the outermost."""
    for kind in ("coordination", "core_team"):
        if bodies.get(kind) == "member":
            return kind
    return bodies[max(bodies, key=lambda kind: BODIES.index(kind) if kind in BODIES else 0)]
