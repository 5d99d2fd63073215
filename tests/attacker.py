"""Somebody with a copy of everything that is stored, who wants to know who voted how.

They know who voted when, everybody's ids, and that every ballot is somebody's. Each way of theirs
gives every voter one ballot; where it finds nothing, the ballot is drawn.
"""

from __future__ import annotations

import hmac
import json
import random
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import comb, factorial
from typing import Any

from handlers.polls.actions import Vote
from handlers.router import pack

Ballot = tuple[int, ...]
"""The numbers of the options with a dot, as somebody types them."""

Guess = dict[int, Ballot]
"""Seat to ballot."""

NEAR = 400
"""Bytes within which a trace of a person and a trace of a ballot belong together."""


@dataclass(frozen=True)
class Voter:
    """Somebody who voted, with everything by which the bot knows them."""

    seat: int
    entry: int
    person: int
    key: str


@dataclass
class Loot:
    """Everything that is stored after the close."""

    voters: Sequence[Voter]
    """In the order in which they voted."""
    options: Sequence[int]
    ballots: Sequence[Mapping[str, Any]]
    """The box, in the order in which it lies in the file; with ``xmin`` where there is one."""
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    """All other tables."""
    files: Mapping[str, bytes]
    """The database's files, and the log."""
    receipts: Sequence[str]
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    known: dict[bytes, list[int]] = field(default_factory=dict)
    rows_about: dict[int, list[Mapping[str, Any]]] = field(default_factory=dict)

    @cached_property
    def box(self) -> list[Ballot]:
        """The ballots in the order of the file."""
        return [self.read(row["value"]) for row in self.ballots]

    @cached_property
    def orders(self) -> dict[str, list[Ballot]]:
        """The ballots in every order that the file gives them."""
        return _orders(self)

    @cached_property
    def everything(self) -> bytes:
        """All files, with so much between them that nothing is near anything in another."""
        return bytes(2 * NEAR).join(self.files.values())

    def places(self, *traces: bytes) -> list[int]:
        """Where these traces stand in the files."""
        return [place for trace in traces for place in self._places_of(trace)]

    def _places_of(self, trace: bytes) -> list[int]:
        if trace not in self.known:
            self.known[trace] = _places(self.everything, trace)
        return self.known[trace]

    def about(self, voter: Voter) -> list[Mapping[str, Any]]:
        """All rows that name a person or their seat."""
        if voter.seat not in self.rows_about:
            self.rows_about[voter.seat] = _about(self, voter)
        return self.rows_about[voter.seat]

    def read(self, value: Mapping[str, int]) -> Ballot:
        """A stored value as its numbers."""
        return tuple(n for n, option in enumerate(self.options, 1) if str(option) in value)

    def traces(self, ballot: Ballot) -> list[bytes]:
        """What a ballot looks like where it is stored or was typed."""
        stored = {str(self.options[n - 1]): 1 for n in ballot}
        typed = " ".join(map(str, ballot))
        return [
            json.dumps(stored).encode(),
            json.dumps(stored, separators=(",", ":")).encode(),
            f'"{typed}"'.encode(),
            f">{typed}<".encode(),
        ]

    def complete(self, found: Iterable[tuple[int, Ballot]]) -> Guess:
        """Every voter gets one ballot: the earlier findings go first, the rest is drawn."""
        guess: Guess = {}
        left = list(self.box)
        for seat, ballot in found:
            if seat not in guess and ballot in left:
                guess[seat] = ballot
                left.remove(ballot)
        self.chance.shuffle(left)
        open_seats = [voter.seat for voter in self.voters if voter.seat not in guess]
        return guess | dict(zip(open_seats, left, strict=True))


# --- orders ------------------------------------------------------------------------------------


def _orders(loot: Loot) -> dict[str, list[Ballot]]:
    rows = list(loot.ballots)

    def by(*names: str) -> list[Ballot]:
        return [
            loot.read(row["value"]) for row in sorted(rows, key=lambda r: [r[n] for n in names])
        ]

    made = {
        "rows": loot.box,
        "keys": by("key"),
        "pseudonyms": by("voter"),
        "bytes": _by_offset(loot, min),
        "last bytes": _by_offset(loot, max),
    }
    if all("xmin" in row for row in rows):
        made["transactions"] = by("xmin", "place")
    return made


