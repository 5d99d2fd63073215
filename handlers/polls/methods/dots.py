"""Dot voting (Klebepunkte): some dots for each seat, at most so many on one option.

Rule: sum of dots; on equal sums the option that more seats gave any dot to goes first, and what
is equal then shares its rank (voting.md, method ``dots``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from handlers.polls.rules import Broken, Count

MOST_DOTS = 50


class Dots:
    """Settings: ``dots`` (a seat's dots) and ``max_per_option``. Ballot: option id to dots."""

    name = "dots"

    def check(self, settings: Mapping[str, Any], options: int) -> None:
        """At least one dot, and room on the options for all of them."""
        dots, most = int(settings["dots"]), int(settings["max_per_option"])
        if not 1 <= dots <= MOST_DOTS:
            raise Broken("polls.dots_out_of_range", most=MOST_DOTS)
        if not 1 <= most <= dots:
            raise Broken("polls.max_out_of_range", n=dots)
        if dots > most * options:
            raise Broken("polls.more_dots_than_room", n=dots, room=most * options)

    def press(
        self, settings: Mapping[str, Any], ballot: Mapping[str, Any], option: int
    ) -> dict[str, Any]:
        """One dot more; on a full option, or when none is left, the option's dots come back."""
        key, dots = str(option), dict(ballot)
        given = int(dots.get(key, 0))
        if given < int(settings["max_per_option"]) and self.left(settings, ballot) > 0:
            dots[key] = given + 1
        elif given:
            del dots[key]
        else:
            raise Broken("polls.no_dots_left", n=int(settings["dots"]))
        return dots

    def valid(
        self, settings: Mapping[str, Any], ballot: Mapping[str, Any], options: Sequence[int]
    ) -> bool:
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

    def mark(self, settings: Mapping[str, Any], ballot: Mapping[str, Any], option: int) -> str:
        """Filled and empty dots, e.g. ``●○``."""
        given = int(ballot.get(str(option), 0))
        return "●" * given + "○" * (int(settings["max_per_option"]) - given)

    def left(self, settings: Mapping[str, Any], ballot: Mapping[str, Any]) -> int:
        """Dots not given yet."""
        return int(settings["dots"]) - sum(int(dots) for dots in ballot.values())

    def tally(
        self,
        settings: Mapping[str, Any],
        options: Sequence[int],
        ballots: Sequence[Mapping[str, Any]],
    ) -> tuple[Count, ...]:
        """Sum of dots, and number of seats that gave any."""
        return tuple(self._count(option, ballots) for option in options)

    def _count(self, option: int, ballots: Sequence[Mapping[str, Any]]) -> Count:
        given = [int(ballot[str(option)]) for ballot in ballots if str(option) in ballot]
        return Count(option, Fraction(sum(given)), len(given), Fraction(len(given)))
