"""Choosing one option: the option with the most ballots first.

Rule: counts; what is equal shares its rank (voting.md, method ``choice``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

from handlers.polls.methods.places import place, unranked
from handlers.polls.rules import Base, Broken, Cast, Count, rank

Settings = Mapping[str, Any]
Value = dict[str, Any]


class Choice:
    """No settings. Ballot: the chosen option's id to 1; empty where nothing is chosen."""

    name = "choice"
    secrecies: tuple[str, ...] = ("open", "roll_call", "secret")
    formal = False
    options: Literal["measures", "wanted", "none"] = "measures"

    def check(self, settings: Settings, options: int) -> None:
        """There is nothing to set."""

    def press(self, settings: Settings, ballot: Value, option: int, part: int, value: int) -> Value:
        """Choose this option instead of any other; the chosen one is taken back."""
        return {} if str(option) in ballot else {str(option): 1}

    def write(self, settings: Settings, ballot: Value, part: int, text: str) -> Value:
        """There is nothing to write on this ballot."""
        raise Broken("polls.nothing_to_write")

    def typed(
        self, settings: Settings, ballot: Value, options: Sequence[int], text: str
    ) -> Value | None:
        """Numbers are those of the card's buttons."""
        return None

    def valid(self, settings: Settings, ballot: Value, options: Sequence[int]) -> bool:
        """At most one option, and one of this poll."""
        return len(ballot) <= 1 and all(
            key in {str(option) for option in options} and type(given) is int and given == 1
            for key, given in ballot.items()
        )

    def answered(self, settings: Settings, ballot: Value, option: int) -> bool:
        """One choice answers for all options."""
        return bool(ballot)

    def tally(
        self, settings: Settings, options: Sequence[int], casts: Sequence[Cast], base: Base
    ) -> dict[str, Any]:
        """How many ballots chose each option, and of how many that have a say in it.

        ``ballots``: all, ``blank``: those without a choice, ``places``: with ``votes`` and
        ``ballots`` each.
        """
        votes = {str(option): 0 for option in options}
        barred = dict.fromkeys(options, 0)
        counted = 0
        for cast in casts:
            for option in cast.barred & barred.keys():
                barred[option] += 1
            for key in cast.value:
                if key in votes and int(key) not in cast.barred:
                    votes[key] += 1
                    counted += 1
        counts = [Count(o, Fraction(votes[str(o)]), votes[str(o)]) for o in options]

        def numbers(count: Count) -> dict[str, int]:
            return {"votes": count.seats, "ballots": len(casts) - barred[count.option]}

        places = (
            [place(ranked, **numbers(ranked.count)) for ranked in rank(counts)]
            if casts
            else [unranked(count.option, **numbers(count)) for count in counts]
        )
        return {"ballots": len(casts), "blank": len(casts) - counted, "places": places}
