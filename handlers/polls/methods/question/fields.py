"""What the dialog asks for an open question: how many answers a seat may give."""

from __future__ import annotations

import re
from typing import Any

from handlers.chat import Refusal, Text
from handlers.forms import Choice, Field, Given
from handlers.polls.methods.question.rules import MOST_ANSWERS
from handlers.router import Context


def _numbers(ctx: Context, given: Given) -> list[Choice]:
    return [Choice(Text("question.number", n=n), n) for n in range(1, MOST_ANSWERS + 1)]


def _read(ctx: Context, given: Given, text: str) -> int:
    if not re.fullmatch(r"\d", text.strip()) or not 1 <= int(text) <= MOST_ANSWERS:
        raise Refusal("question.most_out_of_range", most=MOST_ANSWERS)
    return int(text)


FIELDS = (Field("question_most", lambda ctx, given: (Text("question.ask_most"),), _numbers, _read),)


def settings(ctx: Context, given: Given) -> dict[str, Any]:
    """What the answers make of a poll."""
    return {"most": given["question_most"]}
