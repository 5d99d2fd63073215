"""How a budget looks: measures with what they cost, and why each one is paid. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from handlers.chat import Join, Money, Text, Translated, plain
from handlers.polls.facts import (
    BallotFacts,
    Bar,
    OptionFacts,
    PollFacts,
    ResultFacts,
    Row,
    Table,
    tap,
)
from handlers.polls.methods import Counts, Settings, Value
from handlers.polls.methods.budget.rules import MOST_POINTS, TAKE_BACK
from handlers.polls.methods.places import MOST_PLACES, in_short

CHOSEN, FREE, GIVEN = "☑", "☐", "✓"
A_PAGE = 8
"""So that a ballot is seen without scrolling (voting.md, Size)."""

TIES = {"seats": "budget.tie_seats", "cost": "budget.tie_cost", "place": "budget.tie_place"}


class BudgetViews:
    """A list of measures with a box each, or a card a measure with its points."""

    def a_page(self, settings: Settings, options: int) -> int:
        """A list where measures are chosen; a card each where they get points."""
        return 1 if _by_points(settings) else A_PAGE

    def how(self, poll: PollFacts) -> Text:
        """The rules in one sentence; the budget is no limit to a ballot."""
        budget = Money(int(poll.settings["budget"]))
        if _by_points(poll.settings):
            return Text("budget.how_points", budget=budget, most=MOST_POINTS)
        return Text("budget.how", budget=budget)

    def rows(
        self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts
    ) -> tuple[Row, ...]:
        """A button a measure with its cost – or its card with the points."""
        return tuple(self._row(poll, option, mine) for option in options)

    def _row(self, poll: PollFacts, option: OptionFacts, mine: BallotFacts) -> Row:
        if option.id in mine.barred:
            return Row((), Text("budget.barred", option=_named(option)))
        value = mine.value.get(str(option.id))
        if not _by_points(poll.settings):
            mark = FREE if value is None else CHOSEN
            return Row(((tap(mine, option.id, _priced(option), mark=mark),),))
        scale = tuple(
            tap(mine, option.id, plain(str(n)), n, mark=GIVEN if n == value else "")
            for n in range(1, MOST_POINTS + 1)
        )
        if value is None:
            return Row((scale,), Text("budget.option", option=_priced(option)))
        take_back = tap(mine, option.id, Text("budget.take_back"), part=TAKE_BACK)
        return Row(
            (scale, (take_back,)),
            Text("budget.option_points", n=value, option=_priced(option)),
        )

    def left(self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts) -> Text:
        """How many measures are supported, and what they cost together."""
        if not mine.cast:
            return Text("polls.not_voted_yet")
        chosen = [option for option in options if str(option.id) in mine.value]
        if not chosen:
            return Text("budget.none_chosen")
        cost = Money(sum(option.cost or 0 for option in chosen))
        budget = Money(int(poll.settings["budget"]))
        return Text("budget.chosen", n=len(chosen), cost=cost, budget=budget)

    def saved(
        self, poll: PollFacts, options: Sequence[OptionFacts], value: Value, option: int
    ) -> tuple[Text, str]:
        """How many measures are supported; which ones only where that may be said."""
        given = value.get(str(option))
        if _by_points(poll.settings):
            return Text("budget.saved", n=len(value)), "" if given is None else str(given)
        return Text("budget.saved", n=len(value)), FREE if given is None else CHOSEN

    def board(
        self, poll: PollFacts, options: Sequence[OptionFacts], counts: Counts | None
    ) -> tuple[Text, ...]:
        """The measures with their costs, and with their support where running totals are shown."""
        found = {m["option"]: m for m in counts["measures"]} if counts else {}
        return tuple(
            Text(
                "budget.line",
                option=_priced(option),
                seats=Text("budget.seats", n=found[option.id]["seats"]),
            )
            if option.id in found
            else Text("polls.option_line", option=_priced(option))
            for option in _with_costs(poll, options)
        )

    def result(self, facts: ResultFacts) -> tuple[Text, ...]:
        """Method, what was spent, and one sentence for each measure that is paid."""
        said = [Text("budget.procedure")]
        counts = facts.counts
        if not facts.cast or "picks" not in counts:
            return tuple(said)
        too_dear = _listed(facts, counts["too_dear"])
        if too_dear:
            shown = in_short(too_dear, MOST_PLACES)
            said.append(Text("budget.too_dear", n=len(too_dear), options=Join(shown, "; ")))
        picks = counts["picks"]
        if not picks:
            return (*said, Text("budget.nothing_picked"))
        if counts["raised"]:
            share, raised = Fraction(counts["share"]), Money(counts["raised"])
            said.append(Text("budget.share_raised", share=share, raised=raised))
        else:
            said.append(Text("budget.share", share=Fraction(counts["share"])))
        if any(pick["tie"] for pick in picks):
            said.append(Text("budget.ties"))
        spent, left = Money(counts["spent"]), Money(counts["left"])
        said.append(Text("budget.spent", n=len(picks), spent=spent, left=left))
        explained = tuple(
            self._explained(facts, number, pick)
            for number, pick in enumerate(picks[:MOST_PLACES], start=1)
        )
        said.append(Text("budget.picks", lines=Join(explained)))
        if len(picks) > MOST_PLACES:
            said.append(Text("polls.more_places", n=len(picks) - MOST_PLACES))
        return tuple(said)

    def _explained(self, facts: ResultFacts, number: int, pick: Mapping[str, Any]) -> Text:
        """Why this measure is paid, in one sentence, and which rule decided a tie."""
        why = _why(facts.settings, pick)
        named = Translated(facts.label(pick["option"]))
        place = f"{number}."
        if not pick["tie"]:
            return Text("budget.pick", place=place, option=named, why=why)
        tie = Text(TIES[pick["tie"]])
        return Text("budget.pick_tied", place=place, option=named, why=why, tie=tie)

    def bars(self, facts: ResultFacts) -> tuple[Bar, ...]:
        """How many seats support each measure: the paid ones in their order, then the others."""
        if not facts.cast:
            return ()
        found = {m["option"]: m for m in facts.counts.get("measures", ())}
        paid = [pick["option"] for pick in facts.counts.get("picks", ())]
        rest = sorted((o for o in found if o not in paid), key=lambda o: -found[o]["seats"])
        return tuple(
            Bar(
                f"{number}." if option in paid else "",
                plain(Translated(facts.label(option))),
                Fraction(found[option]["seats"]),
                Text("budget.seats", n=found[option]["seats"]),
                Text(
                    "budget.bar_paid" if option in paid else "budget.bar_not_paid",
                    cost=Money(found[option]["cost"]),
                ),
            )
            for number, option in enumerate([*paid, *rest], start=1)
        )

    def tables(self, facts: ResultFacts) -> tuple[Table, ...]:
        """Every measure with its support, and how the paid ones are paid."""
        picks = {p["option"]: (n, p) for n, p in enumerate(facts.counts.get("picks", ()), start=1)}
        columns = ["budget.col_turn", "polls.col_option", "budget.col_cost", "budget.col_seats"]
        if _by_points(facts.settings):
            columns.append("budget.col_points")
        columns += ["budget.col_paid", "budget.col_why"]
        rows = []
        for measure in facts.counts.get("measures", ()):
            number, pick = picks.get(measure["option"], (None, None))
            rows.append(
                (
                    number,
                    plain(Translated(facts.label(measure["option"]))),
                    int(measure["cost"]),
                    int(measure["seats"]),
                    *((int(measure["points"]),) if _by_points(facts.settings) else ()),
                    Text("budget.yes" if pick else "budget.no"),
                    None if pick is None else _why(facts.settings, pick),
                )
            )
        rows.sort(key=lambda row: (row[0] is None, row[0] or 0))
        head = tuple(Text(column) for column in columns)
        return (Table(Text("polls.sheet_result"), head, tuple(rows)),)

    def ballot_text(self, facts: ResultFacts, value: Value) -> Text:
        """The supported measures in the order of the list."""
        chosen = [option for option in facts.options if str(option.id) in value]
        if not chosen:
            return Text("budget.none_supported")
        if _by_points(facts.settings):
            said = tuple(
                Text("budget.my_points", option=_named(o), points=value[str(o.id)]) for o in chosen
            )
        else:
            said = tuple(_named(option) for option in chosen)
        return Text("polls.option_list", options=Join(said, "; "))


def _by_points(settings: Settings) -> bool:
    return bool(settings["ballot"] == "score")


def _why(settings: Settings, pick: Mapping[str, Any]) -> Text:
    """Who pays: all alike, some with their last money, or what was left over."""
    seats, cost = pick["seats"], Money(pick["cost"])
    if pick["price"] is None:
        return Text("budget.why_left_over", n=seats, cost=cost)
    price, full = Fraction(pick["price"]), pick["full"]
    if full < seats:
        why = "budget.why_poor_points" if _by_points(settings) else "budget.why_poor"
        return Text(why, n=seats, cost=cost, price=price, full=full, poor=seats - full)
    why = "budget.why_points" if _by_points(settings) else "budget.why"
    return Text(why, n=seats, cost=cost, price=price)


def _with_costs(poll: PollFacts, options: Sequence[OptionFacts]) -> list[OptionFacts]:
    """All options with the poll's costs: before it is stored, they have none of their own."""
    costs = poll.settings["costs"]
    return [replace(o, cost=cost) for o, cost in zip(options, costs, strict=True)]


def _listed(facts: ResultFacts, options: Sequence[int]) -> tuple[Text, ...]:
    return tuple(plain(Translated(facts.label(option))) for option in options)


def _named(option: OptionFacts) -> Text:
    words = Translated(option.label)
    return Text("budget.coded", code=option.code, option=words) if option.code else plain(words)


def _priced(option: OptionFacts) -> Text:
    if option.cost is None:
        return _named(option)
    return Text("budget.priced", option=_named(option), cost=Money(option.cost))


VIEWS = BudgetViews()
