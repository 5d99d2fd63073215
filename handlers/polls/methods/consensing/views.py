"""How consensing looks: a card an option with eleven buttons, and the least resistance. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from handlers.chat import Button, Join, Text, Translated, plain
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
from handlers.polls.methods.consensing.rules import MOST, TAKE_BACK
from handlers.polls.methods.places import Place, lines, rank_label, whole_percent

GIVEN = "✓"
A_ROW = 6
"""0 to 5 and 6 to 10: the middle of the scale ends a row."""


class ConsensingViews:
    """An option a card."""

    def a_page(self, settings: Settings, options: int) -> int:
        """Each option has a card of its own."""
        return 1

    def how(self, poll: PollFacts) -> Text:
        """The scale, and what skipping means."""
        return Text("consensing.how")

    def rows(
        self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts
    ) -> tuple[Row, ...]:
        """The option with its value, then the scale."""
        return tuple(self._row(option, mine) for option in options)

    def _row(self, option: OptionFacts, mine: BallotFacts) -> Row:
        if option.id in mine.barred:
            return Row((), Text("consensing.barred", option=_named(option)))
        value = mine.value.get(str(option.id))
        scale = [
            tap(mine, option.id, plain(str(n)), n, mark=GIVEN if n == value else "")
            for n in range(MOST + 1)
        ]
        rows: list[tuple[Button, ...]] = [tuple(scale[:A_ROW]), tuple(scale[A_ROW:])]
        if value is None:
            return Row(tuple(rows), Text("consensing.option", option=_named(option)))
        rows.append((tap(mine, option.id, Text("consensing.take_back"), part=TAKE_BACK),))
        return Row(
            tuple(rows), Text("consensing.option_valued", option=_named(option), value=value)
        )

    def left(self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts) -> Text:
        """How many options have a value; a warning of those that were skipped."""
        if not mine.cast:
            return Text("polls.not_voted_yet")
        mine_too = [option for option in options if option.id not in mine.barred]
        skipped = sum(str(option.id) not in mine.value for option in mine_too)
        if skipped:
            return Text("consensing.skipped", n=skipped, all=len(mine_too))
        return Text("consensing.complete", n=len(mine_too))

    def saved(
        self, poll: PollFacts, options: Sequence[OptionFacts], value: Value, option: int
    ) -> tuple[Text, str]:
        """How many options have a value; the value itself only where it may be said."""
        given = value.get(str(option))
        return Text("consensing.saved", n=len(value)), "" if given is None else str(given)

    def board(
        self, poll: PollFacts, options: Sequence[OptionFacts], counts: Counts | None
    ) -> tuple[Text, ...]:
        """The options, with their mean so far where running totals are shown."""
        found = {p["option"]: p for p in counts["places"]} if counts else {}
        return tuple(
            Text(
                "consensing.line",
                option=_named(option),
                mean=Fraction(found[option.id]["mean"]),
                values=Text("consensing.values", n=found[option.id]["count"]),
            )
            if option.id in found and found[option.id]["mean"] is not None
            else Text("polls.option_line", option=_named(option))
            for option in options
        )

    def result(self, facts: ResultFacts) -> tuple[Text, ...]:
        """How it is counted, how the best one stands to the status quo, places."""
        said = [Text("consensing.procedure")]
        places = facts.counts.get("places", ())
        if not facts.cast or not places:
            return tuple(said)
        best = [p for p in places if p["rank"] == 1]
        if best:
            said.append(_outcome(facts, best))
        said.append(Text("consensing.numbers"))
        if len({p["count"] for p in places}) > 1:
            said.append(Text("consensing.uneven"))

        def line(place: Place) -> Text:
            named = Translated(facts.label(place["option"]))
            if place["mean"] is None:
                return Text("consensing.place_without", option=named)
            return Text(
                "consensing.place",
                rank=rank_label(place),
                option=named,
                mean=Fraction(place["mean"]),
                sum=place["sum"],
                values=Text("consensing.values", n=place["count"]),
                strong=whole_percent(place["strong"], place["count"]),
                acceptance=_percent(place["acceptance"]),
            )

        return (*said, *lines(places, line))

    def bars(self, facts: ResultFacts) -> tuple[Bar, ...]:
        """The mean resistance: the shortest bar first."""
        if not facts.cast:
            return ()
        return tuple(
            Bar(
                rank_label(p),
                plain(Translated(facts.label(p["option"]))),
                Fraction(p["mean"]),
                Text("consensing.mean", mean=Fraction(p["mean"])),
                Text("consensing.accepted", acceptance=_percent(p["acceptance"])),
            )
            for p in facts.counts.get("places", ())
            if p["mean"] is not None
        )

    def tables(self, facts: ResultFacts) -> tuple[Table, ...]:
        """All numbers, exact."""
        head = tuple(
            Text(column)
            for column in (
                "polls.col_rank",
                "polls.col_option",
                "consensing.col_mean",
                "consensing.col_sum",
                "consensing.col_values",
                "consensing.col_strong",
                "consensing.col_acceptance",
            )
        )
        rows = tuple(
            (
                rank_label(p),
                plain(Translated(facts.label(p["option"]))),
                None if p["mean"] is None else Fraction(p["mean"]),
                int(p["sum"]),
                int(p["count"]),
                Fraction(p["strong"], p["count"]) if p["count"] else None,
                None if p["mean"] is None else Fraction(p["acceptance"]),
            )
            for p in facts.counts.get("places", ())
        )
        return (Table(Text("polls.sheet_result"), head, rows),)

    def ballot_text(self, facts: ResultFacts, value: Value) -> Text:
        """Each option that has a value, with it."""
        said = tuple(
            Text("consensing.my_value", option=_named(option), value=value[str(option.id)])
            for option in facts.options
            if str(option.id) in value
        )
        if not said:
            return Text("consensing.no_values")
        return Text("polls.option_list", options=Join(said, "; "))


def _outcome(facts: ResultFacts, best: Sequence[Place]) -> Text:
    """What the first place means: better than leaving everything as it is, or not."""
    status_quo = facts.counts["status_quo"]
    if any(p["option"] == status_quo for p in best):
        return Text("consensing.status_quo_first")
    named = tuple(plain(Translated(facts.label(p["option"]))) for p in best)
    measured = any(p["option"] == status_quo and p["count"] for p in facts.counts["places"])
    least = "consensing.least" if measured else "consensing.least_alone"
    return Text(least, n=len(named), options=Join(named, "; "))


def _percent(share: str) -> int:
    exact = Fraction(share)
    return whole_percent(exact.numerator, exact.denominator)


def _named(option: OptionFacts) -> Text:
    words = Translated(option.label)
    return Text("consensing.coded", code=option.code, option=words) if option.code else plain(words)


VIEWS = ConsensingViews()
