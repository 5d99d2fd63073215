"""Multiple choice (Mehrfachauswahl): any number of options, or at most so many.

Rule: counts; what is equal shares its rank (voting.md, method ``approval``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

from handlers.polls.methods.places import place, unranked
from handlers.polls.rules import Base, Broken, Cast, Count, rank

Settings = Mapping[str, Any]
Value = dict[str, Any]


class Approval:
    """Settings: ``most`` (options a seat may choose, 0 for any number).

    Ballot: each chosen option's id to 1.
    """

    name = "approval"
    secrecies: tuple[str, ...] = ("open", "roll_call", "secret")
    formal = False
    options: Literal["measures", "wanted", "none"] = "measures"

    def check(self, settings: Settings, options: int) -> None:
        """No more may be chosen than there is."""
        if not 0 <= int(settings["most"]) <= options:
            raise Broken("approval.most_out_of_range", n=options)

    def press(self, settings: Settings, ballot: Value, option: int, part: int, value: int) -> Value:
        """Choose the option, or take it back; refused when the ballot is full."""
        key, most = str(option), int(settings["most"])
        if key in ballot:
            return {other: 1 for other in ballot if other != key}
        if most and len(ballot) >= most:
            raise Broken("approval.full", n=most)
        return {**ballot, key: 1}

    def write(self, settings: Settings, ballot: Value, part: int, text: str) -> Value:
        """There is nothing to write on this ballot."""
        raise Broken("polls.nothing_to_write")

    def typed(
        self, settings: Settings, ballot: Value, options: Sequence[int], text: str
    ) -> Value | None:
        """Numbers are those of the card's buttons."""
        return None

    def valid(self, settings: Settings, ballot: Value, options: Sequence[int]) -> bool:
        """Options of this poll, each once, no more than may be."""
        most = int(settings["most"])
        return (
            ballot.keys() <= {str(option) for option in options}
            and all(type(given) is int and given == 1 for given in ballot.values())
            and (not most or len(ballot) <= most)
        )

    def answered(self, settings: Settings, ballot: Value, option: int) -> bool:
        """Whether it is chosen."""
        return str(option) in ballot

    def tally(
        self, settings: Settings, options: Sequence[int], casts: Sequence[Cast], base: Base
    ) -> dict[str, Any]:
        """How many ballots chose each option, and of how many that have a say in it.

        ``ballots``: all, ``blank``: those without any choice, ``places``: with ``votes`` and
        ``ballots`` each.
        """
        votes = {str(option): 0 for option in options}
        barred = dict.fromkeys(options, 0)
        blank = 0
        for cast in casts:
            given = [key for key in cast.value if key in votes]
            if cast.barred:
                given = [key for key in given if int(key) not in cast.barred]
                for option in cast.barred & barred.keys():
                    barred[option] += 1
            for key in given:
                votes[key] += 1
            blank += not given
        counts = [Count(o, Fraction(votes[str(o)]), votes[str(o)]) for o in options]

        def numbers(count: Count) -> dict[str, int]:
            return {"votes": count.seats, "ballots": len(casts) - barred[count.option]}

        places = (
            [place(ranked, **numbers(ranked.count)) for ranked in rank(counts)]
            if casts
            else [unranked(count.option, **numbers(count)) for count in counts]
        )
        return {"ballots": len(casts), "blank": blank, "places": places}
