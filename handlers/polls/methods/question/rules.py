"""Open questions: short answers in words, listed without names (voting.md, ``question``)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from handlers.polls.rules import Base, Broken, Cast

Settings = Mapping[str, Any]

MOST_ANSWERS = 5
"""Answers that a seat may give, at the most that can be set."""

LONGEST_ANSWER = 300
"""Characters."""

_SAID = re.compile(r"\s*(?:antwort|idee|answer|idea)\s*:\s*(.+)", re.DOTALL | re.IGNORECASE)


class Question:
    """Settings: ``most`` answers a seat (1 to 5). Ballot: ``{"answers": [text, …]}``.

    Counts: ``cast`` (seats), ``given`` (answers), and ``answers`` in alphabetical order, each with
    ``text`` and ``n``, the seats that gave it; upper and lower case make no difference.
    """

    name = "question"
    secrecies: tuple[str, ...] = ("open",)
    formal = False
    options: Literal["measures", "wanted", "none"] = "none"
    written = ("answers",)
    """Counts that hold what people wrote: they are not told by interest group."""

    def check(self, settings: Settings, options: int) -> None:
        """1 to 5 answers."""
        most = settings.get("most")
        if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= MOST_ANSWERS:
            raise Broken("question.most_out_of_range", most=MOST_ANSWERS)

    def press(
        self, settings: Settings, ballot: Mapping[str, Any], option: int, part: int, value: int
    ) -> dict[str, Any]:
        """Without the answer that was tapped, ``value`` being its ``mark_of``."""
        answers = _answers(ballot)
        kept = [text for text in answers if mark_of(text) != value]
        if len(kept) == len(answers):
            raise Broken("question.gone")
        return {"answers": kept}

    def write(
        self, settings: Settings, ballot: Mapping[str, Any], part: int, text: str
    ) -> dict[str, Any]:
        """With one more answer."""
        answers, words = _answers(ballot), " ".join(text.split())
        if not words:
            raise Broken("question.empty")
        if len(words) > LONGEST_ANSWER:
            raise Broken("question.too_long", n=len(words), most=LONGEST_ANSWER)
        if alike(words) in map(alike, answers):
            raise Broken("question.said_already")
        if len(answers) >= int(settings["most"]):
            raise Broken("question.full", n=int(settings["most"]))
        return {"answers": [*answers, words]}

    def typed(
        self, settings: Settings, ballot: Mapping[str, Any], options: Sequence[int], text: str
    ) -> dict[str, Any] | None:
        """``Antwort: …``. Other words may be meant for the bot, and nobody should publish them."""
        said = _SAID.fullmatch(text)
        return None if said is None else self.write(settings, ballot, 0, said[1])

    def valid(self, settings: Settings, ballot: Mapping[str, Any], options: Sequence[int]) -> bool:
        """No more answers than allowed, none empty, too long or there twice."""
        answers = ballot.get("answers")
        return (
            set(ballot) == {"answers"}
            and isinstance(answers, list)
            and len(answers) <= int(settings["most"])
            and all(isinstance(a, str) and 1 <= len(a) <= LONGEST_ANSWER for a in answers)
            and len(set(map(alike, answers))) == len(answers)
        )

    def answered(self, settings: Settings, ballot: Mapping[str, Any], option: int) -> bool:
        """Whether there is an answer."""
        return bool(_answers(ballot))

    def tally(
        self, settings: Settings, options: Sequence[int], casts: Sequence[Cast], base: Base
    ) -> dict[str, Any]:
        """List what was said, alike answers once."""
        given = [text for cast in casts for text in _answers(cast.value)]
        listed = [{"text": min(same), "n": len(same)} for same in _grouped(given).values()]
        return {"cast": len(casts), "given": len(given), "answers": listed}


def mark_of(text: str) -> int:
    """A number that stands for an answer on a button; it fits into one."""
    return zlib.crc32(text.encode()) & 0x7FFFFFFF


def alike(text: str) -> str:
    """What two answers have in common that differ in case, spaces or a final stop only."""
    return " ".join(text.casefold().split()).rstrip(" .!")


def _answers(ballot: Mapping[str, Any]) -> list[str]:
    return list(ballot.get("answers", ()))


def _grouped(texts: Iterable[str]) -> dict[str, list[str]]:
    """In the order of the alphabet, which tells nothing about who wrote when."""
    groups: dict[str, list[str]] = {}
    for text in sorted(texts, key=lambda text: (alike(text), text)):
        groups.setdefault(alike(text), []).append(text)
    return groups
