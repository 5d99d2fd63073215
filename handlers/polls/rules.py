"""The rules of procedure: who may vote when, what is counted, how ranks are given.

Pure decisions in exact arithmetic; the sources are named where a rule comes from one. Dates are
UTC, counts are seats.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from fractions import Fraction
from typing import Any

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=366)
FEWEST_OPTIONS = 2
MOST_OPTIONS = 250
LONGEST_OPTION = 200
LONGEST_TITLE = 150


class Broken(Exception):
    """A rule says no. ``message`` is a catalogue id, ``args`` what it wants."""

    def __init__(self, message: str, /, **args: int | str) -> None:
        self.message, self.named = message, args
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Rules:
    """A municipality's rules of procedure, with the defaults of ``docs/coordination.md``."""

    dots_per_seat: int = 3
    max_dots_per_option: int = 1
    quorum: str = "more_than_half"
    """``none`` | ``half`` | ``more_than_half`` | ``two_thirds`` of the seats on the roll."""
    default_secrecy: str = "open"
    running_totals_visible: bool = True
    secret_minimum_voters: int = 5
    close_when_all_voted: bool = False
    majority: str = "simple"
    """``simple`` (more yes than no) | ``absolute`` (over half) | ``two_thirds`` of the base."""
    majority_base: str = "yes_and_no"
    """``yes_and_no`` | ``present`` (every seat with a ballot) | ``all_seats``."""
    abstentions_count: bool = False
    chair_casting_vote: bool = False
    small_group_minimum: int = 3
    """Ballots from which an interest group's results are shown."""
    who_may_open: str = "coordination"
    """``coordination`` | ``core_team``."""
    second_person_confirms: bool = False
    """Whether a formal poll is opened and published by two persons."""
    open_elections: bool = False
    """Whether persons may be elected openly; otherwise elections are secret."""
    second_reading: bool = False
    """Whether a resolution that failed for its quorum comes back by itself."""

    @staticmethod
    def of(stored: Mapping[str, Any]) -> Rules:
        """From a municipality's stored rules; what this version does not know is left out."""
        known = {f.name for f in fields(Rules)}
        return Rules(**{name: value for name, value in stored.items() if name in known})


def check_value(code: str) -> str:
    """What is published of a voter's code after a secret poll: it shows that the ballot lay in
    the box, and nobody who reads the list can claim another's code (voting.md, Secrecy)."""
    return hashlib.sha256(code.encode()).hexdigest()[:8]


SECRET_TURNOUT_FROM = 3
"""Below this many ballots a secret poll does not even say how many there are, and has no result:
with one or two, it would tell who voted how."""

CHANGE_OF_MIND = timedelta(minutes=10)
"""How long a poll that ends with its last seat still waits after the last change."""


DOMINANT = Fraction(49, 100)
"""An interest group with more than this part of the ballots is named with the result."""


def is_dominant(ballots: int, cast: int) -> bool:
    """Whether so many of the ballots are more than one interest group should have."""
    return cast > 0 and Fraction(ballots, cast) > DOMINANT


