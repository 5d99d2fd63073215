"""How templates and series look. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.chat import Button, Card, Join, Text, Translated, plain
from handlers.polls.actions import OpenBallot, ShowResult
from handlers.polls.facts import Bar, PollFacts, Way, Words
from handlers.polls.rules import SECRET_TURNOUT_FROM
from handlers.polls.templates.actions import (
    BeginSeries,
    CloseSeries,
    DropTemplate,
    OpenSeries,
    ShowSeries,
    UseTemplate,
)

__all__ = ["Card"]

PLACES = 3
"""How many places of each poll a series' summary names."""

Rows = list[tuple[Button, ...]]


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """A template as it is offered."""

    id: int
    name: str
    method: str
    settings: Mapping[str, Any] | None


def templates(own: Sequence[TemplateFacts], fields: int, dots: int) -> Card:
    """What polls can be prepared from; ``fields`` of action can be voted on together."""
    body = [Text("templates.choose" if own else "templates.none_yet")]
    rows: Rows = []
    for one in own:
        rows.append(
            (
                Button(plain(one.name), UseTemplate(one.id)),
                Button(Text("templates.drop", name=one.name), DropTemplate(one.id, False)),
            )
        )
    if fields >= 2:
        body.append(Text("templates.ready_made", n=fields))
        rows.append((Button(Text("templates.conference", n=dots), BeginSeries(), strong=not own),))
    return Card(tuple(body), tuple(rows))


def drop_surely(template: int, name: str) -> Card:
    """Ask back before a template is deleted."""
    sure = Button(Text("templates.drop_yes"), DropTemplate(template, True), strong=True)
    return Card((Text("templates.drop_surely", name=name),), ((sure,),))


# --- series: before and while it runs ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """Polls that belong together."""

    id: int
    title: Words
    polls: tuple[PollFacts, ...]

    @property
    def open(self) -> tuple[PollFacts, ...]:
        """Those that run."""
        return tuple(poll for poll in self.polls if poll.state == "open")


def preview(
    title: Words, fields: Sequence[tuple[Words, int]], dots: int, most: int
) -> tuple[Text, ...]:
    """What will be opened: all polls with their numbers of measures."""
    lines = tuple(Text("templates.part_line", title=Translated(t), n=n) for t, n in fields)
    return (
        Text("templates.preview", title=Translated(title), n=len(fields)),
        Text("templates.lines", lines=Join(lines)),
        Text("templates.preview_dots", n=dots, most=most, measures=sum(n for _, n in fields)),
    )


def opened(series: SeriesFacts) -> Card:
    """What coordination sees in the place of the preview."""
    first = series.polls[0]
    planned = first.state == "planned"
    said = Text(
        "templates.planned" if planned else "templates.opened",
        n=len(series.polls),
        at=first.opens_at if planned else first.closes_at,
    )
    rows: Rows = []
    if not planned:
        rows.append((Button(Text("templates.close"), CloseSeries(series.id, False)),))
    return Card((Text("templates.title", title=Translated(series.title)), said), tuple(rows))


def board(series: SeriesFacts) -> Card:
    """The live card in channels: all polls with their turnout."""
    head = Text("templates.title", title=Translated(series.title))
    lines = tuple(_board_line(poll) for poll in series.polls)
    listed = Text("templates.lines", lines=Join(lines))
    if series.open:
        ends = sorted({poll.closes_at for poll in series.open})
        body = (head, Text("templates.how", n=len(series.polls)), _until(ends), listed)
        vote = Button(Text("templates.vote"), OpenSeries(series.id), strong=True)
        return Card(body, ((vote,),))
    show = Button(Text("templates.show"), ShowSeries(series.id))
    return Card((head, Text("templates.over"), listed), ((show,),))


def _until(ends: Sequence[datetime]) -> Text:
    if len(ends) == 1:
        return Text("templates.until", at=ends[0])
    return Text("templates.until_different", first=ends[0], last=ends[-1])


def _board_line(poll: PollFacts) -> Text:
    title = Translated(poll.title)
    if poll.state == "withdrawn":
        return Text("templates.line_withdrawn", title=title)
    if poll.state == "planned":
        return Text("templates.line_planned", title=title, at=poll.opens_at)
    if poll.secret and poll.voted < SECRET_TURNOUT_FROM:
        return Text("templates.line_hidden", title=title, least=SECRET_TURNOUT_FROM)
    return Text("templates.line", title=title, voted=poll.voted, seats=poll.seats)


def close_surely(series: SeriesFacts) -> Card:
    """Ask back before all polls are closed."""
    lines = Join(tuple(_board_line(poll) for poll in series.open))
    asked = Text(
        "templates.close_surely",
        title=Translated(series.title),
        n=len(series.open),
        lines=lines,
    )
    sure = Button(Text("templates.close_yes"), CloseSeries(series.id, True), strong=True)
    return Card((asked,), ((sure,),))


def closed(series: SeriesFacts) -> Card:
    """What coordination sees in the place of the question."""
    said = Text("templates.closed", title=Translated(series.title))
    return Card((said,), ((Button(Text("templates.show"), ShowSeries(series.id)),),))


# --- the way from ballot to ballot ------------------------------------------------------------


def part(way: Way | None) -> tuple[Text, ...]:
    """Which poll of the series this is, and how far one is."""
    if way is None:
        return ()
    where = Text("templates.part", number=way.number, of=way.of)
    if way.next_poll is None and way.voted == way.of:
        return (where, Text("templates.all_done", n=way.of))
    return (where,)


def onwards(way: Way | None) -> Rows:
    """The button to the next poll in which the seat has not voted."""
    if way is None or way.next_poll is None:
        return []
    label = Text("templates.next", title=Translated(way.next_title))
    return [(Button(label, OpenBallot(way.next_poll), strong=True),)]


# --- results ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Top:
    """A poll's first places in the summary; none where ``why`` says there is no result."""

    poll: PollFacts
    bars: tuple[Bar, ...]
    why: str = ""


def summary(series: SeriesFacts, tops: Sequence[Top]) -> Card:
    """The first places of all fields of action."""
    body = [
        Text("templates.summary", title=Translated(series.title)),
        Text("polls.straw_poll"),
        *(_top(top) for top in tops),
    ]
    return Card(tuple(body), tuple((_result_button(top.poll),) for top in tops))


def _result_button(poll: PollFacts) -> Button:
    return Button(Text("templates.result_of", title=Translated(poll.title)), ShowResult(poll.id))


def _top(top: Top) -> Text:
    lines: list[Text] = []
    if top.why:
        lines = [Text(top.why)]
    for bar in top.bars:
        lines.append(Text("templates.place", rank=bar.rank, label=bar.label, shown=bar.shown))
    if top.poll.secret and top.poll.voted < SECRET_TURNOUT_FROM:
        return Text(
            "templates.of_field_hidden",
            title=Translated(top.poll.title),
            lines=Join(tuple(lines)),
        )
    return Text(
        "templates.of_field",
        title=Translated(top.poll.title),
        voted=top.poll.voted,
        seats=top.poll.seats,
        lines=Join(tuple(lines)),
    )
