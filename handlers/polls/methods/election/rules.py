"""The ballot of an election of persons, and how a round is counted.

What a count decides is in ``handlers/polls/elections/rules.py`` (model: ThürKO § 39 (2)). All
numbers are seats; majorities are compared as integers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from handlers.polls.elections.rules import BASES, Procedure, Votes, first_round, run_off
from handlers.polls.rules import Base, Broken, Cast, Rules, seats_needed

Settings = Mapping[str, Any]
Value = dict[str, Any]

NO, ABSTAIN = "no", "abstain"
WITHOUT_NAME = {1: ABSTAIN, 2: NO}
"""What the ``value`` of a tap on no candidate means."""

MOST_CANDIDATES = 40

_TYPED = {
    **dict.fromkeys(("enthaltung", "enthalte mich", "ich enthalte mich", "abstain"), ABSTAIN),
    **dict.fromkeys(("nein", "no"), NO),
}
_YES = ("ja", "yes")


class Election:
    """Settings: ``round`` (1, or 2 for a run-off), ``base`` (of the majority in the first round),
    ``single`` (one candidate: yes or no), and of a run-off ``first``, the first round's poll.

    Ballot: one candidate's id to 1, or ``{"abstain": 1}``, or for a single one ``{"no": 1}``.
    Counts: the votes in the order of the list, and the outcome with its calculation.
    """

    name = "election"
    secrecies: tuple[str, ...] = ("secret", "open")
    formal = True
    options: Literal["measures", "wanted", "none"] = "wanted"
    fewest_options = 1
    most_options = MOST_CANDIDATES
    conflicts = False
    """In an election nobody is kept from voting for being involved (ThürKO § 38 (1))."""

    def secrecies_under(self, procedure: Rules) -> tuple[str, ...]:
        """Secret; open only where the rules of procedure allow it (ThürKO § 39 (2))."""
        return self.secrecies if procedure.open_elections else ("secret",)

    def check(self, settings: Settings, options: int) -> None:
        """Known rules, and two in a run-off."""
        if settings.get("base") not in BASES or settings.get("round") not in (1, 2):
            raise Broken("election.unknown_rule")
        if not options:
            raise Broken("election.no_candidate")
        if settings["round"] == 2 and options != 2:
            raise Broken("election.run_off_of_two")
        if bool(settings.get("single")) != (options == 1):
            raise Broken("election.unknown_rule")

    def press(self, settings: Settings, ballot: Value, option: int, part: int, value: int) -> Value:
        """The candidate (or answer) that was tapped; tapping it again changes nothing."""
        if option:
            return {str(option): 1}
        answer = WITHOUT_NAME.get(value)
        if answer is None or (answer == NO and not settings["single"]):
            raise Broken("election.choose")
        return {answer: 1}

    def write(self, settings: Settings, ballot: Value, part: int, text: str) -> Value:
        """There is nothing to write on this ballot."""
        raise Broken("polls.nothing_to_write")

    def typed(
        self, settings: Settings, ballot: Value, options: Sequence[int], text: str
    ) -> Value | None:
        """``Enthaltung``, and of a single candidate ``ja`` or ``nein``; numbers are buttons'."""
        said = " ".join(text.casefold().split()).strip(" .!„“\"'")
        answer = _TYPED.get(said)
        if answer == ABSTAIN:
            return {ABSTAIN: 1}
        if not settings["single"]:
            return None
        if said in _YES:
            return {str(options[0]): 1}
        return {NO: 1} if answer == NO else None

    def valid(self, settings: Settings, ballot: Value, options: Sequence[int]) -> bool:
        """Exactly one answer."""
        allowed = {str(option) for option in options} | {ABSTAIN}
        if settings["single"]:
            allowed.add(NO)
        return len(ballot) == 1 and all(
            key in allowed and type(given) is int and given == 1 for key, given in ballot.items()
        )

    def answered(self, settings: Settings, ballot: Value, option: int) -> bool:
        """One answer is the answer to all candidates."""
        return bool(ballot)

    def tally(
        self, settings: Settings, options: Sequence[int], casts: Sequence[Cast], base: Base
    ) -> dict[str, Any]:
        """Count a round and decide it; candidates are numbered in the order of the list."""
        said = Counter(key for cast in casts for key in cast.value)
        numbers = dict(enumerate(options, 1))
        votes = Votes(
            {number: said[str(option)] for number, option in numbers.items()},
            against=said[NO],
            abstentions=said[ABSTAIN],
        )
        needed = seats_needed(base.rules.quorum, base.seats)
        quorate = votes.cast >= needed
        if settings["round"] == 2:
            outcome = run_off(votes, quorate=quorate)
        else:
            outcome = first_round(votes, Procedure(settings["base"]), quorate=quorate)
        return {
            "round": settings["round"],
            "votes": [
                {"number": number, "option": option, "votes": votes.given[number]}
                for number, option in numbers.items()
            ],
            "against": votes.against,
            "abstain": votes.abstentions,
            "cast": votes.cast,
            "seats": base.seats,
            "quorum": needed,
            "quorate": quorate,
            "base": outcome.base,
            "needed": outcome.needed,
            "verdict": outcome.verdict,
            "elected": numbers.get(outcome.elected or 0),
            "next_round": [numbers[n] for n in outcome.next_round],
            "lot_among": [numbers[n] for n in outcome.lot_among],
            "lot_places": outcome.lot_places,
        }
