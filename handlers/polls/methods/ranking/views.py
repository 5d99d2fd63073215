"""How a ranking looks: taps that give places, and the order of all with its numbers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from handlers.chat import Join, Text, Translated, plain
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
from handlers.polls.methods.places import Place, in_short, lines, rank_label
from handlers.polls.methods.ranking.rules import order

A_PAGE = 8
"""So that a ballot is seen without scrolling (voting.md, Size)."""


class RankingViews:
    """A list of options; each shows the place that it was given."""

    def a_page(self, settings: Settings, options: int) -> int:
        """A list, in pages."""
        return A_PAGE

    def how(self, poll: PollFacts) -> Text:
        """The rules in one sentence."""
        top = int(poll.settings["top"])
        return Text("ranking.how_top", n=top) if top else Text("ranking.how")

    def rows(
        self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts
    ) -> tuple[Row, ...]:
        """A button an option; where the seat has no say, a line instead."""
        given = order(mine.value)
        return tuple(
            Row((), Text("ranking.barred", option=_named(option)))
            if option.id in mine.barred
            else Row(((tap(mine, option.id, _named(option), mark=_mark(given, option.id)),),))
            for option in options
        )

    def left(self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts) -> Text:
        """One's own order so far, which may be spread over pages, and what may still be done."""
        given = order(mine.value)
        if not mine.cast:
            # What is typed counts the options of the list; on a longer one nobody counts them.
            short = len(options) <= A_PAGE and not mine.barred
            return Text("ranking.not_voted_or_type" if short else "ranking.not_voted")
        if not given:
            return Text("ranking.emptied")
        named = {option.id: option for option in options}
        said = tuple(
            Text("ranking.my_place", rank=f"{place}.", option=_named(named[option]))
            for place, option in enumerate(given, start=1)
            if option in named
        )
        top = int(poll.settings["top"]) or len(options) - len(mine.barred)
        shown = Join(in_short(said))
        return Text(
            "ranking.my_order" if len(given) < top else "ranking.my_whole_order", lines=shown
        )

    def saved(
        self, poll: PollFacts, options: Sequence[OptionFacts], value: Value, option: int
    ) -> tuple[Text, str]:
        """How many have a place; which one this has only where that may be said."""
        given = order(value)
        return Text("ranking.saved", n=len(given)), _mark(given, option)

    def board(
        self, poll: PollFacts, options: Sequence[OptionFacts], counts: Counts | None
    ) -> tuple[Text, ...]:
        """The options, with their places so far where running totals are shown."""
        found = {p["option"]: p for p in counts["places"]} if counts else {}
        return tuple(
            Text("ranking.line", option=_named(option), rank=rank_label(found[option.id]))
            if option.id in found and found[option.id]["rank"]
            else Text("polls.option_line", option=_named(option))
            for option in options
        )

    def result(self, facts: ResultFacts) -> tuple[Text, ...]:
        """How it is counted, the Condorcet winner, places."""
        said = [Text("ranking.procedure")]
        places = facts.counts.get("places", ())
        if not facts.cast or not places:
            return tuple(said)
        winner = facts.counts["condorcet"]
        if winner is None:
            said.append(Text("ranking.no_condorcet"))
        else:
            said.append(Text("ranking.condorcet", option=Translated(facts.label(winner))))
        said.append(Text("ranking.numbers"))

        def line(place: Place) -> Text:
            return Text(
                "ranking.place",
                rank=rank_label(place),
                option=Translated(facts.label(place["option"])),
                wins=Text("ranking.wins", n=place["beats"]),
                borda=Fraction(place["borda"]),
                first=Text("ranking.first", n=place["first"]),
            )

        return (*said, *lines(places, line))

    def bars(self, facts: ResultFacts) -> tuple[Bar, ...]:
        """Borda points, in the order of the places, with the first choices as a note."""
        if not facts.cast:
            return ()
        return tuple(
            Bar(
                rank_label(p),
                plain(Translated(facts.label(p["option"]))),
                Fraction(p["borda"]),
                Text("ranking.borda", borda=Fraction(p["borda"])),
                Text("ranking.first", n=p["first"]),
            )
            for p in facts.counts.get("places", ())
        )

    def tables(self, facts: ResultFacts) -> tuple[Table, ...]:
        """The places with all numbers, and every comparison of two options."""
        places = facts.counts.get("places", ())
        head = tuple(
            Text(column)
            for column in (
                "polls.col_rank",
                "polls.col_option",
                "ranking.col_beats",
                "ranking.col_beaten_by",
                "ranking.col_borda",
                "ranking.col_first",
                "ranking.col_named",
            )
        )
        rows = tuple(
            (
                rank_label(p),
                plain(Translated(facts.label(p["option"]))),
                int(p["beats"]),
                int(p["beaten_by"]),
                Fraction(p["borda"]),
                int(p["first"]),
                int(p["named"]),
            )
            for p in places
        )
        result = Table(Text("polls.sheet_result"), head, rows)
        if not places:
            return (result,)
        options = [_named(option) for option in facts.options]
        duels = Table(
            Text("ranking.sheet_duels"),
            (Text("ranking.col_preferred"), *options),
            tuple(
                (name, *(None if i == j else votes for j, votes in enumerate(row)))
                for i, (name, row) in enumerate(zip(options, facts.counts["duels"], strict=True))
            ),
        )
        return result, duels

    def ballot_text(self, facts: ResultFacts, value: Value) -> Text:
        """The order, the best option first."""
        known = {option.id: option for option in facts.options}
        said = tuple(
            Text("ranking.my_place", rank=f"{place}.", option=_named(known[option]))
            for place, option in enumerate(order(value), start=1)
            if option in known
        )
        return Text("polls.option_list", options=Join(said, "; ")) if said else _nothing()


def _nothing() -> Text:
    return Text("ranking.nothing_ranked")


def _named(option: OptionFacts) -> Text:
    words = Translated(option.label)
    return Text("ranking.coded", code=option.code, option=words) if option.code else plain(words)


def _mark(given: Sequence[int], option: int) -> str:
    return f"{given.index(option) + 1}." if option in given else ""


VIEWS = RankingViews()
