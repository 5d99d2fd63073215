"""Systemic consensing: each seat says how much resistance it has to each option, 0 to 10.

Rule: the lowest mean goes first; sum, count, the share of 8 to 10 and the acceptance
(1 − mean/10) stand beside it. An option without a value is not 0 and has no rank. The status quo
(Passivlösung) is always one of the options, the last one (voting.md, method ``consensing`` and
"Settled points").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

from handlers.polls.facts import Words
from handlers.polls.methods import Counts, Settings, Value
from handlers.polls.methods.places import place, unranked
from handlers.polls.rules import Base, Broken, Cast, Count, rank

MOST = 10
"""The most resistance; 0 is none."""

STRONG = 8
"""From here on resistance is strong, and its share is shown."""

TAKE_BACK = 1
"""The ``part`` of a tap that takes the option's value back."""

STATUS_QUO: Words = {
    "de": "Alles bleibt, wie es ist (Passivlösung)",
    "en": "Everything stays as it is (status quo)",
    "de-simple": "Alles bleibt, wie es ist",
}

_PAIRS = re.compile(r"\d{1,3}\s*=\s*\d{1,3}(?:(?:\s*[,;]\s*|\s+)\d{1,3}\s*=\s*\d{1,3})*")
_LIST = re.compile(r"\d{1,3}(?:(?:\s*[,;]\s*|\s+)\d{1,3})+")


class Consensing:
    """Settings: ``status_quo`` (``last``: it is added as the last option, in ``words`` if there are
    any; ``given``: the last option is it). Ballot: option id to resistance."""

    name = "consensing"
    secrecies: tuple[str, ...] = ("open", "roll_call", "secret")
    formal = False
    options: Literal["measures", "wanted", "none"] = "measures"

    def extra_options(self, settings: Settings) -> tuple[Words, ...]:
        """What opening adds behind the options that coordination chose: the status quo."""
        if settings["status_quo"] == "given":
            return ()
        return (settings.get("words") or STATUS_QUO,)

    def check(self, settings: Settings, options: int) -> None:
        """The status quo is an option in any case."""
        if settings.get("status_quo") not in ("last", "given"):
            raise Broken("consensing.no_status_quo")

    def press(self, settings: Settings, ballot: Value, option: int, part: int, value: int) -> Value:
        """The resistance, or (``part`` 1) none said any more. The same tap twice changes nothing:
        after the first one another option is shown in its place."""
        given = dict(ballot)
        if part == TAKE_BACK:
            given.pop(str(option), None)
        else:
            given[str(option)] = _allowed(value)
        return given

    def write(self, settings: Settings, ballot: Value, part: int, text: str) -> Value:
        """Nothing is written on this ballot."""
        raise Broken("consensing.nothing_to_write")

    def typed(
        self, settings: Settings, ballot: Value, options: Sequence[int], text: str
    ) -> Value | None:
        """``2=8`` (several, too), or the values of all options in their order: ``0 8 3``.

        Where only one option is shown, its value may be typed alone.
        """
        numbers = [int(number) for number in re.findall(r"\d+", text)]
        whole = False
        if _PAIRS.fullmatch(text.strip()):
            pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        elif len(options) == 1 and re.fullmatch(r"\d{1,2}", text.strip()):
            pairs = [(1, numbers[0])]
        elif _LIST.fullmatch(text.strip()):
            if len(numbers) != len(options):
                raise Broken("consensing.values_for_all", n=len(numbers), all=len(options))
            whole, pairs = True, list(enumerate(numbers, start=1))
        else:
            return None
        given = dict(ballot)
        for number, value in pairs:
            if not 1 <= number <= len(options):
                raise Broken("consensing.no_such_option", number=number, most=len(options))
            option = options[number - 1]
            if option > 0 or not whole:
                given[str(option)] = _allowed(value)
        return given

    def valid(self, settings: Settings, ballot: Value, options: Sequence[int]) -> bool:
        """Only options of this poll, and whole numbers from 0 to 10."""
        return set(ballot) <= {str(option) for option in options} and all(
            type(value) is int and 0 <= value <= MOST for value in ballot.values()
        )

    def answered(self, settings: Settings, ballot: Value, option: int) -> bool:
        """Whether there is a value; 0 is one."""
        return str(option) in ballot

    def tally(
        self, settings: Settings, options: Sequence[int], casts: Sequence[Cast], base: Base
    ) -> Counts:
        """``places``, each with ``mean`` (none without a value), ``sum``, ``count`` (values),
        ``strong`` (of them 8 to 10) and ``acceptance``; and which option is the ``status_quo``."""
        given: dict[str, list[int]] = {str(option): [] for option in options}
        for cast in casts:
            for key, value in cast.value.items():
                if key in given and not (cast.barred and int(key) in cast.barred):
                    given[key].append(value)
        values = {option: Counter(given[str(option)]) for option in options}
        means = {o: _mean(found) for o, found in values.items() if found}
        ranked = rank([Count(o, -mean, values[o].total()) for o, mean in means.items()])
        places = [place(r, **_numbers(values[r.count.option])) for r in ranked]
        places += [unranked(o, **_numbers(values[o])) for o in options if o not in means]
        return {"cast": len(casts), "places": places, "status_quo": options[-1]}


def _allowed(value: int) -> int:
    if not 0 <= value <= MOST:
        raise Broken("consensing.out_of_range", most=MOST)
    return value


def _mean(given: Mapping[int, int]) -> Fraction:
    return Fraction(_sum(given), sum(given.values()))


def _sum(given: Mapping[int, int]) -> int:
    return sum(value * seats for value, seats in given.items())


def _numbers(given: Mapping[int, int]) -> dict[str, Any]:
    """What is frozen of an option; ``given``: how many seats gave each value."""
    mean = _mean(given) if given else None
    return {
        "mean": None if mean is None else str(mean),
        "sum": _sum(given),
        "count": sum(given.values()),
        "strong": sum(seats for value, seats in given.items() if value >= STRONG),
        "acceptance": None if mean is None else str(1 - mean / MOST),
    }


RULES = Consensing()
