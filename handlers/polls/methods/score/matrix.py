"""The effort–benefit matrix (Aufwand-Nutzen-Matrix): where each measure stands. Pure.

From two results by score (one asked for benefit, one for effort), or from one with exactly two
criteria, benefit first. The lines of the matrix are the middles of the scales: what is asked is
whether something is worth it, not whether it is above this poll's average.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from handlers.polls.facts import OptionFacts

Quadrant = Literal["quick_win", "project", "aside", "thankless"]
"""Much benefit for little effort; much for much; little for little; little for much."""


@dataclass(frozen=True, slots=True)
class Point:
    """An option: ``x`` its mean benefit, ``y`` its mean effort, both exact and on their scales."""

    option: int
    x: Fraction
    y: Fraction
    quadrant: Quadrant


def matrix(
    benefit: Mapping[str, Any],
    effort: Mapping[str, Any] | None = None,
    same: Mapping[int, int] | None = None,
) -> tuple[Point, ...]:
    """Points in the order of the places of ``benefit``; each is what ``Score.tally`` counted.

    Without ``effort``, ``benefit`` has exactly two criteria (ValueError otherwise). ``same`` says
    which option of ``effort`` an option of ``benefit`` is, where they are different polls. What
    either has no score for has no point. Exactly on a line, an option gets the better side.
    """
    x_middle = _middle(benefit)
    if effort is None:
        if benefit["criteria"] != 2:
            raise ValueError("a matrix from one result needs exactly two criteria")
        y_middle = x_middle
        found = {
            p["option"]: (Fraction(p["criteria"][0]), Fraction(p["criteria"][1]))
            for p in benefit["places"]
            if p["criteria"]
        }
    else:
        y_middle = _middle(effort)
        efforts = {p["option"]: p["mean"] for p in effort["places"] if p["mean"] is not None}
        found = {
            p["option"]: (Fraction(p["mean"]), Fraction(efforts[other]))
            for p in benefit["places"]
            if p["mean"] is not None
            and (other := same.get(p["option"]) if same is not None else p["option"]) in efforts
        }
    return tuple(
        Point(option, x, y, _quadrant(x >= x_middle, y <= y_middle))
        for option, (x, y) in found.items()
    )


def same_options(benefit: Sequence[OptionFacts], effort: Sequence[OptionFacts]) -> dict[int, int]:
    """Which option of one poll is which of the other: by the measure's code, else by its words."""
    by_code = {option.code: option.id for option in effort if option.code}
    by_words = {_words(option): option.id for option in effort}
    found = {}
    for option in benefit:
        other = by_code.get(option.code) if option.code else None
        other = other if other is not None else by_words.get(_words(option))
        if other is not None:
            found[option.id] = other
    return found


def _middle(counts: Mapping[str, Any]) -> Fraction:
    return Fraction(counts["low"] + counts["high"], 2)


def _quadrant(much: bool, easy: bool) -> Quadrant:
    if much:
        return "quick_win" if easy else "project"
    return "aside" if easy else "thankless"


def _words(option: OptionFacts) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((language, said.casefold()) for language, said in option.label.items()))
