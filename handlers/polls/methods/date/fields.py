"""What the dialog asks for finding a date: the dates, which are the poll's options."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from handlers.chat import Refusal, Text
from handlers.forms import Field, Given
from handlers.polls.facts import Words
from handlers.polls.methods.date.reading import read_dates, words
from handlers.polls.rules import Broken
from handlers.router import Context


def _read(ctx: Context, given: Given, text: str) -> list[str]:
    try:
        dates = read_dates(text, ctx.zone, ctx.now)
    except Broken as broken:
        raise Refusal(Text(broken.message, **broken.named)) from None
    _after_the_end(given, dates[0])
    return [at.isoformat() for at in dates]


def _after_the_end(given: Given, first: datetime) -> None:
    """Refuse a date on which the poll is still running."""
    if "closes_at" in given and datetime.fromisoformat(given["closes_at"]) >= first:
        raise Refusal("date.ends_too_late", at=first)


FIELDS = (Field("date_when", lambda ctx, given: (Text("date.ask_when"),), parse=_read),)


def settings(ctx: Context, given: Given) -> dict[str, Any]:
    """What the answers make of a poll; refuses a deadline that comes after the first date."""
    moments = list(given["date_when"])
    _after_the_end(given, datetime.fromisoformat(moments[0]))
    return {"moments": moments}


def options(ctx: Context, given: Given) -> list[Words]:
    """The words of the poll's options, in the order of ``moments``."""
    return [words(datetime.fromisoformat(at), ctx.zone) for at in given["date_when"]]
