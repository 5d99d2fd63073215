"""Facts for the looks of a method, without a poll in a database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot import text
from handlers.chat import Text
from handlers.polls.facts import BallotFacts, OptionFacts, PollFacts, ResultFacts
from handlers.polls.methods import Method

OPTIONS = list(range(1, 9))
NOON = datetime(2027, 1, 12, 11, 0, tzinfo=UTC)


def readers() -> list[text.Reader]:
    """One for each language."""
    return [text.Reader(language, ZoneInfo("Europe/Berlin")) for language in text.LANGUAGES]


def said(words: Text | None) -> str:
    """As a German reader sees it."""
    assert words is not None
    return text.plain(words, readers()[0])


def options_of(ids: Iterable[int]) -> list[OptionFacts]:
    """Options that are called by their number."""
    return [OptionFacts(id, {"de": f"Weg {id}", "en": f"Path {id}"}) for id in ids]


def poll_of(method: Method, settings: Mapping[str, Any], *, secrecy: str = "open") -> PollFacts:
    """A running poll of 19 seats."""
    return PollFacts(
        id=1,
        title={"de": "Wohin?", "en": "Where to?"},
        method=method.name,
        settings=settings,
        secrecy=secrecy,
        formal=method.rules.formal,
        state="open",
        published=False,
        opens_at=NOON,
        closes_at=NOON,
        closed_at=None,
        seats=19,
        voted=0,
    )


def ballot_of(
    value: dict[str, Any], *, barred: Collection[int] = (), cast: bool = True
) -> BallotFacts:
    """A holder's own ballot."""
    return BallotFacts(
        entry=7,
        seat={"de": "Feuerwehr"},
        position=0,
        voted_as=0 if cast else None,
        value=value,
        barred=frozenset(barred),
        cast=cast,
        receipt=None,
        page=0,
    )


def result_of(
    method: Method,
    settings: Mapping[str, Any],
    counts: Mapping[str, Any],
    *,
    cast: int,
    options: list[OptionFacts] | None = None,
) -> ResultFacts:
    """A closed straw poll."""
    return ResultFacts(
        poll=1,
        title={"de": "Wohin?"},
        method=method.name,
        settings=settings,
        options=options_of(OPTIONS) if options is None else options,
        secret=False,
        roll_call=False,
        formal=method.rules.formal,
        published=True,
        withheld=False,
        seats=19,
        cast=cast,
        late=0,
        needed=10,
        rules={},
        counts=counts,
        closes_at=NOON,
        closed_at=NOON,
        early="",
        digest="0" * 64,
        receipts=(),
    )
