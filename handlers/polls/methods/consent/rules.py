"""Consent decision-making (Konsent): adopted if nobody has a paramount objection.

Rules: voting.md, method ``consent`` and Settled points. Numbers are seats.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from handlers.polls.rules import Base, Broken, Cast, seats_needed

Settings = Mapping[str, Any]

CONSENT, CONCERN, OBJECTION = 1, 2, 3
"""The ``value`` of a tap, and the ``part`` of what is written."""

STANCES = {CONSENT: "consent", CONCERN: "concern", OBJECTION: "objection"}

LONGEST_TEXT = 500
"""Characters of a concern or an objection."""

QUORUM = "quorum"
"""As the set turnout: what the rules of procedure ask."""

_TYPED = {
    **dict.fromkeys(("konsent", "consent", "einverstanden", "kein einwand"), CONSENT),
    **dict.fromkeys(("bedenken", "leichte bedenken", "concern", "concerns"), CONCERN),
    **dict.fromkeys(
        ("einwand", "schwerwiegender einwand", "objection", "paramount objection"), OBJECTION
    ),
}
_SAID = re.compile(r"\s*([^\W\d_][\w ]*?)\s*(?:[:–]\s*(.*?)\s*|[.!]?\s*)", re.DOTALL)


class Consent:
    """Settings: ``turnout``, ``"quorum"`` or a number of per cent of the seats (1 to 100).

    Ballot: ``stance`` (``consent``, ``concern``, ``objection``) and ``text``, which an objection
    must have and a concern may have. Counts: seats by stance, ``cast``, ``seats``, ``needed``,
    ``verdict`` (``adopted``, ``not_adopted``, ``no_decision``), and the texts as ``concerns`` and
    ``objections``, in alphabetical order so that it says nothing about who wrote when.
    """

    name = "consent"
    secrecies: tuple[str, ...] = ("open", "roll_call")
    formal = True
    options: Literal["measures", "wanted", "none"] = "none"
    written = ("concerns", "objections")
    """Counts that hold what people wrote: they are not told by interest group."""

    def check(self, settings: Settings, options: int) -> None:
        """A turnout that seats can reach."""
        turnout = settings.get("turnout")
        if turnout != QUORUM and not (
            isinstance(turnout, int) and not isinstance(turnout, bool) and 1 <= turnout <= 100
        ):
            raise Broken("consent.turnout_out_of_range")

    def press(
        self, settings: Settings, ballot: Mapping[str, Any], option: int, part: int, value: int
    ) -> dict[str, Any]:
        """Consent, or a concern; what was written stays with a concern."""
        if value == CONSENT:
            return {"stance": "consent"}
        if value == CONCERN:
            text = {"text": ballot["text"]} if "text" in ballot else {}
            return {"stance": "concern", **text}
        raise Broken("consent.objection_needs_text")

    def write(
        self, settings: Settings, ballot: Mapping[str, Any], part: int, text: str
    ) -> dict[str, Any]:
        """A concern or an objection in words."""
        if part not in (CONCERN, OBJECTION):
            raise Broken("polls.nothing_to_write")
        words = " ".join(text.split())
        if not words:
            raise Broken("consent.text_missing")
        if len(words) > LONGEST_TEXT:
            raise Broken("consent.text_too_long", n=len(words), most=LONGEST_TEXT)
        return {"stance": STANCES[part], "text": words}

    def typed(
        self, settings: Settings, ballot: Mapping[str, Any], options: Sequence[int], text: str
    ) -> dict[str, Any] | None:
        """``Konsent``, ``Bedenken``, ``Bedenken: …``, ``Einwand: …``."""
        said = _SAID.fullmatch(text)
        stance = _TYPED.get(" ".join(said[1].casefold().split())) if said is not None else None
        if said is None or stance is None:
            return None
        if said[2] and stance != CONSENT:
            return self.write(settings, ballot, stance, said[2])
        return None if said[2] else self.press(settings, ballot, 0, 0, stance)

    def valid(self, settings: Settings, ballot: Mapping[str, Any], options: Sequence[int]) -> bool:
        """A stance, and a text only where one belongs."""
        stance, text = ballot.get("stance"), ballot.get("text")
        if not set(ballot) <= {"stance", "text"} or stance not in STANCES.values():
            return False
        if "text" not in ballot:
            return stance != "objection"
        return stance != "consent" and isinstance(text, str) and 1 <= len(text) <= LONGEST_TEXT

    def answered(self, settings: Settings, ballot: Mapping[str, Any], option: int) -> bool:
        """Whether there is a stance."""
        return "stance" in ballot

    def needed(self, settings: Settings, base: Base) -> int:
        """Seats that must vote: as for a quorum, or so many per cent, rounded up."""
        if settings["turnout"] == QUORUM:
            return seats_needed(base.rules.quorum, base.seats)
        return -(-int(settings["turnout"]) * base.seats // 100)

    def tally(
        self, settings: Settings, options: Sequence[int], casts: Sequence[Cast], base: Base
    ) -> dict[str, Any]:
        """Count and decide; without any ballot, or below the turnout, there is no decision."""
        numbers = {
            stance: sum(cast.value["stance"] == stance for cast in casts)
            for stance in STANCES.values()
        }
        needed = self.needed(settings, base)
        if not casts or len(casts) < needed:
            verdict = "no_decision"
        else:
            verdict = "not_adopted" if numbers["objection"] else "adopted"
        return {
            **numbers,
            "cast": len(casts),
            "seats": base.seats,
            "needed": needed,
            "verdict": verdict,
            "concerns": _texts("concern", casts),
            "objections": _texts("objection", casts),
        }


def _texts(stance: str, casts: Sequence[Cast]) -> list[str]:
    found = (
        str(c.value["text"]) for c in casts if c.value["stance"] == stance and "text" in c.value
    )
    return sorted(found, key=lambda text: (text.casefold(), text))
