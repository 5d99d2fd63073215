"""What the dialog asks for a consent decision: how many seats must take part."""

from __future__ import annotations

import re
from typing import Any

from handlers.chat import Refusal, Text
from handlers.forms import Choice, Field, Given
from handlers.polls.methods.consent.rules import QUORUM
from handlers.router import Context

_USUAL = (50, 75, 100)


def _turnouts(ctx: Context, given: Given) -> list[Choice]:
    return [
        Choice(Text("consent.turnout_quorum"), QUORUM),
        *(Choice(Text("consent.turnout_percent", percent=percent), percent) for percent in _USUAL),
    ]


def _read(ctx: Context, given: Given, text: str) -> int:
    found = re.fullmatch(r"\s*(\d{1,3})\s*(?:%|prozent|per ?cent)?\s*", text.casefold())
    if found is None or not 1 <= int(found[1]) <= 100:
        raise Refusal("consent.turnout_out_of_range")
    return int(found[1])


FIELDS = (
    Field(
        "consent_turnout",
        lambda ctx, given: (Text("consent.ask_turnout"),),
        _turnouts,
        _read,
    ),
)


def settings(ctx: Context, given: Given) -> dict[str, Any]:
    """What the answers make of a poll."""
    return {"turnout": given["consent_turnout"]}
