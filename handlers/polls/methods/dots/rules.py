"""Dot voting (Klebepunkte): some dots for each seat, at most so many on one option.

Rule: sum of dots; on equal sums the option that more seats gave any dot to goes first, and what
is equal then shares its rank (voting.md, method ``dots``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

from handlers.polls.rules import Base, Broken, Cast, Count, rank

MOST_DOTS = 50

Settings = Mapping[str, Any]


class Dots:
    """Settings: ``dots`` (a seat's dots) and ``max_per_option``. Ballot: option id to dots.

    Counts: ``places`` in their order, each with ``option``, ``rank`` (0 without any ballot),
    ``shared``, ``score`` (the sum of dots) and ``seats`` (that gave any), and ``tiebreak_used``.
    """

    name = "dots"
    secrecies: tuple[str, ...] = ("open", "roll_call", "secret")
    formal = False
    options: Literal["measures", "wanted", "none"] = "measures"

    def check(self, settings: Settings, options: int) -> None:
        """At least one dot, and room on the options for all of them."""
        dots, most = int(settings["dots"]), int(settings["max_per_option"])
        if not 1 <= dots <= MOST_DOTS:
            raise Broken("dots.out_of_range", most=MOST_DOTS)
        if not 1 <= most <= dots:
            raise Broken("dots.max_out_of_range", n=dots)
        if dots > most * options:
            raise Broken("dots.more_than_room", n=dots, room=most * options)

    def press(
        self, settings: Settings, ballot: Mapping[str, Any], option: int, part: int, value: int
    ) -> dict[str, Any]:
        """One dot more; on a full option, or when none is left, the option's dots come back."""
        key, dots = str(option), dict(ballot)
        given = int(dots.get(key, 0))
        if given < int(settings["max_per_option"]) and left(settings, ballot) > 0:
            dots[key] = given + 1
        elif given:
            del dots[key]
        else:
            raise Broken("dots.none_left", n=int(settings["dots"]))
        return dots

    def write(
        self, settings: Settings, ballot: Mapping[str, Any], part: int, text: str
    ) -> dict[str, Any]:
        """There is nothing to write on this ballot."""
        raise Broken("polls.nothing_to_write")

    def typed(
        self, settings: Settings, ballot: Mapping[str, Any], options: Sequence[int], text: str
    ) -> dict[str, Any] | None:
        """Nothing: typed numbers are the card's buttons, each a dot."""
        return None

    def valid(self, settings: Settings, ballot: Mapping[str, Any], options: Sequence[int]) -> bool:
        """Only options of this poll, none over its limit, no more dots than there are."""
        allowed = {str(option) for option in options}
        return (
            set(ballot) <= allowed
            and all(
                isinstance(dots, int) and 1 <= dots <= int(settings["max_per_option"])
                for dots in ballot.values()
            )
            and sum(ballot.values()) <= int(settings["dots"])
        )

    def answered(self, settings: Settings, ballot: Mapping[str, Any], option: int) -> bool:
        """Whether it has a dot."""
        return str(option) in ballot

    def tally(
        self, settings: Settings, options: Sequence[int], casts: Sequence[Cast], base: Base
    ) -> dict[str, Any]:
        """Sum of dots, and number of seats that gave any."""
        ranked = rank([_count(option, casts) for option in options])
        return {
            "places": [
                {
                    "option": place.count.option,
                    "rank": place.rank if casts else 0,
                    "shared": place.shared and bool(casts),
                    "score": str(place.count.score),
                    "seats": place.count.seats,
                }
                for place in ranked
            ],
            "tiebreak_used": bool(casts) and any(place.by_tiebreak for place in ranked),
        }


def left(settings: Settings, ballot: Mapping[str, Any]) -> int:
    """Dots not given yet."""
    return int(settings["dots"]) - sum(int(dots) for dots in ballot.values())


def mark(settings: Settings, ballot: Mapping[str, Any], option: int) -> str:
    """Filled and empty dots, e.g. ``●○``."""
    given = int(ballot.get(str(option), 0))
    return "●" * given + "○" * (int(settings["max_per_option"]) - given)


def _count(option: int, casts: Sequence[Cast]) -> Count:
    key = str(option)
    given = [int(c.value[key]) for c in casts if key in c.value and option not in c.barred]
    return Count(option, Fraction(sum(given)), len(given), Fraction(len(given)))
