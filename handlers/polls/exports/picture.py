"""The chart of a result with its text alternative. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from handlers.chat import Join, Text, Translated, plain
from handlers.polls.documents import MAX_BARS, Chart, ChartBar, chart_png
from handlers.polls.facts import Bar, ResultFacts

Words = Callable[[Text], str]
"""A text in the reader's language, without markup (``ctx.words``)."""


class Place(Protocol):
    """Where the chart is from, and who reads it."""

    @property
    def town(self) -> str:
        """The municipality's name."""

    @property
    def language(self) -> str:
        """``de`` | ``en`` | ``de-simple``."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A PNG and what it shows, in words."""

    png: bytes
    alt: str


def drawn(facts: ResultFacts, bars: Sequence[Bar], words: Words, place: Place) -> Drawn | None:
    """The chart of these bars, the first of very many; None without any."""
    bars = bars[:MAX_BARS]
    if not bars:
        return None
    foot = "exports.chart_foot_formal" if facts.formal else "exports.chart_foot"
    chart = Chart(
        title=words(plain(Translated(facts.title))),
        subtitle=words(Text("exports.chart_turnout", n=facts.cast, seats=facts.seats)),
        bars=tuple(
            ChartBar(
                bar.rank,
                words(bar.label),
                bar.value,
                words(bar.shown),
                words(bar.note) if bar.note is not None else "",
            )
            for bar in bars
        ),
        footer=words(Text(foot, town=place.town)),
        language=place.language,
    )
    said = Join(tuple(_said(bar) for bar in bars), "; ")
    alt = words(Text("exports.chart_alt", title=Translated(facts.title), lines=said))
    return Drawn(chart_png(chart), alt)


def _said(bar: Bar) -> Text:
    if bar.rank:
        return Text("exports.chart_bar_ranked", rank=bar.rank, label=bar.label, shown=bar.shown)
    return Text("exports.chart_bar", label=bar.label, shown=bar.shown)
