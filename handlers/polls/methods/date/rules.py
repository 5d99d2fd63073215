"""Finding a date (Terminfindung): yes, if need be, or no for each.

Rule: most yes, then most "if need be", then the earlier date (voting.md, method ``date``).
Numbers are seats.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal

from handlers.polls.rules import Base, Broken, Cast

Settings = Mapping[str, Any]

ANSWERS = {1: "yes", 2: "maybe", 3: "no"}
"""What the ``value`` of a tap means; „maybe“ is "if need be"."""

_WORDS = {
    **dict.fromkeys(("ja", "yes", "✓"), "yes"),
    **dict.fromkeys(("zur not", "notfalls", "vielleicht", "if need be", "maybe", "(✓)"), "maybe"),
    **dict.fromkeys(("nein", "no", "✗"), "no"),
}
_ANY = "|".join(re.escape(word) for word in sorted(_WORDS, key=len, reverse=True))
_ONE = re.compile(
    rf"(?P<called>[a-z]{{1,2}}|alle|all)(?:\s*[=:]\s*|\s+)(?P<answer>{_ANY})(?!\w)[\s,;.]*"
)


class Date:
    """Settings: ``moments``, the options' UTC times (ISO 8601) in their order, the earliest first.

    Ballot: option id to ``yes``, ``maybe`` or ``no``. Counts: ``cast``, and ``places`` in their
    order, each with ``option``, ``rank`` (0 without any ballot) and seats by answer;
    ``by_maybe`` and ``by_date``: whether "if need be" or the date decided between any two.
    """

    name = "date"
    secrecies: tuple[str, ...] = ("open", "secret")
    formal = False
    options: Literal["measures", "wanted", "none"] = "wanted"

    def check(self, settings: Settings, options: int) -> None:
        """A moment for each option, in chronological order: the order is the tie rule."""
        moments = [datetime.fromisoformat(at) for at in settings.get("moments", ())]
        if len(moments) != options:
            raise Broken("date.other_number", n=len(moments), options=options)
        if any(after <= before for before, after in pairwise(moments)):
            raise Broken("date.not_in_order")

    def latest(self, settings: Settings) -> datetime:
        """The first of the dates: by then it has to be decided."""
        return datetime.fromisoformat(settings["moments"][0])

    def press(
        self, settings: Settings, ballot: Mapping[str, Any], option: int, part: int, value: int
    ) -> dict[str, Any]:
        """The answer for a date; tapping it again changes nothing."""
        if value not in ANSWERS:
            raise Broken("date.choose")
        return {**ballot, str(option): ANSWERS[value]}

    def write(
        self, settings: Settings, ballot: Mapping[str, Any], part: int, text: str
    ) -> dict[str, Any]:
        """There is nothing to write on this ballot."""
        raise Broken("polls.nothing_to_write")

    def typed(
        self, settings: Settings, ballot: Mapping[str, Any], options: Sequence[int], text: str
    ) -> dict[str, Any] | None:
        """``A ja, B zur Not, C nein``; ``alle ja``."""
        said = _read(" ".join(text.casefold().split()))
        by_letter = {letter(at).casefold(): option for at, option in enumerate(options)}
        last = letter(len(options) - 1)
        value = dict(ballot)
        for called, answer in said:
            if called in ("alle", "all"):
                value |= {str(option): answer for option in options if option > 0}
            elif called in by_letter:
                value[str(by_letter[called])] = answer
            elif len(called) > len(last):
                # „Na ja“ is no date.
                return None
            else:
                raise Broken("date.no_such_date", letter=called.upper(), last=last)
        return value if said else None

    def valid(self, settings: Settings, ballot: Mapping[str, Any], options: Sequence[int]) -> bool:
        """Only dates of this poll, and only the three answers."""
        allowed = {str(option) for option in options}
        return set(ballot) <= allowed and all(a in ANSWERS.values() for a in ballot.values())

    def answered(self, settings: Settings, ballot: Mapping[str, Any], option: int) -> bool:
        """Whether the date has an answer."""
        return str(option) in ballot

    def tally(
        self, settings: Settings, options: Sequence[int], casts: Sequence[Cast], base: Base
    ) -> dict[str, Any]:
        """Count by date, the best first. ``options`` are in chronological order."""
        counted = [_count(option, casts) for option in options]
        # Sorting keeps the order of what is equal: the earlier date goes first.
        ranked = sorted(counted, key=lambda c: (-c["yes"], -c["maybe"]))
        beside = [(one, other) for one, other in pairwise(ranked) if one["yes"] == other["yes"]]
        return {
            "cast": len(casts),
            "places": [
                {**count, "rank": place if casts else 0}
                for place, count in enumerate(ranked, start=1)
            ],
            "by_maybe": bool(casts) and any(a["maybe"] != b["maybe"] for a, b in beside),
            "by_date": bool(casts) and any(a["maybe"] == b["maybe"] for a, b in beside),
        }


def letter(position: int) -> str:
    """What a date is called on the ballot: A … Z, AA, AB …; ``position`` from 0."""
    rest, last = divmod(position, 26)
    return (letter(rest - 1) if rest else "") + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[last]


def _read(words: str) -> list[tuple[str, str]]:
    """Letters and answers; none where anything else is said as well."""
    said, at = [], 0
    while at < len(words):
        found = _ONE.match(words, at)
        if found is None:
            return []
        said.append((found["called"], _WORDS[found["answer"]]))
        at = found.end()
    return said


def _count(option: int, casts: Sequence[Cast]) -> dict[str, int]:
    key = str(option)
    answers = [c.value.get(key) for c in casts if not (c.barred and option in c.barred)]
    return {"option": option, **{answer: answers.count(answer) for answer in ANSWERS.values()}}
