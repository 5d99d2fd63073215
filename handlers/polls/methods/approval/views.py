"""How a multiple choice looks. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

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
from handlers.polls.methods.places import Place, lines, rank_label, whole_percent

CHOSEN, FREE = "☑", "☐"


class ApprovalViews:
    """A list of options with a box each."""

    def a_page(self, settings: Mapping[str, Any], options: int) -> int:
        """So many are seen without scrolling (voting.md, Size)."""
        return 8

    def how(self, poll: PollFacts) -> Text:
        """The rules in one sentence."""
        most = int(poll.settings["most"])
        return Text("approval.how", n=most) if most else Text("approval.how_any")

    def rows(
        self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts
    ) -> tuple[Row, ...]:
        """A button an option; where the seat has no say, a line instead."""
        return tuple(
            Row((), Text("approval.barred", option=Translated(option.label)))
            if option.id in mine.barred
            else Row(((self._button(option, mine),),))
            for option in options
        )

    def _button(self, option: OptionFacts, mine: BallotFacts) -> Button:
        mark = CHOSEN if str(option.id) in mine.value else FREE
        return tap(mine, option.id, plain(Translated(option.label)), mark=mark)

    def left(self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts) -> Text:
        """How many are chosen, and how many may be."""
        if not mine.cast:
            return Text("polls.not_voted_yet")
        chosen, most = len(mine.value), int(poll.settings["most"])
        if not chosen:
            return Text("approval.none_chosen")
        if not most:
            return Text("approval.chosen", n=chosen)
        return Text("approval.chosen_of", n=chosen, most=most)

    def saved(
        self,
        poll: PollFacts,
        options: Sequence[OptionFacts],
        value: Mapping[str, Any],
        option: int,
    ) -> tuple[Text, str]:
        """How many are chosen, not which: those are named where that is allowed."""
        mark = CHOSEN if str(option) in value else FREE
        most = int(poll.settings["most"])
        if not most:
            return Text("approval.saved", n=len(value)), mark
        return Text("approval.saved_of", n=len(value), most=most), mark

    def board(
        self, poll: PollFacts, options: Sequence[OptionFacts], counts: Mapping[str, Any] | None
    ) -> tuple[Text, ...]:
        """The options, with how often they were chosen where running totals are shown."""
        votes = {p["option"]: p["votes"] for p in counts["places"]} if counts else {}
        return tuple(
            Text("approval.line", option=Translated(o.label), votes=_votes(votes[o.id]))
            if o.id in votes
            else Text("polls.option_line", option=Translated(o.label))
            for o in options
        )

    def result(self, facts: ResultFacts) -> tuple[Text, ...]:
        """What the numbers are, blank ballots, places."""
        if not facts.cast:
            return ()
        said = [Text("approval.numbers")]
        if facts.counts["blank"]:
            said.append(Text("approval.blank", n=facts.counts["blank"]))

        def line(place: Place) -> Text:
            return Text(
                "approval.place",
                rank=rank_label(place),
                option=Translated(facts.label(place["option"])),
                votes=_votes(place["votes"]),
                share=whole_percent(place["votes"], place["ballots"]),
            )

        return (*said, *lines(facts.counts["places"], line))

    def bars(self, facts: ResultFacts) -> tuple[Bar, ...]:
        """How often each was chosen."""
        if not facts.cast:
            return ()
        return tuple(
            Bar(
                rank_label(p),
                plain(Translated(facts.label(p["option"]))),
                Fraction(p["votes"]),
                _votes(p["votes"]),
                Text("approval.share", share=whole_percent(p["votes"], p["ballots"])),
            )
            for p in facts.counts["places"]
        )

    def tables(self, facts: ResultFacts) -> tuple[Table, ...]:
        """Rank, option, how often it was chosen, and the exact share of the ballots."""
        head = (
            Text("polls.col_rank"),
            Text("polls.col_option"),
            Text("approval.col_votes"),
            Text("approval.col_share"),
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
        """The chosen options in the order of the list, or that there is none."""
        chosen = [plain(Translated(o.label)) for o in facts.options if str(o.id) in value]
        if not chosen:
            return Text("approval.no_choice")
        return Text("polls.option_list", options=Join(tuple(chosen), "; "))


def _votes(votes: int) -> Text:
    return Text("approval.votes", n=votes)
