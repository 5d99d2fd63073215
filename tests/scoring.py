"""Scales, criteria and shorthands of the tests of scoring."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from handlers.polls.methods.score.criteria import Criterion
from handlers.polls.methods.score.rules import Score
from handlers.polls.rules import Base, Cast, Rules
from tests.methods import OPTIONS

RULES = Score()
BASE = Base(19, Rules())
FIVE: dict[str, Any] = {"low": 0, "high": 5, "criteria": []}
TEN: dict[str, Any] = {"low": 1, "high": 10, "criteria": []}
WEIGHED = (
    Criterion({"de": "Wirkung"}, Fraction(3, 5)),
    Criterion({"de": "Aufwand"}, Fraction(2, 5), less=True),
)
BY_TWO: dict[str, Any] = {**FIVE, "criteria": [criterion.stored() for criterion in WEIGHED]}


def tally(votes: list[dict[str, Any]], settings: dict[str, Any] = FIVE) -> dict[str, Any]:
    """Count these ballots."""
    return RULES.tally(settings, OPTIONS, [Cast(vote) for vote in votes], BASE)


def by_option(counts: Mapping[str, Any], what: str) -> dict[int, Any]:
    """One number of each option."""
    return {place["option"]: place[what] for place in counts["places"]}


def exact(counts: Mapping[str, Any], what: str) -> dict[int, Fraction]:
    """One fraction of each option that has it."""
    return {o: Fraction(value) for o, value in by_option(counts, what).items() if value is not None}
