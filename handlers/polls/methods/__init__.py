"""The methods of voting, one file each: what a ballot is, and how it is counted.

A further method is one more file with a class like ``Dots`` and one line here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from handlers.polls.methods.dots import Dots
from handlers.polls.rules import Count

Settings = Mapping[str, Any]
Value = dict[str, Any]
"""A ballot's value as it is stored: JSON."""


class Method(Protocol):
    """The rules of one method; pure and exact."""

    name: str

    def check(self, settings: Settings, options: int) -> None:
        """Raise ``rules.Broken`` for settings that make no sense."""

    def press(self, settings: Settings, ballot: Value, option: int) -> Value:
        """The ballot after a press on an option; raises ``rules.Broken`` if it is not allowed."""

    def valid(self, settings: Settings, ballot: Value, options: Sequence[int]) -> bool:
        """Whether a ballot keeps to the rules; only such ballots are stored."""

    def mark(self, settings: Settings, ballot: Value, option: int) -> str:
        """What the option's button shows of the ballot; never colour alone."""

    def left(self, settings: Settings, ballot: Value) -> int:
        """How much may still be given."""

    def tally(
        self, settings: Settings, options: Sequence[int], ballots: Sequence[Value]
    ) -> tuple[Count, ...]:
        """Count the ballots, in the options' order."""


METHODS: dict[str, Method] = {method.name: method for method in (Dots(),)}
"""By the name under which polls store them (glossary)."""
