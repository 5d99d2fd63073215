"""Elections of persons: who is elected, who goes into the run-off, and how a lot is drawn. Pure.

Model: Thüringer Kommunalordnung, § 39 (2): by secret ballot; elected is who has the votes of more
than half of the entitled who are present; otherwise there is a run-off between the two with the
most votes; on a tie the lot decides. The body of a strategy is no organ of the municipality, so
its own rules may measure by another base (``Procedure``). A conflict of interest (§ 38) does not
keep anybody from voting in an election.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["elected", "run_off", "lot", "not_elected", "no_decision"]
"""``no_decision``: no quorum, or nobody got a vote. ``not_elected``: too few for the only one."""

BASES = ("present", "valid", "for_somebody")


@dataclass(frozen=True, slots=True)
class Procedure:
    """What "more than half" is measured by in the first round."""

    base: str = "present"
    """``present`` (every seat with a ballot, abstentions and invalid ones as well: the law's
    "anwesende Stimmberechtigte") | ``valid`` (without the invalid ones) | ``for_somebody``
    (without abstentions too: votes for a candidate, or yes and no)."""

    def __post_init__(self) -> None:
        if self.base not in BASES:
            raise ValueError(f"there is no base {self.base!r}")


@dataclass(frozen=True, slots=True)
class Votes:
    """The ballots of one round, counted. ``against`` is possible with a single candidate only."""

    given: Mapping[int, int]
    """Candidate to votes; whoever stands is in it, with 0 if nobody voted for them."""
    against: int = 0
    abstentions: int = 0
    invalid: int = 0

    def __post_init__(self) -> None:
        numbers = (*self.given.values(), self.against, self.abstentions, self.invalid)
        if not self.given or min(numbers) < 0:
            raise ValueError("an election has candidates, and no count below zero")
        if self.against and len(self.given) > 1:
            raise ValueError("nobody votes against one of several candidates")

    @property
    def cast(self) -> int:
        """Seats with a ballot."""
        return sum(self.given.values()) + self.against + self.abstentions + self.invalid

    def base(self, procedure: Procedure) -> int:
        """What a majority is measured by."""
        if procedure.base == "present":
            return self.cast
        valid = self.cast - self.invalid
        return valid if procedure.base == "valid" else valid - self.abstentions


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a round decided, with its calculation.

    ``elected`` is set for ``elected``. For ``run_off``, ``next_round`` are those who are in it for
    sure; where a tie leaves ``lot_places`` of the two places open, ``lot_among`` are those between
    whom the lot decides. For ``lot`` the lot decides who of ``lot_among`` is elected.
    """

    verdict: Verdict
    votes: Votes
    base: int
    needed: int
    """Votes that elect: more than half of ``base`` in a first round, 0 in a run-off."""
    elected: int | None = None
    next_round: tuple[int, ...] = ()
    lot_among: tuple[int, ...] = ()
    lot_places: int = 0


def first_round(
    votes: Votes, procedure: Procedure | None = None, *, quorate: bool = True
) -> Outcome:
    """More than half of the base elects; otherwise the two with the most votes go on.

    A single candidate is voted on by yes and no; without a majority nobody is elected.
    """
    base = votes.base(procedure or Procedure())
    needed = base // 2 + 1
    leaders = _by_votes(votes)
    most = votes.given[leaders[0]]
    if not quorate or (most == 0 and votes.against == 0):
        return Outcome("no_decision", votes, base, needed)
    if most >= needed:
        return Outcome("elected", votes, base, needed, elected=leaders[0])
    if len(leaders) == 1:
        return Outcome("not_elected", votes, base, needed)
    second = votes.given[leaders[1]]
    sure = tuple(c for c in leaders if votes.given[c] > second)
    level = tuple(c for c in leaders if votes.given[c] == second)
    if len(sure) + len(level) == 2:
        return Outcome("run_off", votes, base, needed, next_round=(*sure, *level))
    return Outcome(
        "run_off",
        votes,
        base,
        needed,
        next_round=sure,
        lot_among=tuple(sorted(level)),
        lot_places=2 - len(sure),
    )


def run_off(votes: Votes, *, quorate: bool = True) -> Outcome:
    """The most votes elect, however few; on a tie the lot decides between the two."""
    if len(votes.given) != 2:
        raise ValueError(f"a run-off is between two, not {len(votes.given)}")
    base = sum(votes.given.values())
    first, second = _by_votes(votes)
    if not quorate or base == 0:
        return Outcome("no_decision", votes, base, 0)
    if votes.given[first] == votes.given[second]:
        among = tuple(sorted(votes.given))
        return Outcome("lot", votes, base, 0, lot_among=among, lot_places=1)
    return Outcome("elected", votes, base, 0, elected=first)


def _by_votes(votes: Votes) -> list[int]:
    return sorted(votes.given, key=lambda candidate: (-votes.given[candidate], candidate))


# --- drawing of lots -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ticket:
    """A candidate's lot: the check sum that decided their place."""

    candidate: int
    digest: str
    """64 hexadecimal digits."""


def seed_of(announced: str, drawn: str) -> str:
    """The public seed: a text announced before the draw, and what chance gave after it.

    ``drawn`` are numbers that nobody could know when the text was announced (those of a public
    lottery's next draw, say), as coordination types them. Runs of spaces count as one.
    """
    parts = (" ".join(unicodedata.normalize("NFC", part).split()) for part in (announced, drawn))
    first, second = parts
    if not first or not second:
        raise ValueError("a seed has an announced text and what was drawn")
    return f"{first} / {second}"


def draw_lot(candidates: Collection[int], seed: str) -> tuple[Ticket, ...]:
    """The candidates in the order of their lots, the first drawn first.

    Anybody can recompute it: a candidate's lot is the SHA-256 of the UTF-8 text ``seed|number``
    (``printf '%s' 'seed|17' | sha256sum``), and the smallest lot is drawn first. The order in
    which candidates are given does not matter.
    """
    numbers: Sequence[int] = sorted(set(candidates))
    if not numbers or not seed.strip():
        raise ValueError("a lot is drawn between candidates, with a seed")
    tickets = (Ticket(c, hashlib.sha256(f"{seed}|{c}".encode()).hexdigest()) for c in numbers)
    return tuple(sorted(tickets, key=lambda ticket: ticket.digest))


def decided_by_lot(outcome: Outcome, seed: str) -> tuple[int, ...]:
    """Whom the lot puts where the votes left it open: the elected one, or the run-off's two."""
    if not outcome.lot_places:
        raise ValueError("nothing is left to a lot here")
    drawn = draw_lot(outcome.lot_among, seed)[: outcome.lot_places]
    return (*outcome.next_round, *(ticket.candidate for ticket in drawn))
