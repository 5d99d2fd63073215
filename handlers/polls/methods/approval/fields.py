"""What the dialog asks for a multiple choice: how many options a seat may choose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from handlers.chat import Refusal, Text
from handlers.forms import Choice, Field, Given
from handlers.polls.rules import MOST_OPTIONS
from handlers.router import Context

ANY = 0
OFFERED = 5


def _ask_limit(ctx: Context, given: Given) -> tuple[Text, ...]:
    return (Text("approval.ask_limit"),)


def _limits(ctx: Context, given: Given) -> Sequence[Choice]:
    any_number = Choice(Text("approval.any_number"), False)
    return [any_number, Choice(Text("approval.at_most"), True)]


def _ask_most(ctx: Context, given: Given) -> tuple[Text, ...]:
    return (Text("approval.ask_most"),)


def _numbers(ctx: Context, given: Given) -> Sequence[Choice]:
    # One after the other, so that a typed number means the same as the choice of that number.
    return [Choice(Text("polls.number", n=n), n) for n in range(1, OFFERED + 1)]


def _read(ctx: Context, given: Given, text: str) -> int:
    if not re.fullmatch(r"\d{1,3}", text.strip()) or not 1 <= int(text) <= MOST_OPTIONS:
        raise Refusal("polls.number_please", most=MOST_OPTIONS)
    return int(text)


def _limited(ctx: Context, given: Given) -> bool:
    return bool(given.get("approval_limit"))


FIELDS = (
    Field("approval_limit", _ask_limit, _limits),
    Field("approval_most", _ask_most, _numbers, _read, when=_limited),
)


def settings(ctx: Context, given: Given) -> dict[str, Any]:
    """``most``: options a seat may choose, 0 for any number."""
    return {"most": given["approval_most"] if _limited(ctx, given) else ANY}
