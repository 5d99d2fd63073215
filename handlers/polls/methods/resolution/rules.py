"""Resolutions (Beschluss): yes, no or abstain, and what majority and quorum make of it.

Rules: voting.md, method ``resolution`` and Settled points. All numbers are seats; fractions of
them are compared as integers, never rounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from handlers.polls.rules import Base, Broken, Cast, seats_needed

Settings = Mapping[str, Any]

ANSWERS = {1: "yes", 2: "no", 3: "abstain"}
"""What the ``value`` of a tap means."""

MAJORITIES = ("simple", "absolute", "two_thirds")
BASES = ("yes_and_no", "present", "all_seats")

_TYPED = {
    **dict.fromkeys(("ja", "dafür", "dafuer", "yes", "aye", "in favour", "for"), "yes"),
    **dict.fromkeys(("nein", "dagegen", "no", "nay", "against"), "no"),
    **dict.fromkeys(
        ("enthaltung", "enthalte mich", "ich enthalte mich", "abstain", "abstention"), "abstain"
    ),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome with its calculation, as it is frozen."""

    yes: int
    no: int
    abstain: int
    cast: int
    seats: int
    """Entitled seats without the excluded ones."""
    quorum: int
    """Seats that must have a ballot."""
    quorate: bool
    base: int
    """Votes or seats by which the majority is measured."""
    needed: int
    """The fewest yes votes with which the motion is adopted, given this base."""
    tie: bool
    """As many yes as no, where a simple majority is asked."""
    casting: str
    """``yes`` or ``no`` where the chair's vote decided a tie, else empty."""
    verdict: Literal["adopted", "rejected", "no_decision"]


class Resolution:
    """Settings: ``majority``, ``base``, ``abstentions`` (they count into yes and no), and
    ``casting_vote`` (the chair's, in a tie). Ballot: ``{"vote": "yes" | "no" | "abstain"}``.

    Counts: the fields of ``Decision``.
    """

    name = "resolution"
    secrecies: tuple[str, ...] = ("open", "roll_call", "secret")
    formal = True
    options: Literal["measures", "wanted", "none"] = "none"

    def check(self, settings: Settings, options: int) -> None:
        """Known words; a simple majority compares yes and no and has no other base."""
        majority, base = settings.get("majority"), settings.get("base")
        if majority not in MAJORITIES or base not in BASES:
            raise Broken("resolution.unknown_rule")
        if majority != "simple":
            return
        if base != "yes_and_no":
            raise Broken("resolution.simple_needs_yes_and_no")
        if settings.get("abstentions"):
            raise Broken("resolution.simple_without_abstentions")

    def press(
        self, settings: Settings, ballot: Mapping[str, Any], option: int, part: int, value: int
    ) -> dict[str, Any]:
        """The answer that was tapped; tapping it again changes nothing."""
        if value not in ANSWERS:
            raise Broken("resolution.choose")
        return {"vote": ANSWERS[value]}

    def write(
        self, settings: Settings, ballot: Mapping[str, Any], part: int, text: str
    ) -> dict[str, Any]:
        """There is nothing to write on this ballot."""
        raise Broken("polls.nothing_to_write")

    def typed(
        self, settings: Settings, ballot: Mapping[str, Any], options: Sequence[int], text: str
    ) -> dict[str, Any] | None:
        """``Ja``, ``dagegen``, ``abstain`` …, alone."""
        vote = _TYPED.get(" ".join(text.casefold().split()).strip(" .!„“\"'"))
        return None if vote is None else {"vote": vote}

    def valid(self, settings: Settings, ballot: Mapping[str, Any], options: Sequence[int]) -> bool:
        """One answer and nothing else."""
        return set(ballot) == {"vote"} and ballot["vote"] in ANSWERS.values()

    def answered(self, settings: Settings, ballot: Mapping[str, Any], option: int) -> bool:
        """Whether there is an answer."""
        return "vote" in ballot

    def tally(
        self, settings: Settings, options: Sequence[int], casts: Sequence[Cast], base: Base
    ) -> dict[str, Any]:
        """Count and decide."""
        votes = Counter(str(cast.value["vote"]) for cast in casts)
        chair = str(base.chair.get("vote", "")) if base.chair is not None else ""
        quorum = seats_needed(base.rules.quorum, base.seats)
        return asdict(decide(settings, votes, base.seats, quorum, chair))


def decide(
    settings: Settings, votes: Mapping[str, int], seats: int, quorum: int, chair: str
) -> Decision:
    """What so many yes, no and abstain decide. ``chair`` is the chair's own vote, or empty.

    Without any ballot, or below the quorum, there is no decision, and the motion may come back.
    """
    yes, no, abstain = (votes.get(answer, 0) for answer in ANSWERS.values())
    cast = yes + no + abstain
    base = {
        "simple": yes + no,
        "yes_and_no": yes + no,
        "ballots": cast,
        "all_seats": seats,
    }[measure(settings)]
    needed = fewest_yes(settings["majority"], base, no)
    tie = settings["majority"] == "simple" and cast > 0 and yes == no
    decides = tie and bool(settings.get("casting_vote")) and chair in ("yes", "no")
    quorate = cast >= quorum
    verdict: Literal["adopted", "rejected", "no_decision"]
    if not quorate or not cast:
        verdict = "no_decision"
    elif yes >= needed or (decides and chair == "yes"):
        verdict = "adopted"
    else:
        verdict = "rejected"
    casting = chair if decides and verdict != "no_decision" else ""
    return Decision(
        yes, no, abstain, cast, seats, quorum, quorate, base, needed, tie, casting, verdict
    )


def measure(settings: Settings) -> Literal["simple", "yes_and_no", "ballots", "all_seats"]:
    """By what the majority is measured; a ballot makes its seat present."""
    if settings["majority"] == "simple":
        return "simple"
    if settings["base"] == "all_seats":
        return "all_seats"
    if settings["base"] == "present" or settings.get("abstentions"):
        return "ballots"
    return "yes_and_no"


def fewest_yes(majority: str, base: int, no: int) -> int:
    """The fewest yes votes that carry; never none, even where the base is empty."""
    match majority:
        case "simple":
            return no + 1
        case "absolute":
            return base // 2 + 1
        case "two_thirds":
            return max(1, -(-2 * base // 3))
    raise ValueError(f"there is no majority {majority!r}")
