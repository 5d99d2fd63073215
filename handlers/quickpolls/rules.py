"""What a quick poll may be. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

LONGEST_QUESTION = 300
LONGEST_ANSWER = 100
FEWEST, MOST = 2, 12
"""Of a native poll on Telegram (Bot API, sendPoll: question 1-300, 12 options of 1-100)."""

LASTS = timedelta(hours=24)
"""How long a quick poll takes answers unless it is ended."""


class Broken(Exception):
    """A rule says no. ``message`` is a catalogue id, ``named`` what it wants."""

    def __init__(self, message: str, /, **named: int | str) -> None:
        self.message, self.named = message, named
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Question:
    """What was typed: a question, and its answers (none: yes and no)."""

    words: str
    answers: tuple[str, ...]


def read(typed: str) -> Question:
    """Read „Frage? | A | B“ (or a line each); raises Broken for what cannot be asked.

    Lengths are those of Telegram, in UTF-16 units.
    """
    parts = [" ".join(p.split()) for p in typed.replace("\n", "|").split("|")]
    words, answers = parts[0], tuple(p for p in parts[1:] if p)
    if not words:
        raise Broken("quickpolls.no_question")
    if _length(words) > LONGEST_QUESTION:
        raise Broken("quickpolls.question_too_long", most=LONGEST_QUESTION)
    if answers and len(answers) < FEWEST:
        raise Broken("quickpolls.one_answer")
    if len(answers) > MOST:
        raise Broken("quickpolls.too_many_answers", n=len(answers), most=MOST)
    seen: set[str] = set()
    for answer in answers:
        if _length(answer) > LONGEST_ANSWER:
            raise Broken("quickpolls.answer_too_long", answer=answer[:40], most=LONGEST_ANSWER)
        if answer.casefold() in seen:
            raise Broken("quickpolls.answer_twice", answer=answer)
        seen.add(answer.casefold())
    return Question(words, answers)


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
