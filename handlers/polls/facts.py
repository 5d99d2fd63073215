"""What the views of polls know: plain data between storage and the cards. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from handlers.chat import Button, Text
from handlers.polls.actions import Vote

Words = Mapping[str, str]
Value = dict[str, Any]
"""A ballot's value as it is stored: JSON; option ids are strings in it."""


@dataclass(frozen=True, slots=True)
class PollFacts:
    """What every view of a poll says. ``settings`` are the method's."""

    id: int
    title: Words
    method: str
    settings: Mapping[str, Any]
    secrecy: str
    """``open`` | ``roll_call`` | ``secret``."""
    formal: bool
    """Whether it decides something; otherwise it is a straw poll and says so."""
    state: str
    """``prepared`` | ``planned`` | ``open`` | ``closed`` | ``withdrawn``."""
    published: bool
    opens_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    seats: int
    voted: int
    extended: bool = False
    """Whether the deadline was put off while it ran."""
    reason: str = ""
    """Why it was withdrawn, in coordination's words."""
    void: bool = False
    """Whether coordination set its result aside."""
    stopped: bool = False
    """A written procedure that ended with an objection."""

    @property
    def secret(self) -> bool:
        """Whether nobody may learn who chose what."""
        return self.secrecy == "secret"


@dataclass(frozen=True, slots=True)
class OptionFacts:
    """An option: its id, its words, and of a measure its code and its cost in whole euros."""

    id: int
    label: Words
    code: str = ""
    cost: int | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """Where a ballot stands among those of polls that belong together."""

    number: int
    of: int
    voted: int
    """In how many of them the seat has a ballot."""
    next_poll: int | None
    """The next one in which it has none yet."""
    next_title: Words


@dataclass(frozen=True, slots=True)
class BallotFacts:
    """A person's ballot. ``value`` is empty while nothing is cast, and where it is another's."""

    entry: int
    seat: Words
    position: int
    voted_as: int | None
    value: Value
    barred: frozenset[int]
    """Options in which the seat has no say (conflict of interest)."""
    cast: bool
    receipt: str | None
    page: int
    answered: frozenset[int] = frozenset()
    """Options on which the ballot says something."""
    excluded: bool = False
    """The seat is out of this poll for a conflict of interest."""
    may_declare: bool = False
    """Whether this person may say that the seat has one."""
    recorded: bool = False
    """The office recorded this ballot (paper, phone)."""
    way: Way | None = None
    """Its place in a series."""


@dataclass(frozen=True, slots=True)
class Row:
    """An option on a ballot: a line of the body (or none) and its rows of buttons."""

    buttons: tuple[tuple[Button, ...], ...]
    line: Text | None = None


def tap(
    mine: BallotFacts, option: int, label: Text, value: int = 0, part: int = 0, mark: str = ""
) -> Button:
    """A button that votes; ``value`` and ``part`` mean what the method's ``press`` says."""
    return Button(label, Vote(mine.entry, option, part, value), mark=mark)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart: ``rank`` as printed (``2.=``, or nothing), ``value`` its length."""

    rank: str
    label: Text
    value: Fraction
    shown: Text
    note: Text | None = None


Cell = Text | Fraction | int | str | None


@dataclass(frozen=True, slots=True)
class Table:
    """A result as a table: for spreadsheets, the result sheet and screen readers.

    Numbers stay numbers (``int``, exact ``Fraction``); ``name`` is the sheet's.
    """

    name: Text
    head: tuple[Text, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """The same count among the seats of one interest group (only from 3 ballots on)."""

    group: str
    cast: int
    counts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """A frozen result with its calculation. ``counts`` is what the method's ``tally`` made."""

    poll: int
    title: Words
    method: str
    settings: Mapping[str, Any]
    options: Sequence[OptionFacts]
    secret: bool
    roll_call: bool
    formal: bool
    published: bool
    withheld: bool
    """So few secret ballots that a result would tell who voted how."""
    seats: int
    """Entitled seats without the excluded ones: the quorum's base."""
    cast: int
    late: int
    needed: int
    """Seats that a quorum needs."""
    rules: Mapping[str, Any]
    """The rules of procedure as they were frozen at opening."""
    counts: Mapping[str, Any]
    closes_at: datetime
    closed_at: datetime
    early: str
    """Empty, ``by_coordination`` or ``all_voted``."""
    digest: str
    receipts: tuple[str, ...]
    excluded: tuple[Words, ...] = ()
    """Seats out of the poll for a conflict of interest, by name."""
    excluded_options: tuple[tuple[Words, int], ...] = ()
    """Seats without a say in one option."""
    recorded: int = 0
    """Ballots that were recorded by the office (paper, phone)."""
    groups: tuple[GroupFacts, ...] = ()
    dominant: tuple[str, int] | None = None
    """An interest group with more than 49 % of the ballots, and its ballots."""
    roll: tuple[tuple[Words, Value], ...] = ()
    """Roll call: seat and ballot. Empty otherwise."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What happened besides (a lot drawn, a procedure stopped …)."""

    @property
    def quorate(self) -> bool:
        """Whether enough seats voted."""
        return self.cast >= self.needed

    def label(self, option: int) -> Words:
        """An option's words."""
        return next(o.label for o in self.options if o.id == option)
