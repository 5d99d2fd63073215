"""What the dialog asks for a ranking: how many places each seat may give."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from handlers.chat import Refusal, Text
from handlers.forms import Choice, Field, Given
from handlers.router import Context

ALL = 0


def _choices(ctx: Context, given: Given) -> Sequence[Choice]:
    # One after the other, so that a typed number means the same as the choice of that number.
    return [
        *(Choice(Text("ranking.top_number", n=n), n) for n in range(1, 6)),
        Choice(Text("ranking.top_all"), ALL),
    ]


def _read(ctx: Context, given: Given, text: str) -> int:
    if re.fullmatch(r"alle|all", text.strip(), re.IGNORECASE):
        return ALL
    if not re.fullmatch(r"\d{1,3}", text.strip()) or int(text) < 1:
        raise Refusal("ranking.top_unreadable")
    return int(text)


FIELDS = (Field("ranking_top", lambda ctx, given: (Text("ranking.ask_top"),), _choices, _read),)


def settings(ctx: Context, given: Given) -> dict[str, Any]:
    """``top``: how many places a seat may give; 0 where all options may be ranked."""
    return {"top": int(given["ranking_top"])}