def _by_offset(loot: Loot, which: Callable[[list[int]], int]) -> list[Ballot]:
    """In the order of the first (or last) place at which they stand in the files."""
    found = {ballot: loot.places(*loot.traces(ballot)) for ballot in loot.box}
    end = len(loot.everything)
    return sorted(loot.box, key=lambda ballot: which(found[ballot]) if found[ballot] else end)


def _places(data: bytes, trace: bytes) -> list[int]:
    found, at = [], data.find(trace)
    while at >= 0:
        found.append(at)
        at = data.find(trace, at + 1)
    return found


def in_order(name: str, of: str) -> Callable[[Loot], Guess]:
    """The ballots in an order of the file belong to the voters in an order of theirs."""

    def guess(loot: Loot) -> Guess:
        seats = [voter.seat for voter in loot.voters]
        if of == "seats":
            seats.sort()
        elif of == "reversed":
            seats.reverse()
        return loot.complete(zip(seats, loot.orders[name], strict=True))

    return guess


def by_check_values(loot: Loot) -> Guess:
    """The list of check values lies in the order of the ballots, and each chat shows one."""
    shown = {}
    for voter in loot.voters:
        for row in loot.about(voter):
            for value in re.findall(r"Prüfwert (\w{8})", _words(row)):
                if value in loot.receipts:
                    shown[voter.seat] = loot.receipts.index(value)
    keys = loot.orders["keys"]
    return loot.complete((seat, keys[place]) for seat, place in shown.items() if place < len(keys))


# --- what was left lying -----------------------------------------------------------------------


