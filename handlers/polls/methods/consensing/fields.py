"""What the dialog asks for consensing: in which words the status quo is an option."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handlers.chat import Refusal, Text, Translated, plain
from handlers.forms import Choice, Field, Given
from handlers.polls.methods.consensing.rules import STATUS_QUO
from handlers.polls.rules import LONGEST_OPTION
from handlers.router import Context

__all__ = ["FIELDS", "STATUS_QUO", "settings"]

GIVEN = "given"
USUAL = "last"


def _choices(ctx: Context, given: Given) -> Sequence[Choice]:
    return [
        Choice(plain(Translated(STATUS_QUO)), USUAL),
        Choice(Text("consensing.status_quo_given"), GIVEN),
    ]


def _read(ctx: Context, given: Given, text: str) -> dict[str, str]:
    words = " ".join(text.split())
    if not words or len(words) > LONGEST_OPTION:
        raise Refusal("consensing.status_quo_too_long", most=LONGEST_OPTION)
    return {ctx.town.default_language: words}


FIELDS = (
    Field(
        "consensing_status_quo",
        lambda ctx, given: (Text("consensing.ask_status_quo"),),
        _choices,
        _read,
    ),
)


def settings(ctx: Context, given: Given) -> dict[str, Any]:
    """``status_quo``: ``last`` (it is added; in coordination's ``words`` if they wrote some) or
    ``given`` (the last option of the list is it)."""
    chosen = given["consensing_status_quo"]
    if isinstance(chosen, dict):
        return {"status_quo": USUAL, "words": chosen}
    return {"status_quo": chosen}
