"""What the dialog asks for dot voting."""

from __future__ import annotations

import re

from handlers.chat import Refusal, Text
from handlers.forms import Choice, Field, Given
from handlers.polls.methods.dots.rules import MOST_DOTS
from handlers.polls.rules import Rules
from handlers.router import Context


def _dots_choices(ctx: Context, given: Given) -> list[Choice]:
    usual = Rules.of(ctx.town.rules).dots_per_seat
    # One after the other, so that a typed number means the same as the choice of that number.
    return [
        Choice(Text("polls.usual_number" if n == usual else "polls.number", n=n), n)
        for n in range(1, max(5, usual) + 1)
    ]


def _read_dots(ctx: Context, given: Given, text: str) -> int:
    return _number(text, MOST_DOTS)


def _most_choices(ctx: Context, given: Given) -> list[Choice]:
    usual = min(Rules.of(ctx.town.rules).max_dots_per_option, given["dots_each"])
    return [
        Choice(Text("polls.usual_number" if n == usual else "polls.number", n=n), n)
        for n in range(1, min(given["dots_each"], 5) + 1)
    ]


def _read_most(ctx: Context, given: Given, text: str) -> int:
    return _number(text, given["dots_each"])


def _number(text: str, most: int) -> int:
    if not re.fullmatch(r"\d{1,3}", text.strip()) or not 1 <= int(text) <= most:
        raise Refusal("polls.number_please", most=most)
    return int(text)


FIELDS = (
    Field("dots_each", lambda ctx, given: (Text("dots.ask_each"),), _dots_choices, _read_dots),
    Field(
        "dots_most",
        lambda ctx, given: (Text("dots.ask_most"),),
        _most_choices,
        _read_most,
        when=lambda ctx, given: given.get("dots_each", 0) > 1,
    ),
)


def settings(ctx: Context, given: Given) -> dict[str, int]:
    """What the answers make of a poll."""
    return {"dots": given["dots_each"], "max_per_option": given.get("dots_most", 1)}
