"""Scoring (Bewertung): each option gets a value of a scale, or is skipped.

Rule: the highest mean first; of equal means the higher median, and what is equal then shares its
rank. With weighted criteria, all of it is taken over each seat's weighted total for the option, of
the seats that scored every criterion of it (voting.md, method ``score`` and Settled points; the
model is the Nutzwertanalyse). What was skipped counts nowhere, least of all as 0.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, lcm
from typing import Any, Literal

from handlers.polls.methods.places import place, unranked
from handlers.polls.methods.score import criteria
from handlers.polls.rules import Base, Broken, Cast, Count, rank

Settings = Mapping[str, Any]
Value = dict[str, Any]

SCALES = ((0, 5), (1, 10))
"""Lowest and highest value that may be given."""

TAKE_BACK = criteria.MOST
"""The ``part`` of a tap that takes all values of the option back; the others are criteria."""

_MEANT = re.compile(r"\s*\d{1,3}\s*=")
_GIVEN = re.compile(r"(\d{1,3})\s*=\s*((?:\d{1,3}|[-–])(?:\s*/\s*(?:\d{1,3}|[-–]))*)")
_BARE = re.compile(r"\s*\d{1,2}\s*")


@dataclass(frozen=True, slots=True)
class Numbers:
    """What an option got: exact mean, median and variance (of all that was given, not a sample).

    ``criteria`` are the means of each criterion, over the same seats. None of it without a score.
    """

    option: int
    n: int
    partial: int
    """Seats that scored some criteria of the option but not all: they do not count here."""
    mean: Fraction | None = None
    median: Fraction | None = None
    variance: Fraction | None = None
    criteria: tuple[Fraction, ...] = ()


class Score:
    """Settings: ``low`` and ``high`` of the scale, ``criteria`` where there are some.

    Ballot: option id to its value – or, with criteria, to a list with a value (or null) for each.
    ``part`` of a tap is the criterion's index, or ``TAKE_BACK``.
    """

    name = "score"
    secrecies: tuple[str, ...] = ("open", "roll_call", "secret")
    formal = False
    options: Literal["measures", "wanted", "none"] = "measures"

    def check(self, settings: Settings, options: int) -> None:
        """A known scale; no criteria, or 2 to 6 whose weights sum to 100 %."""
        if (settings["low"], settings["high"]) not in SCALES:
            raise Broken("score.no_such_scale")
        weighed = criteria.of_settings(settings)
        if weighed:
            criteria.check(weighed)

    def press(self, settings: Settings, ballot: Value, option: int, part: int, value: int) -> Value:
        """Give the value instead of any other, or take the option's values back. The same tap
        twice changes nothing."""
        key, many = str(option), len(settings.get("criteria", ()))
        if part == TAKE_BACK:
            return _with(ballot, key, None)
        if not settings["low"] <= value <= settings["high"]:
            raise Broken("score.out_of_scale", low=settings["low"], high=settings["high"])
        if not 0 <= part < max(many, 1):
            raise Broken("polls.not_yours")
        if not many:
            return _with(ballot, key, value)
        values = list(ballot.get(key, [None] * many))
        values[part] = value
        return _with(ballot, key, values)

    def write(self, settings: Settings, ballot: Value, part: int, text: str) -> Value:
        """There is nothing to write on this ballot."""
        raise Broken("polls.nothing_to_write")

    def typed(
        self, settings: Settings, ballot: Value, options: Sequence[int], text: str
    ) -> Value | None:
        """``2=4 3=5``: options by their number in the list; ``2=4/3`` by criteria; ``-`` for none.

        A bare number is the button of that name or number; only what would be taken for another
        value than it says is refused.
        """
        low, high = settings["low"], settings["high"]
        many = len(settings.get("criteria", ()))
        if not many and _BARE.fullmatch(text) and high < int(text) <= high - low + 1:
            # Buttons are numbered from 1: on a scale from 0, this one gives the highest value.
            raise Broken("score.out_of_scale", low=low, high=high)
        if not _MEANT.match(text):
            return None
        rest = _GIVEN.sub("", text)
        if re.search(r"[^\s,;.]", rest):
            raise Broken("score.typed_unreadable")
        changed = dict(ballot)
        for number, given in _GIVEN.findall(text):
            if not 1 <= int(number) <= len(options):
                raise Broken("score.no_such_option", number=int(number), most=len(options))
            values = [_number(one, low, high) for one in given.split("/")]
            if len(values) != max(many, 1):
                wanted = "score.typed_one_value" if not many else "score.typed_criteria"
                raise Broken(wanted, n=many, number=int(number))
            key = str(options[int(number) - 1])
            changed = _with(changed, key, values if many else values[0])
        return changed

    def valid(self, settings: Settings, ballot: Value, options: Sequence[int]) -> bool:
        """Options of this poll, values of the scale, as many as there are criteria."""
        known = {str(option) for option in options}
        many = len(settings.get("criteria", ()))
        scale = range(settings["low"], settings["high"] + 1)

        def fits(given: Any) -> bool:
            if not many:
                return type(given) is int and given in scale
            return (
                isinstance(given, list)
                and len(given) == many
                and any(one is not None for one in given)
                and all(one is None or (type(one) is int and one in scale) for one in given)
            )

        return all(key in known and fits(given) for key, given in ballot.items())

    def answered(self, settings: Settings, ballot: Value, option: int) -> bool:
        """Whether the option is scored, by every criterion where there are some."""
        given = ballot.get(str(option))
        return None not in given if isinstance(given, list) else given is not None

    def tally(
        self, settings: Settings, options: Sequence[int], casts: Sequence[Cast], base: Base
    ) -> dict[str, Any]:
        """Mean, median, variance and count of each option, all exact.

        ``ballots``: all, ``low`` and ``high`` of the scale, ``criteria``: how many, ``tiebreak``:
        whether a median decided, ``places``: with ``mean``, ``median``, ``variance`` (fractions
        as strings, null without a score), ``n``, ``partial``, ``ballots`` (that have a say in the
        option), and ``criteria`` (means, in the criteria's order).
        """
        low, high = settings["low"], settings["high"]
        weighed = criteria.of_settings(settings)
        given, barred = _gathered(options, casts)
        numbers = {o: _numbers(o, given[str(o)], weighed, low + high) for o in options}
        scored = [
            Count(o, x.mean, x.n, x.median)
            for o, x in numbers.items()
            if x.mean is not None and x.median is not None
        ]
        ranked = rank(scored)
        places = [
            place(r, **_frozen(numbers[r.count.option], len(casts) - barred[r.count.option]))
            for r in ranked
        ]
        places += [
            unranked(o, **_frozen(x, len(casts) - barred[o]))
            for o, x in numbers.items()
            if x.mean is None
        ]
        return {
            "ballots": len(casts),
            "low": low,
            "high": high,
            "criteria": len(weighed),
            "tiebreak": any(r.by_tiebreak for r in ranked),
            "places": places,
        }


def deviation(variance: Fraction) -> Fraction:
    """The standard deviation in whole hundredths, half up; for display, nothing depends on it."""
    # floor(√x + ½) = floor((floor(√(4x)) + 1) / 2), so that no float is needed.
    return Fraction((isqrt(int(4 * variance * 10_000)) + 1) // 2, 100)


def _with(ballot: Value, key: str, given: Any) -> Value:
    """The ballot with this value of an option, or without the option where nothing is left."""
    empty = given is None or (isinstance(given, list) and all(one is None for one in given))
    rest = {other: value for other, value in ballot.items() if other != key}
    return rest if empty else {**rest, key: given}


def _number(typed: str, low: int, high: int) -> int | None:
    if not typed.strip().isdecimal():
        return None
    if not low <= int(typed) <= high:
        raise Broken("score.out_of_scale", low=low, high=high)
    return int(typed)


def _gathered(
    options: Sequence[int], casts: Sequence[Cast]
) -> tuple[dict[str, list[Any]], dict[int, int]]:
    """For each option what was given, and for how many ballots it is barred."""
    found: dict[str, list[Any]] = {str(option): [] for option in options}
    barred = dict.fromkeys(options, 0)
    for cast in casts:
        for option in cast.barred & barred.keys():
            barred[option] += 1
        for key, value in cast.value.items():
            if key in found and not (cast.barred and int(key) in cast.barred):
                found[key].append(value)
    return found, barred


def _numbers(
    option: int, given: list[Any], weighed: Sequence[criteria.Criterion], ends: int
) -> Numbers:
    """Exact numbers of an option; ``ends``: lowest plus highest, to count from the other end."""
    if not weighed:
        return Numbers(option, len(given), 0, *_statistics(Counter(given), 1))
    whole = [values for values in given if None not in values]
    n, partial = len(whole), len(given) - len(whole)
    if not n:
        return Numbers(option, 0, partial)
    # Integers until the end: a total is so many parts of a common denominator.
    parts = lcm(*(criterion.weight.denominator for criterion in weighed))
    weights = [int(c.weight * parts) * (-1 if c.less else 1) for c in weighed]
    turned = sum(int(c.weight * parts) * ends for c in weighed if c.less)
    totals, columns = [turned] * n, list(zip(*whole, strict=True))
    for weight, column in zip(weights, columns, strict=True):
        totals = [total + weight * value for total, value in zip(totals, column, strict=True)]
    means = tuple(Fraction(sum(column), n) for column in columns)
    return Numbers(option, n, partial, *_statistics(Counter(totals), parts), means)


def _statistics(
    given: Mapping[int, int], parts: int
) -> tuple[Fraction | None, Fraction | None, Fraction | None]:
    """Mean, median and variance of values (to how many gave them) in so many ``parts`` of 1."""
    n = sum(given.values())
    if not n:
        return None, None, None
    mean = Fraction(sum(value * seats for value, seats in given.items()), n)
    squares = Fraction(sum(value * value * seats for value, seats in given.items()), n)
    middle = Fraction(_at(given, (n - 1) // 2) + _at(given, n // 2), 2)
    return mean / parts, middle / parts, (squares - mean * mean) / parts**2


def _at(given: Mapping[int, int], position: int) -> int:
    """The value at this position (from 0) when all are sorted."""
    for value in sorted(given):
        position -= given[value]
        if position < 0:
            return value
    raise IndexError(position)


def _frozen(numbers: Numbers, ballots: int) -> dict[str, Any]:
    def exact(value: Fraction | None) -> str | None:
        return None if value is None else str(value)

    return {
        "mean": exact(numbers.mean),
        "median": exact(numbers.median),
        "variance": exact(numbers.variance),
        "n": numbers.n,
        "partial": numbers.partial,
        "ballots": ballots,
        "criteria": [str(mean) for mean in numbers.criteria],
    }
