"""What the dialog asks for a budget: how much there is, what each measure costs, which ballot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from handlers.chat import Join, Money, Refusal, Text, Translated, plain
from handlers.forms import Choice, Field, Given
from handlers.polls.methods.budget.rules import euros
from handlers.polls.methods.places import MOST_PLACES, in_short
from handlers.polls.rules import Broken, alike
from handlers.router import Context
from storage import measures

_MARK = re.compile(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s+")
_CHANGE = re.compile(r"\s*(\d{1,3})\s*=\s*(.+)")


def _measures(ctx: Context, given: Given) -> list[tuple[Text, int | None]]:
    """The options as they will stand on the ballot, with what their resource plans say."""
    if not given["source"]:
        typed = list(given["options"])
        if given.get("alike") == "drop":
            second = {pair[1] for pair in alike(typed)}
            typed = [option for option in typed if option not in second]
        return [(plain(option), None) for option in typed]
    chosen = set(given["measures"])
    return [
        (Text("budget.coded", code=m.code, option=Translated(m.title)), m.one_off_eur or None)
        for m in measures.of_town(ctx.tx, ctx.town.id)
        if m.id in chosen
    ]


def _ask_costs(ctx: Context, given: Given) -> tuple[Text, ...]:
    """How costs are said, and the list with what is known; of a long one, what is missing."""
    found = _measures(ctx, given)
    listed = [
        Text("budget.cost_line", number=number, option=option, cost=Money(cost))
        if cost
        else Text("budget.cost_line_missing", number=number, option=option)
        for number, (option, cost) in enumerate(found, start=1)
    ]
    known = all(cost for _, cost in found)
    if len(listed) > MOST_PLACES and not known:
        listed = [line for line, (_, cost) in zip(listed, found, strict=True) if not cost]
    ask = Text("budget.ask_costs_known" if known else "budget.ask_costs")
    return ask, Text("budget.cost_lines", lines=Join(in_short(listed)))


def _known(ctx: Context, given: Given) -> Sequence[Choice]:
    costs = [cost for _, cost in _measures(ctx, given)]
    return [Choice(Text("budget.take_costs"), costs)] if all(costs) else []


def read_costs(text: str, known: Sequence[int | None]) -> list[int]:
    """The costs in the options' order: an amount a line for all or for the missing ones, or
    changes like ``3=12.000``. Raises ``Broken`` where something is missing or unreadable.
    """
    typed = [_MARK.sub("", line).strip() for line in re.split(r"[\n;]", text)]
    lines = [line for line in typed if line]
    changes = [_CHANGE.fullmatch(line) for line in lines]
    costs = list(known)
    if lines and all(changes):
        for change in changes:
            number = int(change[1]) if change else 0
            if not 1 <= number <= len(costs):
                raise Broken("budget.no_such_option", number=number, most=len(costs))
            costs[number - 1] = euros(change[2]) if change else None
    else:
        amounts = [euros(line.rpartition(":")[2]) for line in lines]
        missing = [index for index, cost in enumerate(costs) if not cost]
        if len(amounts) == len(costs):
            costs = list(amounts)
        elif len(amounts) == len(missing):
            for index, amount in zip(missing, amounts, strict=True):
                costs[index] = amount
        else:
            raise Broken("budget.costs_missing", n=len(missing) or len(costs))
    found = [cost for cost in costs if cost]
    if len(found) < len(costs):
        raise Broken("budget.costs_missing", n=len(costs) - len(found))
    return found


def _read_costs(ctx: Context, given: Given, text: str) -> list[int]:
    try:
        return read_costs(text, [cost for _, cost in _measures(ctx, given)])
    except Broken as broken:
        raise Refusal(Text(broken.message, **broken.named)) from None


def _read_budget(ctx: Context, given: Given, text: str) -> int:
    try:
        return euros(text)
    except Broken as broken:
        raise Refusal(Text(broken.message, **broken.named)) from None


def _ballots(ctx: Context, given: Given) -> Sequence[Choice]:
    return [
        Choice(Text("budget.by_approval"), "approval"),
        Choice(Text("budget.by_points"), "score"),
    ]


FIELDS = (
    Field("budget_costs", _ask_costs, _known, _read_costs),
    Field("budget_total", lambda ctx, given: (Text("budget.ask_total"),), parse=_read_budget),
    Field("budget_ballot", lambda ctx, given: (Text("budget.ask_ballot"),), _ballots),
)


def settings(ctx: Context, given: Given) -> dict[str, Any]:
    """``budget`` and ``costs`` in whole euros (the costs in the options' order), ``ballot``."""
    return {
        "budget": int(given["budget_total"]),
        "costs": [int(cost) for cost in given["budget_costs"]],
        "ballot": given["budget_ballot"],
    }
