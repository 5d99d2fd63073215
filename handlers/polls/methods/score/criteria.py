"""Weighted criteria of a score: how they are typed, kept and shown. Pure.

A criterion is something by which every option is scored ("Wirkung 60 %"). Weights are exact parts
of 1 and sum to 1. Of a criterion with ``less``, little is good (effort, cost): its scores count
from the other end of the scale.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from handlers.polls.rules import Broken

FEWEST, MOST = 2, 6
LONGEST_NAME = 40
LETTERS = "ABCDEF"
"""What stands before a criterion and on its buttons."""

_LINE = re.compile(
    r"(?P<name>.*?[^\s\d:=–-].*?)(?:\s*[:=]\s*|\s+[–-]\s+|\s+)"
    r"(?P<weight>\d{1,3}(?:[.,]\d{1,2})?)\s*(?:%|Prozent|percent|per cent)?",
    re.IGNORECASE,
)
_LESS = re.compile(
    r"[\s,;(–-]*(?:umgekehrt|weniger ist besser|wenig ist gut|reversed|less is better)\)?\s*$",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")


@dataclass(frozen=True, slots=True)
class Criterion:
    """Its words, its exact weight (parts of 1), and whether little is good."""

    name: Mapping[str, str]
    weight: Fraction
    less: bool = False

    def stored(self) -> dict[str, Any]:
        """As settings keep it (JSON)."""
        return {"name": dict(self.name), "weight": str(self.weight), "less": self.less}

    @staticmethod
    def of(stored: Mapping[str, Any]) -> Criterion:
        """From settings."""
        return Criterion(stored["name"], Fraction(stored["weight"]), bool(stored["less"]))


def of_settings(settings: Mapping[str, Any]) -> tuple[Criterion, ...]:
    """A poll's criteria in their order; none where options are scored as a whole."""
    return tuple(Criterion.of(stored) for stored in settings.get("criteria", ()))


def read(text: str, language: str) -> tuple[Criterion, ...]:
    """Typed lines: ``Wirkung 60 %``, ``Aufwand 40, umgekehrt``; without any weight all weigh alike.

    Raises ``Broken`` for too few or many, names that are long or stand twice, and weights that are
    missing, zero or do not sum to 100 %.
    """
    typed = [_line(_BULLET.sub("", line)) for line in text.splitlines() if line.strip()]
    missing = [name for name, weight, _ in typed if weight is None]
    if missing and len(missing) < len(typed):
        raise Broken("score.weight_missing", criterion=missing[0][:LONGEST_NAME])
    found = tuple(
        Criterion(
            {language: name}, Fraction(1, len(typed)) if weight is None else weight / 100, less
        )
        for name, weight, less in typed
    )
    check(found)
    return found


def _line(line: str) -> tuple[str, Fraction | None, bool]:
    bare = _LESS.sub("", line)
    less = bare != line
    weighed = _LINE.fullmatch(bare.strip())
    if weighed is None:
        return " ".join(bare.split()), None, less
    weight = Fraction(weighed["weight"].replace(",", "."))
    return " ".join(weighed["name"].split()), weight, less


def check(criteria: Sequence[Criterion]) -> None:
    """Raise ``Broken`` for criteria that make no sense; the weights must sum to 1 exactly."""
    if not FEWEST <= len(criteria) <= MOST:
        raise Broken("score.number_of_criteria", n=len(criteria), fewest=FEWEST, most=MOST)
    seen: set[str] = set()
    for criterion in criteria:
        for name in criterion.name.values():
            if not name:
                raise Broken("score.criterion_without_name")
            if len(name) > LONGEST_NAME:
                raise Broken("score.criterion_too_long", criterion=name[:20], most=LONGEST_NAME)
            if name.casefold() in seen:
                raise Broken("score.criterion_twice", criterion=name)
            seen.add(name.casefold())
        if criterion.weight <= 0:
            first = next(iter(criterion.name.values()), "")
            raise Broken("score.weight_zero", criterion=first)
    total = sum((c.weight for c in criteria), Fraction(0))
    if total != 1:
        raise Broken("score.weights_sum", total=percent(total))


def percent(weight: Fraction) -> str:
    """A typed weight's exact per cent with a comma; it has at most two decimals."""
    whole, rest = divmod(weight * 10_000, 100)
    decimals = f"{int(rest):02}".rstrip("0")
    return f"{whole},{decimals}" if decimals else f"{whole}"
