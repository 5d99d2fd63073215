"""Budget: which measures a budget pays, so that each seat decides on an equal share of it.

Rule: the method of equal shares with cost as cost; a seat's utility of a measure is its ballot
value (1, or its points) times the cost, so that measures are judged by votes and not by being
cheap. Completed by add-one and then by utilitarian greedy; measures above the whole budget are left
out first, and what nobody supports is never picked (voting.md, method ``budget`` and "Settled
points").
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from handlers.polls.methods import Counts, Settings, Value
from handlers.polls.methods.budget.equal_shares import Pick, equal_shares
from handlers.polls.rules import Base, Broken, Cast

MOST_POINTS = 5
"""A ballot by points gives each measure 1 to 5; nothing is 0."""

MOST_EUROS = 10**11
TAKE_BACK = 1
"""The ``part`` of a tap that takes the measure's points back."""

_NUMBERS = re.compile(r"\d{1,3}(?:(?:\s*[,;]\s*|\s+)\d{1,3})+")
_PAIRS = re.compile(r"\d{1,3}\s*=\s*\d{1,3}(?:(?:\s*[,;]\s*|\s+)\d{1,3}\s*=\s*\d{1,3})*")
_UNIT = r"(?:€|EUR|Euro|euros?)"
_AMOUNT = re.compile(
    rf"{_UNIT}?\s*(?:(?P<german>\d{{1,3}}(?:[.\s]\d{{3}})+|\d+)(?:,(?:00|-|–))?"
    rf"|(?P<english>\d{{1,3}}(?:,\d{{3}})+)(?:\.00)?)\s*{_UNIT}?",
    re.IGNORECASE,
)


def euros(text: str) -> int:
    """A typed amount in whole euros: ``250.000``, ``250 000 €``, ``EUR 250,000``.

    Raises ``Broken`` for anything else, cents, less than one euro, and absurd sums; and for
    ``250.00``, which may be a slip of ten thousands.
    """
    read = _AMOUNT.fullmatch(" ".join(text.split()))
    amount = int(re.sub(r"\D", "", read["german"] or read["english"])) if read else 0
    if not 1 <= amount <= MOST_EUROS:
        raise Broken("budget.amount_unreadable", typed=" ".join(text.split())[:40])
    return amount


