"""How a consent decision looks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from handlers.chat import Button, Join, Text, Translated, plain
from handlers.polls.actions import Write
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
from handlers.polls.methods.consent.rules import CONCERN, CONSENT, LONGEST_TEXT, OBJECTION, QUORUM

_WORDS = {
    "consent": "consent.consent",
    "concern": "consent.concern",
    "objection": "consent.objection",
}
_VERDICTS = {
    "adopted": "consent.adopted",
    "not_adopted": "consent.not_adopted",
    "no_decision": "consent.no_decision",
}
CHOSEN, FREE = "◉", "○"

ROOM = 2400
"""Characters for all concerns and objections in the text of a result, so that it fits into one
message everywhere; the table has the rest."""


class ConsentViews:
    """Cards and results of consent decisions."""

    def a_page(self, settings: Mapping[str, Any], options: int) -> int:
        """There are no options; the three answers stand on one card."""
        return 8

    def how(self, poll: PollFacts) -> Text:
        """When the proposal is adopted."""
        turnout = poll.settings["turnout"]
        if turnout == QUORUM:
            return Text("consent.how")
        return Text("consent.how_turnout", percent=turnout)

    def rows(
        self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts
    ) -> Sequence[Row]:
        """Consent and concern are taps; an objection is written, and so may a concern be."""
        stance = mine.value.get("stance")
        buttons = [
            (tap(mine, 0, Text(_WORDS["consent"]), CONSENT, mark=_mark(stance, "consent")),),
            (tap(mine, 0, Text(_WORDS["concern"]), CONCERN, mark=_mark(stance, "concern")),),
        ]
        if stance == "concern":
            label = "consent.change_concern" if "text" in mine.value else "consent.write_concern"
            buttons.append((Button(Text(label), Write(mine.entry, CONCERN)),))
        label = "consent.change_objection" if stance == "objection" else _WORDS["objection"]
        write = Write(mine.entry, OBJECTION)
        buttons.append((Button(Text(label), write, mark=_mark(stance, "objection")),))
        return [Row(tuple(buttons))]

    def prompt(self, part: int) -> Text:
        """What is asked for where a concern or an objection is written."""
        asked = "consent.ask_objection" if part == OBJECTION else "consent.ask_concern"
        return Text(asked, most=LONGEST_TEXT)

    def left(self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts) -> Text:
        """What this ballot says, and whether a name will stand beside what is written."""
        named = poll.secrecy == "roll_call"
        names = Text("consent.with_names" if named else "consent.without_names")
        return Text("consent.left", said=self._said(mine), names=names)

    def _said(self, mine: BallotFacts) -> Text:
        stance = mine.value.get("stance")
        if stance is None:
            return Text("polls.not_voted_yet")
        if "text" in mine.value:
            answer = Text(_WORDS[stance])
            return Text("consent.your_words", answer=answer, text=mine.value["text"])
        asked = "consent.your_concern" if stance == "concern" else "consent.your_answer"
        return Text(asked, answer=Text(_WORDS[stance]))

    def saved(
        self,
        poll: PollFacts,
        options: Sequence[OptionFacts],
        value: Mapping[str, Any],
        option: int,
    ) -> tuple[Text, str]:
        """The stance that is saved."""
        return Text("consent.saved", answer=Text(_WORDS[value["stance"]])), ""

    def board(
        self, poll: PollFacts, options: Sequence[OptionFacts], counts: Mapping[str, Any] | None
    ) -> tuple[Text, ...]:
        """Running totals, where they are shown; texts wait for the result."""
        if counts is None:
            return ()
        return tuple(
            Text("consent.total", answer=Text(word), n=counts[stance])
            for stance, word in _WORDS.items()
        )

    def result(self, facts: ResultFacts) -> tuple[Text, ...]:
        """The outcome, then the objections and the concerns."""
        counts = facts.counts
        if not counts["cast"]:
            return (Text("consent.nobody_voted"),)
        said = [Text(_VERDICTS[counts["verdict"]], counts=_counted(counts))]
        room = ROOM
        for stance, head in (
            ("objection", "consent.objections"),
            ("concern", "consent.concerns"),
        ):
            texts = tuple(_said(facts, stance))
            shown, room = _fitting(texts, room)
            if not texts:
                continue
            lines = tuple(_line(seat, text) for seat, text in shown)
            if len(shown) < len(texts):
                lines = (*lines, Text("consent.more", n=len(texts) - len(shown)))
            said.append(Text(head, n=len(texts), lines=Join(lines)))
        return tuple(said)

    def bars(self, facts: ResultFacts) -> tuple[Bar, ...]:
        """Seats by stance."""
        return tuple(
            Bar(
                "",
                Text(word),
                Fraction(facts.counts[stance]),
                Text("consent.seats", n=facts.counts[stance]),
            )
            for stance, word in _WORDS.items()
        )

    def tables(self, facts: ResultFacts) -> tuple[Table, ...]:
        """The numbers, and every objection and concern in full."""
        head = (Text("consent.col_answer"), Text("consent.col_seats"))
        numbers = tuple((Text(word), int(facts.counts[stance])) for stance, word in _WORDS.items())
        texts = tuple(
            (
                Text(_WORDS[stance]),
                plain(Translated(seat)) if seat is not None else None,
                text,
            )
            for stance in ("objection", "concern")
            for seat, text in _said(facts, stance)
        )
        about = (Text("consent.col_answer"), Text("consent.col_seat"), Text("consent.col_text"))
        return (
            Table(Text("polls.sheet_result"), head, numbers),
            Table(Text("consent.sheet_texts"), about, texts),
        )

    def ballot_text(self, facts: ResultFacts, value: Mapping[str, Any]) -> Text:
        """The stance, and what was written."""
        answer = Text(_WORDS[value["stance"]])
        if "text" not in value:
            return answer
        return Text("consent.ballot", answer=answer, text=value["text"])


def _mark(stance: object, of: str) -> str:
    return CHOSEN if stance == of else FREE


def _counted(counts: Mapping[str, Any]) -> Text:
    return Text(
        "consent.counted",
        consent=counts["consent"],
        concern=counts["concern"],
        objection=Text("consent.objections_number", n=counts["objection"]),
    )


def _said(facts: ResultFacts, stance: str) -> Iterator[tuple[Mapping[str, str] | None, str]]:
    """The texts, with the seat only where the roll was called."""
    if facts.roll_call:
        for seat, value in facts.roll:
            if value.get("stance") == stance and "text" in value:
                yield seat, value["text"]
        return
    kept = "objections" if stance == "objection" else "concerns"
    for text in facts.counts.get(kept, ()):
        yield None, text


def _fitting(
    texts: Sequence[tuple[Mapping[str, str] | None, str]], room: int
) -> tuple[list[tuple[Mapping[str, str] | None, str]], int]:
    """As many of the first texts as there is room for, and the room that is left."""
    shown: list[tuple[Mapping[str, str] | None, str]] = []
    for seat, text in texts:
        if len(text) > room:
            return shown, 0
        shown.append((seat, text))
        room -= len(text)
    return shown, room


def _line(seat: Mapping[str, str] | None, text: str) -> Text:
    if seat is None:
        return Text("consent.line", text=text)
    return Text("consent.line_of", seat=Translated(seat), text=text)
