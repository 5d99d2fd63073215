"""The methods of voting, a folder each: what a ballot is, how it is counted, how it looks.

A further method is one more folder and one line in ``registry.py``: ``rules.py`` (pure, exact),
``views.py`` (pure), ``fields.py`` (what the dialog asks), words, tests, a page in
``docs/methods/``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from handlers.chat import Text
from handlers.forms import Field
from handlers.polls.facts import (
    BallotFacts,
    Bar,
    OptionFacts,
    PollFacts,
    ResultFacts,
    Row,
    Table,
    Words,
)
from handlers.polls.rules import FEWEST_OPTIONS, MOST_OPTIONS, Base, Cast, seats_needed
from handlers.polls.rules import Rules as Procedure

Settings = Mapping[str, Any]
Value = dict[str, Any]
Counts = dict[str, Any]
"""What ``tally`` makes and a result freezes: JSON; fractions as strings (``"7/3"``)."""


class Rules(Protocol):
    """The rules of one method; pure and exact."""

    name: str
    secrecies: tuple[str, ...]
    """What may be chosen: of ``open``, ``roll_call``, ``secret``."""
    formal: bool
    """Whether its results decide: coordination previews and publishes them."""
    options: Literal["measures", "wanted", "none"]
    """Options of measures (or typed), typed only, or none: the method has its own answers."""

    def check(self, settings: Settings, options: int) -> None:
        """Raise ``rules.Broken`` for settings that make no sense."""

    def press(self, settings: Settings, ballot: Value, option: int, part: int, value: int) -> Value:
        """The ballot after a tap (``Vote``); raises ``rules.Broken`` if it is not allowed."""

    def write(self, settings: Settings, ballot: Value, part: int, text: str) -> Value:
        """The ballot with a written answer (``Write``); raises ``rules.Broken``."""

    def typed(
        self, settings: Settings, ballot: Value, options: Sequence[int], text: str
    ) -> Value | None:
        """The ballot that typed words mean (``3 3 5``, ``2=8``); None if they mean none.

        An option in which the seat has no say keeps its place in ``options``, with its id
        negative: what is said to it by name makes no valid ballot; „all“ leaves it out.
        Raises ``rules.Broken`` for what is meant but not allowed; the ballot is then unchanged.
        """

    def valid(self, settings: Settings, ballot: Value, options: Sequence[int]) -> bool:
        """Whether a ballot keeps to the rules; only such ballots are stored."""

    def answered(self, settings: Settings, ballot: Value, option: int) -> bool:
        """Whether the ballot says anything on the option (progress, the next open one)."""

    def tally(
        self, settings: Settings, options: Sequence[int], casts: Sequence[Cast], base: Base
    ) -> Counts:
        """Count the ballots. No ballot at all: counts of 0, no ranks."""


class Views(Protocol):
    """How one method looks; pure."""

    def a_page(self, settings: Settings, options: int) -> int:
        """Options on one page of the ballot: 8 in a list, 1 where each is a card of its own."""

    def how(self, poll: PollFacts) -> Text:
        """The rules of the ballot in one sentence."""

    def rows(
        self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts
    ) -> Sequence[Row]:
        """The options that are shown (one page of them), in their order."""

    def left(self, poll: PollFacts, options: Sequence[OptionFacts], mine: BallotFacts) -> Text:
        """What may still be given, or how far one is; ``options`` are all of them."""

    def saved(
        self, poll: PollFacts, options: Sequence[OptionFacts], value: Value, option: int
    ) -> tuple[Text, str]:
        """The short confirmation of a tap, and the option's mark where it is said aloud."""

    def board(
        self, poll: PollFacts, options: Sequence[OptionFacts], counts: Counts | None
    ) -> tuple[Text, ...]:
        """The lines of the live board; ``counts`` are the running totals, where they are shown."""

    def result(self, facts: ResultFacts) -> tuple[Text, ...]:
        """Outcome and counts as minutes would say them, the places last."""

    def bars(self, facts: ResultFacts) -> tuple[Bar, ...]:
        """The chart's bars; none where a chart says nothing."""

    def tables(self, facts: ResultFacts) -> tuple[Table, ...]:
        """The whole result as tables."""

    def ballot_text(self, facts: ResultFacts, value: Value) -> Text:
        """One ballot in words, for a roll call."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method: its rules, its looks, and what the dialog asks for it."""

    rules: Rules
    views: Views
    fields: tuple[Field, ...]
    """Asked while preparing; their names begin with the method's name."""
    settings: Any
    """``settings(ctx: Context, given: Given) -> dict``: what the answers make of a poll."""
    options: Any = None
    """``options(ctx: Context, given: Given) -> list[Words]``, where the method's own questions
    make the options (dates, say); otherwise they are asked for."""

    def extra_options(self, settings: Settings) -> tuple[Words, ...]:
        """What opening adds behind the options that were chosen (the status quo, say)."""
        extra = getattr(self.rules, "extra_options", None)
        return tuple(extra(settings)) if extra is not None else ()

    def running(
        self, settings: Settings, options: Sequence[int], casts: Sequence[Cast], base: Base
    ) -> Counts:
        """What a board shows while people vote; the whole count where that is quick enough."""
        own = getattr(self.rules, "running", None)
        if own is not None:
            return dict(own(settings, options, casts))
        return self.rules.tally(settings, options, casts, base)

    @property
    def fewest_options(self) -> int:
        """How few options make sense."""
        return int(getattr(self.rules, "fewest_options", FEWEST_OPTIONS))

    @property
    def conflicts(self) -> bool:
        """Whether a conflict of interest keeps a seat from voting."""
        return bool(getattr(self.rules, "conflicts", True))

    def secrecies(self, procedure: Procedure) -> tuple[str, ...]:
        """What these rules of procedure let choose of, the usual one first."""
        own = getattr(self.rules, "secrecies_under", None)
        if own is not None:
            return tuple(own(procedure))
        usual = procedure.default_secrecy
        return tuple(sorted(self.rules.secrecies, key=lambda one: one != usual))

    @property
    def most_options(self) -> int:
        """How many options it can count in a moment."""
        return int(getattr(self.rules, "most_options", MOST_OPTIONS))

    def needed(self, settings: Settings, base: Base) -> int:
        """Seats that must vote: the quorum, unless the method has a turnout of its own."""
        own = getattr(self.rules, "needed", None)
        if own is not None:
            return int(own(settings, base))
        return seats_needed(base.rules.quorum, base.seats)

    def latest(self, settings: Settings) -> datetime | None:
        """When a poll has to be over at the latest, if the method knows (before the first of the
        dates that are voted on, say)."""
        own = getattr(self.rules, "latest", None)
        return own(settings) if own is not None else None

    def prompt(self, part: int) -> Text:
        """What is asked for where a written answer (``Write``) is given."""
        asks = getattr(self.views, "prompt", None)
        return asks(part) if asks is not None else Text("polls.ask_answer")

    @property
    def name(self) -> str:
        """Under which polls store it (glossary)."""
        return self.rules.name
