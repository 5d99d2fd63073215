"""Closed polls with real counts, to make files of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot import text
from bot.text import Reader
from handlers.chat import Text
from handlers.polls.exports import File, Format, file
from handlers.polls.exports.content import Frame
from handlers.polls.facts import OptionFacts, ResultFacts
from handlers.polls.methods import Method, dots, resolution
from handlers.polls.rules import Base, Cast, Rules

BERLIN = ZoneInfo("Europe/Berlin")
OPENED = datetime(2027, 3, 12, 8, tzinfo=UTC)
CLOSED = datetime(2027, 3, 26, 17, tzinfo=UTC)
LANGUAGES = ("de", "en", "de-simple")
MEASURES = (
    "Photovoltaik auf allen geeigneten kommunalen Dächern",
    "Energetische Sanierung der Grundschule",
    "Kommunale Wärmeplanung erstellen und beschließen",
    "Straßenbeleuchtung auf LED mit Nachtabsenkung",
    "Lastenradverleih",
)
HOSTILE = (
    '=HYPERLINK("http://example.invalid";"Klick")',
    "+49 361 000",
    "-2+3",
    "@SUM(A1)",
    "\u00a0 =1+1",
    "Titel\n=1+1",
    "\uff1d1+1",
)
COSTS = (48_000, 120_000, 30_000, 65_000, 9_000)


def words(language: str = "de") -> Callable[[Text], str]:
    reader = Reader(language, BERLIN)
    return lambda said: text.plain(said, reader)


def frame(language: str = "de", ballots: Sequence[dict[str, Any]] = (), **stored: Any) -> Frame:
    body = Text("plain", text="Steuerungsgruppe")
    return Frame("Stadt Ilmbrück", body, language, BERLIN, OPENED, stored, ballots)


def measures(names: Sequence[str] = MEASURES) -> list[OptionFacts]:
    costs = [*COSTS, *[10_000] * len(names)]
    return [
        OptionFacts(id, {"de": name}, f"M-{id:02}", costs[id - 11])
        for id, name in enumerate(names, 11)
    ]


def result(
    method: Method,
    ballots: Sequence[Mapping[str, Any]],
    options: Sequence[OptionFacts],
    of: Mapping[str, Any],
    **more: Any,
) -> ResultFacts:
    """A closed poll among 19 seats, counted by its own method."""
    counts = method.rules.tally(
        of, [o.id for o in options], [Cast(b) for b in ballots], Base(19, Rules())
    )
    facts = ResultFacts(
        poll=12,
        title={"de": "Maßnahmen im Handlungsfeld Klimaschutz"},
        method=method.name,
        settings=of,
        options=options,
        secret=False,
        roll_call=False,
        formal=False,
        published=True,
        withheld=False,
        seats=19,
        cast=len(ballots),
        late=0,
        needed=10,
        rules={},
        counts=counts,
        closes_at=CLOSED,
        closed_at=CLOSED,
        early="",
        digest="3f" * 32,
        receipts=(),
    )
    return replace(facts, **more)


def pasted(names: Sequence[str] = MEASURES, **more: Any) -> ResultFacts:
    """Dots on measures: of 16 seats, the earlier an option stands, the more it has."""
    options = measures(names)
    ballots = [
        {str(o.id): 1 for place, o in enumerate(options[:5]) if (seat * 7 + place) % 5 >= place}
        for seat in range(16)
    ]
    return result(dots.METHOD, ballots, options, {"dots": 5, "max_per_option": 1}, **more)


def decided(**more: Any) -> ResultFacts:
    """A resolution: 11 yes, 3 no, 2 abstentions."""
    votes = ["yes"] * 11 + ["no"] * 3 + ["abstain"] * 2
    of = {"majority": "simple", "base": "yes_and_no", "casting_vote": False}
    return result(
        resolution.METHOD, [{"vote": v} for v in votes], [], of, **{"formal": True, **more}
    )


def made(facts: ResultFacts, method: Method, kind: Format, language: str = "de") -> File:
    return file(facts, method.views, kind, words(language), frame(language))


typed = st.text(
    alphabet=st.one_of(
        st.sampled_from("=+-@'\"&<>;\n\r\t\u00a0\0\x0b\ufeff"), st.characters(codec="utf-8")
    ),
    min_size=1,
    max_size=60,
)
