"""Ranking: each seat puts some options in order; the order of all is Schulze's.

Rule: an option's win over another is as strong as the number of ballots that prefer it (winning
votes); a path is as strong as its weakest win; an option beats another if its strongest path to it
is stronger than the one back. Rank = 1 + number of options that beat it. Unranked options share the
last place. Borda points and first choices are counted beside it (voting.md, method ``ranking`` and
"Settled points"; M. Schulze, Social Choice and Welfare 36, 2011).
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Literal

from handlers.polls.methods import Counts, Settings, Value
from handlers.polls.rules import Base, Broken, Cast

_TYPED = re.compile(r"\d{1,3}(?:(?:\s*[,;>]\s*|\s+)\d{1,3})+")

_FIELDS = ((1, "B"), (2, "H"), (4, "I"))
"""Bytes of a count, and how ``struct`` calls them."""

Ordered = tuple[Sequence[int], frozenset[int]]
"""A ballot's options, the best one first, and those in which it has no say."""


def order(ballot: Value) -> list[int]:
    """The options that the ballot names, the best one first."""
    return [int(option) for option in ballot.get("order", ())]


class Ranking:
    """Settings: ``top``, how many places a seat may give (0: all). Ballot: ``order``, ids."""

    name = "ranking"
    secrecies: tuple[str, ...] = ("open", "roll_call", "secret")
    formal = False
    options: Literal["measures", "wanted", "none"] = "measures"

    def check(self, settings: Settings, options: int) -> None:
        """As many places as there are options, at most."""
        if not 0 <= int(settings["top"]) <= options:
            raise Broken("ranking.top_out_of_range", n=options)

    def press(self, settings: Settings, ballot: Value, option: int, part: int, value: int) -> Value:
        """The option gets the next place; one that has a place loses it, and the rest moves up."""
        given = order(ballot)
        if option in given:
            given.remove(option)
        elif settings["top"] and len(given) >= settings["top"]:
            raise Broken("ranking.all_given", n=int(settings["top"]))
        else:
            given.append(option)
        return _ballot(given)

    def write(self, settings: Settings, ballot: Value, part: int, text: str) -> Value:
        """Nothing is written on this ballot."""
        raise Broken("ranking.nothing_to_write")

    def typed(
        self, settings: Settings, ballot: Value, options: Sequence[int], text: str
    ) -> Value | None:
        """``3 1 2``: the whole order, by the options' places on the card."""
        if not _TYPED.fullmatch(text.strip()):
            return None
        given: list[int] = []
        for number in map(int, re.findall(r"\d+", text)):
            if not 1 <= number <= len(options):
                raise Broken("ranking.no_such_option", number=number, most=len(options))
            if options[number - 1] in given:
                raise Broken("ranking.twice", number=number)
            given.append(options[number - 1])
        if settings["top"] and len(given) > settings["top"]:
            raise Broken("ranking.too_many", n=int(settings["top"]))
        return _ballot(given)

    def valid(self, settings: Settings, ballot: Value, options: Sequence[int]) -> bool:
        """Only options of this poll, none twice, no more than there are places."""
        if set(ballot) - {"order"} or not isinstance(ballot.get("order", []), list):
            return False
        given = ballot.get("order", [])
        return (
            all(isinstance(option, str) for option in given)
            and len(set(given)) == len(given)
            and set(given) <= {str(option) for option in options}
            and len(given) <= (int(settings["top"]) or len(options))
        )

    def answered(self, settings: Settings, ballot: Value, option: int) -> bool:
        """Whether the option has a place."""
        return option in order(ballot)

    def tally(
        self, settings: Settings, options: Sequence[int], casts: Sequence[Cast], base: Base
    ) -> Counts:
        """Places, the comparisons two by two, and the Condorcet winner, if there is one.

        ``places``: for each option ``rank`` (0 without a ballot), ``shared``, ``beats``,
        ``beaten_by``, ``borda``, ``first`` and ``named`` (ballots that gave it any place).
        ``duels``: rows and columns in the order of ``options``: ballots that prefer the row's.
        """
        ballots = [
            ([o for o in order(dict(cast.value)) if o not in cast.barred], cast.barred)
            for cast in casts
        ]
        duels = compare(options, ballots)
        beats, beaten, wins = stronger(duels)
        twice = _twice_borda(options, ballots, duels)
        first = Counter(given[0] for given, _ in ballots if given)
        named = Counter(option for given, _ in ballots for option in given)
        alike = Counter(beaten)
        places = [
            {
                "option": option,
                "rank": beaten[i] + 1 if casts else 0,
                "shared": bool(casts) and alike[beaten[i]] > 1,
                "beats": beats[i],
                "beaten_by": beaten[i],
                "borda": str(Fraction(twice[i], 2)),
                "first": first[option],
                "named": named[option],
            }
            for i, option in enumerate(options)
        ]
        others = len(options) - 1
        return {
            "cast": len(casts),
            "places": sorted(places, key=lambda place: place["rank"]),
            "condorcet": next(
                (o for o, won in zip(options, wins, strict=True) if won == others), None
            ),
            "duels": duels,
        }