def seats_needed(quorum: str, seats: int) -> int:
    """How many of the seats on the roll must have a ballot for a quorum."""
    match quorum:
        case "none":
            return 0
        case "half":
            return -(-seats // 2)
        case "two_thirds":
            return -(-2 * seats // 3)
        case "more_than_half":
            return seats // 2 + 1
    raise ValueError(f"there is no quorum {quorum!r}")


def is_open(state: str, closes_at: datetime, received_at: datetime, started_at: datetime) -> bool:
    """Whether a ballot that reached the inbox at ``received_at`` counts.

    Until the deadline it does. If the process came up only after the deadline (``started_at``),
    what waited at the platforms still counts until the poll really closes.
    """
    if state != "open":
        return False
    return received_at < closes_at or closes_at <= started_at


def may_replace(mine: int, standing: int | None) -> bool:
    """Whether the person at position ``mine`` (0 holder, 1… deputies) may cast the seat's ballot.

    The holder goes before the deputies and an earlier deputy before a later one.
    """
    return standing is None or mine <= standing


def check_secret(seats: int, minimum: int) -> None:
    """Refuse a secret poll with too few voters: turnout would tell who voted how."""
    if seats < minimum:
        raise Broken("polls.too_few_for_secret", n=seats, minimum=minimum)


def check_times(now: datetime, closes_at: datetime) -> None:
    """Refuse a deadline in the past, too soon, or more than a year away."""
    if closes_at < now + SHORTEST:
        raise Broken("polls.deadline_too_soon")
    if closes_at > now + LONGEST:
        raise Broken("polls.deadline_too_late")


def check_number(options: int, most: int = MOST_OPTIONS, fewest: int = FEWEST_OPTIONS) -> None:
    """Refuse too few or too many options."""
    if options < fewest:
        raise Broken("polls.too_few_options", n=options)
    if options > most:
        raise Broken("polls.too_many_options", n=options, most=most)


def check_options(labels: Sequence[str]) -> tuple[str, ...]:
    """The options with surrounding spaces dropped; refuses too few, too many, too long, equal."""
    options = tuple(" ".join(label.split()) for label in labels)
    options = tuple(option for option in options if option)
    check_number(len(options))
    seen: dict[str, str] = {}
    for option in options:
        if len(option) > LONGEST_OPTION:
            raise Broken("polls.option_too_long", option=option[:40], most=LONGEST_OPTION)
        if option.casefold() in seen:
            raise Broken("polls.option_twice", option=option)
        seen[option.casefold()] = option
    return options


ALIKE = 0.85
"""How similar two typed options are that may be meant as one (0 to 1)."""


def alike(labels: Sequence[str], most: int | None = None) -> tuple[tuple[str, str], ...]:
    """Pairs of options that differ so little that one may be the other, misspelt; the first
    ``most`` of them where more would not be shown."""
    found: list[tuple[str, str]] = []
    folded = [label.casefold() for label in labels]
    pair = SequenceMatcher(None)
    for at, second in enumerate(folded):
        # What is known of the second text is kept for all that are compared with it.
        pair.set_seq2(second)
        for before, first in enumerate(folded[:at]):
            # No more can be equal than the shorter one has: most pairs are done with this.
            if 2 * min(len(first), len(second)) < ALIKE * (len(first) + len(second)):
                continue
            pair.set_seq1(first)
            if pair.quick_ratio() >= ALIKE and pair.ratio() >= ALIKE:
                found.append((labels[before], labels[at]))
                if len(found) == most:
                    return tuple(found)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Count:
    """What an option got. ``score`` decides, then ``tiebreak``; both exact, more is better."""

    option: int
    score: Fraction
    seats: int
    tiebreak: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Ranked:
    """An option's place. Equal places are shared: 1., 2., 2., 4."""

    count: Count
    rank: int
    shared: bool
    by_tiebreak: bool = False
    """Whether only the tie rule put it before or behind a neighbour."""


def rank(counts: Sequence[Count]) -> tuple[Ranked, ...]:
    """Competition ranking; ties are never broken silently.

    Equal ones keep the order of the list, which says nothing.
    """
    ordered = sorted(counts, key=_place)
    alike = Counter(_place(c) for c in counts)
    level = Counter(c.score for c in counts)
    ranks: dict[tuple[Fraction, Fraction], int] = {}
    for index, count in enumerate(ordered):
        ranks.setdefault(_place(count), index + 1)
    return tuple(
        Ranked(c, ranks[_place(c)], alike[_place(c)] > 1, level[c.score] > alike[_place(c)])
        for c in ordered
    )


def _place(count: Count) -> tuple[Fraction, Fraction]:
    return -count.score, -count.tiebreak


# --- what a method counts --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cast:
    """One seat's ballot as it is counted; ``barred`` are options in which it has no say."""

    value: Mapping[str, Any]
    barred: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Base:
    """What majorities and quorums are measured by: seats entitled, and the rules of procedure.

    Excluded seats (conflict of interest) are not among ``seats``. ``chair`` is the chair's own
    ballot in this poll, if there is one.
    """

    seats: int
    rules: Rules
    chair: Mapping[str, Any] | None = None
