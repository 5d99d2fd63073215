"""How choosing one option looks. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from handlers.chat import Button, Text, Translated, plain
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
from handlers.polls.methods.places import Place, lines, rank_label, whole_percent

CHOSEN, FREE = "◉", "○"


class ChoiceViews:
    """A list of options, one of which is marked."""

    def a_page(self, settings: Mapping[str, Any], options: int) -> int:
        """So many are seen without scrolling (voting.md, Size)."""
        return 8

    def how(self, poll: PollFacts) -> Text:
        """The rules in one sentence."""
        return Text("choice.how")

    def rows(
        self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts
    ) -> tuple[Row, ...]:
        """A button an option; where the seat has no say, a line instead."""
        return tuple(
            Row((), Text("choice.barred", option=Translated(option.label)))
            if option.id in mine.barred
            else Row(((self._button(option, mine),),))
            for option in options
        )

    def _button(self, option: OptionFacts, mine: BallotFacts) -> Button:
        mark = CHOSEN if str(option.id) in mine.value else FREE
        return tap(mine, option.id, plain(Translated(option.label)), mark=mark)

    def left(self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts) -> Text:
        """What is chosen now."""
        if not mine.cast:
            return Text("polls.not_voted_yet")
        chosen = next((o for o in options if str(o.id) in mine.value), None)
        if chosen is None:
            return Text("choice.none_chosen")
        return Text("choice.chosen", option=Translated(chosen.label))

    def saved(
        self,
        poll: PollFacts,
        options: Sequence[OptionFacts],
        value: Mapping[str, Any],
        option: int,
    ) -> tuple[Text, str]:
        """Says nothing of the choice: the option and its mark are added where that is allowed."""
        return Text("choice.saved"), CHOSEN if str(option) in value else FREE

    def board(
        self, poll: PollFacts, options: Sequence[OptionFacts], counts: Mapping[str, Any] | None
    ) -> tuple[Text, ...]:
        """The options, with their votes where running totals are shown."""
        votes = {p["option"]: p["votes"] for p in counts["places"]} if counts else {}
        return tuple(
            Text("choice.line", option=Translated(o.label), votes=_votes(votes[o.id]))
            if o.id in votes
            else Text("polls.option_line", option=Translated(o.label))
            for o in options
        )

    def result(self, facts: ResultFacts) -> tuple[Text, ...]:
        """What the numbers are, blank ballots, places."""
        if not facts.cast:
            return ()
        said = [Text("choice.numbers")]
        if facts.counts["blank"]:
            said.append(Text("choice.blank", n=facts.counts["blank"]))

        def line(place: Place) -> Text:
            return Text(
                "choice.place",
                rank=rank_label(place),
                option=Translated(facts.label(place["option"])),
                votes=_votes(place["votes"]),
                share=whole_percent(place["votes"], place["ballots"]),
            )

        return (*said, *lines(facts.counts["places"], line))

    def bars(self, facts: ResultFacts) -> tuple[Bar, ...]:
        """Votes."""
        if not facts.cast:
            return ()
        return tuple(
            Bar(
                rank_label(p),
                plain(Translated(facts.label(p["option"]))),
                Fraction(p["votes"]),
                _votes(p["votes"]),
                Text("choice.share", share=whole_percent(p["votes"], p["ballots"])),
            )
            for p in facts.counts["places"]
        )

    def tables(self, facts: ResultFacts) -> tuple[Table, ...]:
        """Rank, option, votes, and the exact share of the ballots."""
        head = (
            Text("polls.col_rank"),
            Text("polls.col_option"),
            Text("choice.col_votes"),
            Text("choice.col_share"),
        )
        rows = tuple(
            (
                rank_label(p),
                plain(Translated(facts.label(p["option"]))),
                int(p["votes"]),
                Fraction(p["votes"], p["ballots"]) if p["ballots"] else None,
            )
            for p in facts.counts["places"]
        )
        return (Table(Text("polls.sheet_result"), head, rows),)

    def ballot_text(self, facts: ResultFacts, value: Mapping[str, Any]) -> Text:
        """The chosen option, or that there is none."""
        chosen = next((o for o in facts.options if str(o.id) in value), None)
        return plain(Translated(chosen.label)) if chosen else Text("choice.no_choice")


def _votes(votes: int) -> Text:
    return Text("choice.votes", n=votes)