def _ballot(given: Sequence[int]) -> dict[str, Any]:
    return {"order": [str(option) for option in given]} if given else {}


def compare(options: Sequence[int], ballots: Sequence[Ordered]) -> list[list[int]]:
    """How many ballots prefer each option (row) to each other one (column).

    A row is counted as one big integer with a field for each option, wide enough for all ballots:
    what stands behind an option on a ballot is a number too, and is added at once.
    """
    width, code = next((w, c) for w, c in _FIELDS if len(ballots) < 256**w)
    field = {option: 1 << 8 * width * index for index, option in enumerate(options)}
    every = sum(field.values())
    rows = dict.fromkeys(options, 0)
    for given, barred in ballots:
        behind = every - sum(field[option] for option in barred if option in field)
        for option in given:
            behind -= field[option]
            rows[option] += behind
    long, form = width * len(options), struct.Struct(f"<{len(options)}{code}")
    return [list(form.unpack(row.to_bytes(long, "little"))) for row in rows.values()]


def stronger(duels: Sequence[Sequence[int]]) -> tuple[list[int], list[int], list[int]]:
    """For each option: how many others it beats, how many beat it, how many duels it wins.

    The wins are added from the strongest down, and who reaches whom is kept as sets of bits. A
    pair that is connected first in the one direction has its stronger path there; if both come
    with wins of the same strength, neither is stronger.
    """
    by_strength, won = _wins(duels)
    many = len(duels)
    reaches, reached = [0] * many, [0] * many
    beats, beaten = [0] * many, [0] * many
    for strength in sorted(by_strength, reverse=True):
        before, before_back = list(reaches), list(reached)
        changed, changed_back = 0, 0
        for i, to in by_strength[strength].items():
            sources, targets = _connect(i, to, reaches, reached)
            changed |= sources
            changed_back |= targets
        for k in _members(changed):
            beats[k] += (reaches[k] & ~before[k] & ~reached[k]).bit_count()
        for k in _members(changed_back):
            beaten[k] += (reached[k] & ~before_back[k] & ~reaches[k]).bit_count()
    return beats, beaten, won


def _connect(i: int, to: int, reaches: list[int], reached: list[int]) -> tuple[int, int]:
    """Add the wins of one option; returns whose ``reaches`` and whose ``reached`` grew.

    Only what grows is touched, so that all wins together cost no more than there are pairs.
    """
    targets = left = to & ~reaches[i]
    while left:
        j = left.bit_length() - 1
        targets |= reaches[j]
        left &= ~(reaches[j] | 1 << j)
    targets &= ~reaches[i]
    sources = common = reached[i] | 1 << i
    for k in _members(targets):
        common &= reached[k]
        reached[k] |= sources
    if targets:
        sources &= ~common
        for k in _members(sources):
            reaches[k] |= targets
        return sources, targets
    return 0, 0


def _wins(duels: Sequence[Sequence[int]]) -> tuple[dict[int, dict[int, int]], list[int]]:
    """For each strength, of each option the set of those that it wins against; and how many."""
    by_strength: dict[int, dict[int, int]] = {}
    won = [0] * len(duels)
    for i, (row, back) in enumerate(zip(duels, zip(*duels, strict=True), strict=True)):
        for j, (strength, against) in enumerate(zip(row, back, strict=True)):
            if strength > against:
                won[i] += 1
                level = by_strength.setdefault(strength, {})
                level[i] = level.get(i, 0) | 1 << j
    return by_strength, won


def _members(bits: int) -> Iterator[int]:
    while bits:
        last = bits.bit_length() - 1
        yield last
        bits ^= 1 << last


def _twice_borda(
    options: Sequence[int], ballots: Sequence[Ordered], duels: Sequence[Sequence[int]]
) -> list[int]:
    """Borda points in halves: two for each option behind it on a ballot, one for each level one."""
    compared = len(ballots) * (len(options) - 1)
    lacking = dict.fromkeys(options, 0)
    known = set(options)
    for _, barred in ballots:
        out = barred & known
        if not out:
            continue
        for option in options:
            lacking[option] += len(options) - 1 if option in out else len(out)
    return [
        compared - lacking[option] + sum(row) - sum(back)
        for option, row, back in zip(options, duels, zip(*duels, strict=True), strict=True)
    ]


RULES = Ranking()
