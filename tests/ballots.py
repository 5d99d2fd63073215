"""Ballots and results without a messenger, for how a single method of voting looks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot import text
from bot.text import LANGUAGES, Reader
from handlers.chat import Text
from handlers.polls.facts import BallotFacts, OptionFacts, PollFacts, ResultFacts, Row

__all__ = ["LANGUAGES", "ballot", "labels", "open_poll", "options", "reads", "result"]

BERLIN = ZoneInfo("Europe/Berlin")
OPENS = datetime(2027, 1, 12, 8, 0, tzinfo=UTC)
CLOSES = datetime(2027, 1, 19, 17, 0, tzinfo=UTC)


def open_poll(method: str, settings: Mapping[str, Any]) -> PollFacts:
    """A running straw poll of 20 seats."""
    return PollFacts(
        id=1,
        title={"de": "Was zuerst?"},
        method=method,
        settings=settings,
        secrecy="open",
        formal=False,
        state="open",
        published=False,
        opens_at=OPENS,
        closes_at=CLOSES,
        closed_at=None,
        seats=20,
        voted=3,
    )


def options(*labels: str, costs: Sequence[int] = ()) -> list[OptionFacts]:
    """Options with ids from 31 on, with costs in euros if given."""
    made = [OptionFacts(31 + at, {"de": label}) for at, label in enumerate(labels)]
    if not costs:
        return made
    return [replace(o, cost=cost) for o, cost in zip(made, costs, strict=True)]


def ballot(value: Mapping[str, Any] | None, barred: Collection[int] = ()) -> BallotFacts:
    """A holder's ballot; None where nothing was cast."""
    cast = value is not None
    return BallotFacts(
        entry=7,
        seat={"de": "Sportverein"},
        position=0,
        voted_as=0 if cast else None,
        value=dict(value or {}),
        barred=frozenset(barred),
        cast=cast,
        receipt=None,
        page=0,
    )


def result(
    method: str, poll: PollFacts, listed: Sequence[OptionFacts], counts: Mapping[str, Any]
) -> ResultFacts:
    """A frozen result with these counts."""
    return ResultFacts(
        poll=poll.id,
        title=poll.title,
        method=method,
        settings=poll.settings,
        options=listed,
        secret=False,
        roll_call=False,
        formal=False,
        published=True,
        withheld=False,
        seats=20,
        cast=counts["cast"],
        late=0,
        needed=11,
        rules={},
        counts=counts,
        closes_at=CLOSES,
        closed_at=CLOSES,
        early="",
        digest="0" * 64,
        receipts=(),
    )


def reads(said: Text, language: str = "de") -> str:
    """What a person reads."""
    return text.plain(said, Reader(language, BERLIN))


def labels(rows: Sequence[Row], language: str = "de") -> list[str]:
    """The buttons' words with their marks."""
    reader = Reader(language, BERLIN)
    return [text.label(b, reader) for row in rows for line in row.buttons for b in line]
