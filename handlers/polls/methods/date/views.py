"""How finding a date looks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    tap,
)
from handlers.polls.methods.date.rules import ANSWERS, letter

DATES_A_PAGE = 8
"""So that a ballot is seen without scrolling (voting.md, Size)."""

MOST_PLACES = 20
"""Places in the text of a result, so that it fits into one message everywhere."""

_WORDS = {"yes": "date.yes", "maybe": "date.maybe", "no": "date.no"}
_BUTTONS = {"yes": "date.button_yes", "maybe": "date.button_maybe", "no": "date.button_no"}
_MARKS = {"yes": "✓", "maybe": "(✓)", "no": "✗"}


class DateViews:
    """Cards and results of finding a date."""

    def a_page(self, settings: Mapping[str, Any], options: int) -> int:
        """A list of dates, each with its letter and three buttons in one row."""
        return DATES_A_PAGE

    def how(self, poll: PollFacts) -> Text:
        """The three answers."""
        return Text("date.how")

    def rows(
        self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts
    ) -> Sequence[Row]:
        """A line a date with its answer; the letter joins it to its buttons."""
        pages = max(1, -(-len(poll.settings["moments"]) // DATES_A_PAGE))
        first = min(mine.page, pages - 1) * DATES_A_PAGE
        return [self._row(letter(first + at), o, mine) for at, o in enumerate(options)]

    def _row(self, called: str, option: OptionFacts, mine: BallotFacts) -> Row:
        words = Translated(option.label)
        if option.id in mine.barred:
            return Row((), Text("date.line_barred", letter=called, date=words))
        answer = mine.value.get(str(option.id))
        if answer is None:
            line = Text("date.line", letter=called, date=words)
        else:
            line = Text("date.line_answered", letter=called, date=words, answer=_answer(answer))
        buttons = tuple(
            tap(mine, option.id, Text(_BUTTONS[a], letter=called), value)
            for value, a in ANSWERS.items()
        )
        return Row((buttons,), line)

    def left(self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts) -> Text:
        """How many dates have an answer; before the first, how to type them."""
        if not mine.cast:
            return Text("date.not_voted_yet")
        open_to_me = [o for o in options if o.id not in mine.barred]
        answered = sum(str(o.id) in mine.value for o in open_to_me)
        if answered == len(open_to_me):
            return Text("date.all_answered")
        return Text("date.answered", n=answered, dates=len(open_to_me))

    def saved(
        self,
        poll: PollFacts,
        options: Sequence[OptionFacts],
        value: Mapping[str, Any],
        option: int,
    ) -> tuple[Text, str]:
        """The answer; in a secret poll it is not named, because a message is kept a while."""
        answer = value.get(str(option))
        if poll.secret or answer is None:
            return Text("date.saved_secret"), _MARKS.get(str(answer), "")
        return Text("date.saved", answer=_answer(answer)), _MARKS[answer]

    def board(
        self, poll: PollFacts, options: Sequence[OptionFacts], counts: Mapping[str, Any] | None
    ) -> tuple[Text, ...]:
        """The dates in their order, with running totals where they are shown."""
        if counts is None:
            return tuple(Text("polls.option_line", option=Translated(o.label)) for o in options)
        by_option = {place["option"]: place for place in counts["places"]}
        return tuple(
            Text(
                "date.total",
                date=Translated(o.label),
                yes=by_option[o.id]["yes"],
                maybe=by_option[o.id]["maybe"],
                no=by_option[o.id]["no"],
            )
            for o in options
        )

    def result(self, facts: ResultFacts) -> tuple[Text, ...]:
        """The best date, the tie rules that decided anything, and the places."""
        places = facts.counts["places"]
        if not facts.counts["cast"]:
            return (Text("date.nobody_voted"),)
        best = places[0]
        if best["yes"] or best["maybe"]:
            said = [Text("date.best", date=Translated(facts.label(best["option"])))]
        else:
            said = [Text("date.none_suits")]
        if facts.counts["by_maybe"]:
            said.append(Text("date.tie_by_maybe"))
        if facts.counts["by_date"]:
            said.append(Text("date.tie_by_date"))
        lines = tuple(_line(facts, place) for place in places[:MOST_PLACES])
        said.append(Text("polls.places", lines=Join(lines)))
        if len(places) > MOST_PLACES:
            said.append(Text("polls.more_places", n=len(places) - MOST_PLACES))
        return tuple(said)

    def bars(self, facts: ResultFacts) -> tuple[Bar, ...]:
        """A bar a date, as long as its yes."""
        return tuple(
            Bar(
                _printed(place),
                plain(Translated(facts.label(place["option"]))),
                Fraction(place["yes"]),
                Text("date.yes_number", n=place["yes"]),
                Text("date.maybe_number", n=place["maybe"]),
            )
            for place in facts.counts["places"]
        )

    def tables(self, facts: ResultFacts) -> tuple[Table, ...]:
        """All dates with their numbers."""
        head = ("polls.col_rank", "date.col_date", "date.col_yes", "date.col_maybe", "date.col_no")
        rows = tuple(
            (
                _printed(place),
                plain(Translated(facts.label(place["option"]))),
                int(place["yes"]),
                int(place["maybe"]),
                int(place["no"]),
            )
            for place in facts.counts["places"]
        )
        return (Table(Text("polls.sheet_result"), tuple(Text(id) for id in head), rows),)

    def ballot_text(self, facts: ResultFacts, value: Mapping[str, Any]) -> Text:
        """Each date with its answer."""
        said = tuple(_given(facts, value))
        return Text("date.ballot", lines=Join(said, "; ")) if said else Text("date.no_answer")


def _given(facts: ResultFacts, value: Mapping[str, Any]) -> Iterator[Text]:
    for option in facts.options:
        if str(option.id) in value:
            answer = _answer(value[str(option.id)])
            yield Text("date.ballot_line", date=Translated(option.label), answer=answer)


def _answer(answer: str) -> Text:
    return Text(_WORDS[answer])


def _printed(place: Mapping[str, Any]) -> str:
    return f"{place['rank']}." if place["rank"] else ""


def _line(facts: ResultFacts, place: Mapping[str, Any]) -> Text:
    return Text(
        "date.place",
        rank=_printed(place),
        date=Translated(facts.label(place["option"])),
        yes=place["yes"],
        maybe=place["maybe"],
        no=place["no"],
    )
