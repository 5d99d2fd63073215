"""How dot voting looks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from handlers.chat import Join, Text, Translated, plain
from handlers.polls.facts import (
    BallotFacts,
    Bar,
    OptionFacts,
    PollFacts,
    ResultFacts,
    Row,
    Table,
    Words,
    tap,
)
from handlers.polls.methods.dots import rules

OPTIONS_A_PAGE = 8
"""So that a ballot is seen without scrolling (voting.md, Size)."""

MOST_PLACES = 20
"""Places in the text of a result, so that it fits into one message everywhere."""


@dataclass(frozen=True, slots=True)
class Place:
    """An option's place in a result; ``rank`` is 0 where there is none."""

    label: Words
    rank: int
    shared: bool
    score: int
    seats: int

    @property
    def printed(self) -> str:
        """``1.`` – or ``1.=`` where the place is shared."""
        if not self.rank:
            return ""
        return f"{self.rank}.=" if self.shared else f"{self.rank}."


class DotsViews:
    """Cards and results of dot voting."""

    def a_page(self, settings: Mapping[str, Any], options: int) -> int:
        """A list of options."""
        return OPTIONS_A_PAGE

    def how(self, poll: PollFacts) -> Text:
        """How many dots, and how many on one option."""
        return Text("dots.how", n=poll.settings["dots"], most=poll.settings["max_per_option"])

    def rows(
        self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts
    ) -> Sequence[Row]:
        """A button an option, with its dots; without a say in it, a line."""
        return [self._row(poll, option, mine) for option in options]

    def _row(self, poll: PollFacts, option: OptionFacts, mine: BallotFacts) -> Row:
        if option.id in mine.barred:
            return Row((), Text("dots.barred", option=Translated(option.label)))
        mark = rules.mark(poll.settings, mine.value, option.id)
        return Row(((tap(mine, option.id, plain(Translated(option.label)), mark=mark),),))

    def left(self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts) -> Text:
        """The dots that are left."""
        if not mine.cast:
            return Text("polls.not_voted_yet")
        left = rules.left(poll.settings, mine.value)
        return Text("dots.left", n=left) if left else Text("dots.all_given")

    def saved(
        self,
        poll: PollFacts,
        options: Sequence[OptionFacts],
        value: Mapping[str, Any],
        option: int,
    ) -> tuple[Text, str]:
        """Saved, and the dots that are left."""
        left = rules.left(poll.settings, value)
        said = Text("dots.saved", n=left) if left else Text("dots.saved_all")
        return said, rules.mark(poll.settings, value, option)

    def board(
        self, poll: PollFacts, options: Sequence[OptionFacts], counts: Mapping[str, Any] | None
    ) -> tuple[Text, ...]:
        """The options, with their dots where those are shown."""
        if counts is None:
            return tuple(Text("polls.option_line", option=Translated(o.label)) for o in options)
        dots = {place["option"]: int(place["score"]) for place in counts["places"]}
        return tuple(
            Text("dots.option_line_total", option=Translated(o.label), n=dots.get(o.id, 0))
            for o in options
        )

    def result(self, facts: ResultFacts) -> tuple[Text, ...]:
        """The places; of very many the text has the first."""
        places = tuple(_places(facts))
        said = []
        if any(place.shared for place in places):
            said.append(Text("polls.shared_rank"))
        if facts.counts["tiebreak_used"]:
            said.append(Text("dots.tiebreak_seats"))
        said.append(Text("polls.places", lines=Join(tuple(map(_line, places[:MOST_PLACES])))))
        if len(places) > MOST_PLACES:
            said.append(Text("polls.more_places", n=len(places) - MOST_PLACES))
        return tuple(said)

    def bars(self, facts: ResultFacts) -> tuple[Bar, ...]:
        """A bar an option, as long as its sum of dots."""
        return tuple(
            Bar(
                place.printed,
                plain(Translated(place.label)),
                Fraction(place.score),
                Text("dots.dots", n=place.score),
                Text("dots.seats", n=place.seats),
            )
            for place in _places(facts)
        )

    def tables(self, facts: ResultFacts) -> tuple[Table, ...]:
        """All places."""
        head = ("polls.col_rank", "polls.col_option", "dots.col_dots", "dots.col_seats")
        rows = tuple(
            (place.printed, plain(Translated(place.label)), place.score, place.seats)
            for place in _places(facts)
        )
        return (Table(Text("polls.sheet_result"), tuple(Text(id) for id in head), rows),)

    def ballot_text(self, facts: ResultFacts, value: Mapping[str, Any]) -> Text:
        """Each option with its dots."""
        if not value:
            return Text("dots.none_given")
        given = tuple(
            Text("dots.given", option=Translated(o.label), n=value[str(o.id)])
            for o in facts.options
            if str(o.id) in value
        )
        return Text("polls.option_list", options=Join(given, "; "))


def _places(facts: ResultFacts) -> Iterator[Place]:
    for place in facts.counts["places"]:
        label = facts.label(place["option"])
        score = int(Fraction(place["score"]))
        yield Place(label, place["rank"], place["shared"], score, place["seats"])


def _line(place: Place) -> Text:
    return Text(
        "dots.place",
        rank=place.printed,
        option=Translated(place.label),
        dots=Text("dots.dots", n=place.score),
        seats=Text("dots.seats", n=place.seats),
    )