class Budget:
    """Settings: ``budget`` and ``costs`` (whole euros, the latter in the options' order), and
    ``ballot``: ``approval`` or ``score``. Ballot: option id to 1, or to points."""

    name = "budget"
    secrecies: tuple[str, ...] = ("open", "roll_call", "secret")
    formal = False
    options: Literal["measures", "wanted", "none"] = "measures"

    def check(self, settings: Settings, options: int) -> None:
        """A cost for each measure, and at least one that the budget can pay."""
        budget, costs = int(settings["budget"]), settings["costs"]
        if not 1 <= budget <= MOST_EUROS:
            raise Broken("budget.budget_out_of_range", most=MOST_EUROS)
        if len(costs) != options or not all(1 <= cost <= MOST_EUROS for cost in costs):
            raise Broken("budget.costs_missing", n=options)
        if min(costs) > budget:
            raise Broken("budget.nothing_fits")

    def press(self, settings: Settings, ballot: Value, option: int, part: int, value: int) -> Value:
        """Approval: chosen or not. Points: so many, or (``part`` 1) none any more; the same tap
        twice changes nothing, because another measure is shown after the first one."""
        given, key = dict(ballot), str(option)
        if part == TAKE_BACK:
            given.pop(key, None)
        elif settings["ballot"] == "score":
            given[key] = _allowed(value)
        elif key in given:
            del given[key]
        else:
            given[key] = 1
        return given

    def write(self, settings: Settings, ballot: Value, part: int, text: str) -> Value:
        """Nothing is written on this ballot."""
        raise Broken("budget.nothing_to_write")

    def typed(
        self, settings: Settings, ballot: Value, options: Sequence[int], text: str
    ) -> Value | None:
        """Points: ``2=4``. Approval: ``1 3 5``, the whole choice by the places on the card."""
        numbers = [int(number) for number in re.findall(r"\d+", text)]
        if settings["ballot"] == "score":
            if not _PAIRS.fullmatch(text.strip()):
                return None
            given = dict(ballot)
            for number, points in zip(numbers[::2], numbers[1::2], strict=True):
                key = str(_option(options, number))
                if points:
                    given[key] = _allowed(points)
                else:
                    given.pop(key, None)
            return given
        if not _NUMBERS.fullmatch(text.strip()):
            return None
        return {str(_option(options, number)): 1 for number in numbers}

    def valid(self, settings: Settings, ballot: Value, options: Sequence[int]) -> bool:
        """Only options of this poll; 1, or 1 to 5 points."""
        most = MOST_POINTS if settings["ballot"] == "score" else 1
        return set(ballot) <= {str(option) for option in options} and all(
            type(value) is int and 1 <= value <= most for value in ballot.values()
        )

    def answered(self, settings: Settings, ballot: Value, option: int) -> bool:
        """Whether the measure is supported."""
        return str(option) in ballot

    def running(self, settings: Settings, options: Sequence[int], casts: Sequence[Cast]) -> Counts:
        """The support so far, as ``tally`` counts it; the money is only shared out at the end."""
        costs = [int(cost) for cost in settings["costs"]]
        return {"cast": len(casts), "measures": _measures(options, costs, _votes(options, casts))}

    def tally(
        self, settings: Settings, options: Sequence[int], casts: Sequence[Cast], base: Base
    ) -> Counts:
        """``picks`` in the order in which they were paid (see ``Pick``; amounts in euros, shares
        and prices exact), the ``measures`` with their support, and what is ``left``."""
        costs, budget = [int(cost) for cost in settings["costs"]], int(settings["budget"])
        votes = _votes(options, casts)
        outcome = equal_shares(costs, votes, budget)
        spent = sum(costs[pick.measure] for pick in outcome.picks)
        return {
            "cast": len(casts),
            "budget": budget,
            "share": str(outcome.share),
            "raised": outcome.raised,
            "spent": spent,
            "left": budget - spent,
            "picks": [_pick(pick, options[pick.measure], costs) for pick in outcome.picks],
            "measures": _measures(options, costs, votes),
            "too_dear": [o for o, cost in zip(options, costs, strict=True) if cost > budget],
        }


def _votes(options: Sequence[int], casts: Sequence[Cast]) -> list[dict[int, int]]:
    """For each ballot the places of its measures on the list, and their points."""
    at = {str(option): index for index, option in enumerate(options)}
    return [
        {
            at[key]: int(value)
            for key, value in cast.value.items()
            if key in at and not (cast.barred and int(key) in cast.barred)
        }
        for cast in casts
    ]


def _measures(
    options: Sequence[int], costs: Sequence[int], votes: Sequence[Mapping[int, int]]
) -> list[dict[str, int]]:
    """Each measure with its cost and its support."""
    points, seats = [0] * len(costs), [0] * len(costs)
    for seat in votes:
        for index, value in seat.items():
            points[index] += value
            seats[index] += 1
    return [
        {"option": option, "cost": cost, "seats": seats[i], "points": points[i]}
        for i, (option, cost) in enumerate(zip(options, costs, strict=True))
    ]


def _pick(pick: Pick, option: int, costs: Sequence[int]) -> dict[str, Any]:
    return {
        "option": option,
        "cost": costs[pick.measure],
        "seats": pick.seats,
        "full": pick.full,
        "price": None if pick.price is None else str(pick.price),
        "tie": pick.tie,
    }


def _allowed(points: int) -> int:
    if not 1 <= points <= MOST_POINTS:
        raise Broken("budget.points_out_of_range", most=MOST_POINTS)
    return points


def _option(options: Sequence[int], number: int) -> int:
    if not 1 <= number <= len(options):
        raise Broken("budget.no_such_option", number=number, most=len(options))
    return options[number - 1]


RULES = Budget()
