"""How an open question looks. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from handlers.chat import Button, Join, Text, plain
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
from handlers.polls.methods.question.rules import LONGEST_ANSWER, mark_of

ROOM = 2800
"""Characters for all answers in the text of a result, so that it fits into one message
everywhere; the table has the rest."""

_LABEL = 40
"""Characters of an answer on a button."""


class QuestionViews:
    """Cards and results of open questions."""

    def a_page(self, settings: Mapping[str, Any], options: int) -> int:
        """There are no options; one's own few answers stand on one card."""
        return 8

    def how(self, poll: PollFacts) -> Text:
        """How many answers, and who will read them."""
        return Text("question.how", n=poll.settings["most"], most=LONGEST_ANSWER)

    def rows(
        self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts
    ) -> Sequence[Row]:
        """One's own answers, each with a button that takes it back, and one to add another."""
        answers = list(mine.value.get("answers", ()))
        rows = [
            Row(
                ((tap(mine, 0, Text("question.remove", text=_short(text)), mark_of(text)),),),
                Text("question.line", text=text),
            )
            for text in answers
        ]
        if len(answers) < poll.settings["most"]:
            label = "question.write_more" if answers else "question.write"
            rows.append(Row(((Button(Text(label), Write(mine.entry, 0), strong=not answers),),)))
        return rows

    def prompt(self, part: int) -> Text:
        """What is asked for where an answer is written."""
        return Text("question.ask_answer", most=LONGEST_ANSWER)

    def left(self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts) -> Text:
        """How many answers are given, and how many may still be."""
        if not mine.cast:
            return Text("question.none_yet")
        given = len(mine.value.get("answers", ()))
        return Text("question.given", n=given, most=poll.settings["most"])

    def saved(
        self,
        poll: PollFacts,
        options: Sequence[OptionFacts],
        value: Mapping[str, Any],
        option: int,
    ) -> tuple[Text, str]:
        """How many answers there are now."""
        return Text("question.saved", n=len(value["answers"]), most=poll.settings["most"]), ""

    def board(
        self, poll: PollFacts, options: Sequence[OptionFacts], counts: Mapping[str, Any] | None
    ) -> tuple[Text, ...]:
        """How many answers there are; what they say waits for the result."""
        return () if counts is None else (Text("question.total", n=counts["given"]),)

    def result(self, facts: ResultFacts) -> tuple[Text, ...]:
        """The answers, alike ones once; of very many the text has the first."""
        answers = facts.counts["answers"]
        if not answers:
            return (Text("question.no_answers"),)
        shown, room = [], ROOM
        for answer in answers:
            room -= len(answer["text"])
            if room < 0:
                break
            shown.append(_line(answer))
        if len(shown) < len(answers):
            shown.append(Text("question.more", n=len(answers) - len(shown)))
        head = Text("question.listed", n=facts.counts["given"])
        return (head, Text("question.answers", lines=Join(tuple(shown))))

    def bars(self, facts: ResultFacts) -> tuple[Bar, ...]:
        """None: words make no chart."""
        return ()

    def tables(self, facts: ResultFacts) -> tuple[Table, ...]:
        """Every answer in full; of an interest group none."""
        if "answers" not in facts.counts:
            return ()
        head = (Text("question.col_answer"), Text("question.col_seats"))
        rows = tuple((str(a["text"]), int(a["n"])) for a in facts.counts["answers"])
        return (Table(Text("polls.sheet_result"), head, rows),)

    def ballot_text(self, facts: ResultFacts, value: Mapping[str, Any]) -> Text:
        """The answers, one after the other."""
        answers = tuple(plain(text) for text in value.get("answers", ()))
        if not answers:
            return Text("question.no_answer")
        return Text("question.answers", lines=Join(answers, "; "))


def _short(text: str) -> str:
    return text if len(text) <= _LABEL else text[: _LABEL - 2].rstrip() + " …"


def _line(answer: Mapping[str, Any]) -> Text:
    if answer["n"] == 1:
        return Text("question.line", text=answer["text"])
    return Text("question.line_times", text=answer["text"], n=answer["n"])