def by_key_left_behind(loot: Loot) -> Guess:
    """Every long random word may be the key: with the right one, pseudonyms can be computed."""
    now = {row["voter"]: loot.read(row["value"]) for row in loot.ballots}
    found: list[tuple[int, int, Ballot]] = []
    words = set(re.findall(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", loot.everything))
    for key in words:
        for voter in loot.voters:
            name = hmac.digest(bytes.fromhex(key.decode()), str(voter.seat).encode(), "sha256")
            if name.hex() in now:
                found.append((0, voter.seat, now[name.hex()]))
            elif name.hex().encode() in words:
                found += _near(loot, voter.seat, loot.places(name.hex().encode()))
    return loot.complete((seat, ballot) for _, seat, ballot in sorted(found))


def by_neighbours(loot: Loot) -> Guess:
    """Whoever is named next to a ballot, anywhere in the files, has cast it."""
    near: list[tuple[int, int, Ballot]] = []
    for voter in loot.voters:
        names = (voter.key.encode(), f'"entry": {voter.entry},'.encode())
        near += _near(loot, voter.seat, loot.places(*names))
    return loot.complete((seat, ballot) for _, seat, ballot in sorted(near))


def _near(loot: Loot, seat: int, marks: Sequence[int]) -> list[tuple[int, int, Ballot]]:
    """The ballots near these places, with their distance."""
    marks = sorted(marks)
    return [
        (abs(place - mark), seat, ballot)
        for ballot in loot.box
        for place in loot.places(*loot.traces(ballot))
        for mark in marks[bisect_left(marks, place - NEAR) : bisect_right(marks, place + NEAR)]
    ]


def by_presses(loot: Loot) -> Guess:
    """The buttons that were pressed stand somewhere once more often than the others."""
    found: list[tuple[int, int, Ballot]] = []
    for voter in loot.voters:
        pressed = Counter(
            {
                number: len(loot.places(_packed(voter, option)))
                for number, option in enumerate(loot.options, 1)
            }
        )
        least = min(pressed.values())
        for ballot in loot.box:
            more = sum(pressed[number] - least for number in ballot)
            if more:
                found.append((-more, voter.seat, ballot))
    return loot.complete((seat, ballot) for _, seat, ballot in sorted(found))


def _packed(voter: Voter, option: int) -> bytes:
    return pack(Vote(voter.entry, option, 0, 0)).encode()


def by_what_is_kept_of_people(loot: Loot) -> Guess:
    """A row about a person, in any table, in which a ballot's words or dots stand."""
    found: list[tuple[int, int, Ballot]] = []
    for voter in loot.voters:
        actions = {_packed(voter, option).decode(): n for n, option in enumerate(loot.options, 1)}
        for row in loot.about(voter):
            words = _words(row)
            dotted = {actions[a] for a, label in _buttons(row) if a in actions and "●" in label}
            for ballot in loot.box:
                told = any(trace.decode() in words for trace in loot.traces(ballot))
                if told or dotted == set(ballot):
                    found.append((len(words), voter.seat, ballot))
    return loot.complete((seat, ballot) for _, seat, ballot in sorted(found))


def _buttons(value: Any) -> list[tuple[str, str]]:
    """All buttons in a row, as they stand in a message, on the way out, or on a posted card."""
    if isinstance(value, Mapping):
        made = [one for inner in value.values() for one in _buttons(inner)]
        if isinstance(value.get("action"), str):
            made.append((value["action"], str(value)))
        if isinstance(value.get("actions"), list) and isinstance(value.get("labels"), list):
            made += [
                (str(a), str(label))
                for a, label in zip(value["actions"], value["labels"], strict=False)
            ]
        return made
    if isinstance(value, list):
        return [one for inner in value for one in _buttons(inner)]
    return []


def _about(loot: Loot, voter: Voter) -> list[Mapping[str, Any]]:
    """All rows that name a person or their seat."""
    names = {"person_id": voter.person, "seat_id": voter.seat, "viewer": voter.person}
    places = {"place": voter.key, "account": voter.key}
    mine = {**names, **places}
    return [
        row
        for rows in loot.rows.values()
        for row in rows
        if any(row.get(column) == value for column, value in mine.items())
        or voter.key in str(row.get("key", ""))
    ]


def _words(row: Mapping[str, Any]) -> str:
    return json.dumps(dict(row), default=str, ensure_ascii=False)


WAYS: dict[str, Callable[[Loot], Guess]] = {
    **{
        f"{name} in the order of {of}": in_order(name, of)
        for name in ("rows", "keys", "pseudonyms", "bytes", "last bytes")
        for of in ("votes", "reversed", "seats")
    },
    "check values": by_check_values,
    "a key left behind": by_key_left_behind,
    "neighbours": by_neighbours,
    "presses": by_presses,
    "rows about people": by_what_is_kept_of_people,
}
"""What an attacker may try."""


def by_transactions(of: str) -> Callable[[Loot], Guess]:
    """PostgreSQL: the numbers of the transactions that wrote the ballots."""
    return in_order("transactions", of)


# --- chance ------------------------------------------------------------------------------------


def hits_by_chance(voters: int, elections: int) -> list[float]:
    """How probable it is to be right so often (the index), without knowing anything.

    Whatever is guessed: if ballots lie there by chance, the number of right guesses in one
    election is that of the fixed points of a random permutation.
    """
    gone = [1, 0]
    for n in range(2, voters + 1):
        gone.append((n - 1) * (gone[n - 1] + gone[n - 2]))
    once = [comb(voters, k) * gone[voters - k] / factorial(voters) for k in range(voters + 1)]
    total = [1.0]
    for _ in range(elections):
        new = [0.0] * (len(total) + voters)
        for have, probability in enumerate(total):
            for k, more in enumerate(once):
                new[have + k] += probability * more
        total = new
    return total


def most_by_chance(voters: int, elections: int, false_alarm: float) -> int:
    """So many right guesses are exceeded by chance with at most this probability."""
    total, tail = hits_by_chance(voters, elections), 0.0
    for hits in range(len(total) - 1, -1, -1):
        tail += total[hits]
        if tail > false_alarm:
            return hits
    raise ValueError("there is no such bound")
