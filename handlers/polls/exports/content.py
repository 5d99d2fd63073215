"""What stands in the files that people read: one order for paper and spreadsheets. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from handlers.chat import Text, Translated, plain
from handlers.polls.correcting_views import afterwards
from handlers.polls.exports import matrix
from handlers.polls.exports.picture import Drawn, Words, drawn
from handlers.polls.facts import GroupFacts, PollFacts, ResultFacts, Table, Value
from handlers.polls.methods import Views
from handlers.polls.result_views import group_name
from handlers.polls.rules import SECRET_TURNOUT_FROM

Cell = Fraction | int | str | None


@dataclass(frozen=True, slots=True)
class Frame:
    """What a result does not know itself.

    ``stored`` is the frozen result as it is stored, its digest included. ``ballots`` are needed
    for files that are counted again only; for a secret poll what the box holds after it was cut
    loose. Their order is of no matter: files sort them anew.
    """

    town: str
    body: Text | None
    language: str
    """``de`` | ``en`` | ``de-simple``."""
    zone: ZoneInfo
    opened_at: datetime
    stored: Mapping[str, Any]
    ballots: Sequence[Value] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """A table in words and numbers. ``name`` has no limits yet."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Content:
    """A result as it is read from top to bottom."""

    number: int
    closed_at: datetime
    title: str
    over: str
    """What the sheet is, over the title."""
    status: str
    """Whether this is a resolution or a straw poll."""
    facts_head: str
    facts: tuple[tuple[str, int | str], ...]
    outcome_head: str
    outcome: tuple[str, ...]
    """Paragraphs; the lines of a list are one each."""
    picture: Drawn | None
    matrix: Drawn | None
    """Effort and benefit, where those were asked."""
    tables: tuple[Grid, ...]
    groups_head: str
    groups: tuple[Grid, ...]
    excluded_head: str
    excluded: tuple[str, ...]
    roll: Grid | None
    proof_head: str
    proof: tuple[str, ...]
    digest: str
    checks_head: str
    checks: tuple[str, ...]
    """Check values of a secret poll's ballots."""
    foot: str
    page: str
    """The word before a page's number."""
    of_pages: str


def content(facts: ResultFacts, views: Views, words: Words, frame: Frame) -> Content:
    """The result in words."""
    counted = bool(facts.cast) and not facts.withheld
    title = words(plain(Translated(facts.title)))
    return Content(
        number=facts.poll,
        closed_at=facts.closed_at,
        title=title,
        over=words(Text("exports.over")),
        status=words(_status(facts)),
        facts_head=words(Text("exports.facts")),
        facts=tuple(_facts(facts, views, words, frame)),
        outcome_head=words(Text("exports.outcome")),
        outcome=tuple(_outcome(facts, views, words)),
        picture=drawn(facts, views.bars(facts), words, frame) if counted else None,
        matrix=matrix.drawn(facts, words, frame) if counted else None,
        tables=tuple(_grid(t, words) for t in views.tables(facts)) if counted else (),
        groups_head=words(Text("exports.groups")),
        groups=tuple(_by_group(facts, views, words)) if counted else (),
        excluded_head=words(Text("exports.excluded")),
        excluded=tuple(_excluded(facts, words)),
        roll=_roll(facts, views, words) if counted else None,
        proof_head=words(Text("exports.proof")),
        proof=(words(Text("exports.digest")), words(Text("exports.digest_how"))),
        digest=facts.digest,
        checks_head=words(Text("exports.checks", n=len(facts.receipts))),
        checks=facts.receipts,
        foot=words(Text("exports.foot", number=str(facts.poll), town=frame.town)),
        page=words(Text("exports.page")),
        of_pages=words(Text("exports.of_pages")),
    )


def _status(facts: ResultFacts) -> Text:
    if facts.notes.get("void"):
        return Text("polls.void")
    return Text(_STATUS[facts.formal, facts.published])


_STATUS = {
    (False, False): "exports.straw_poll",
    (False, True): "exports.straw_poll",
    (True, True): "exports.formal",
    (True, False): "exports.formal_unpublished",
}
_IN_TABLES = frozenset({"polls.places", "polls.more_places"})
"""The first places in the text of a card; the tables have all."""

_SECRECIES = {
    (False, False): "exports.open",
    (False, True): "exports.roll_call",
    (True, False): "exports.secret",
    (True, True): "exports.secret",
}
_ENDS = {
    "": "exports.ended",
    "by_coordination": "exports.ended_by_coordination",
    "all_voted": "exports.ended_all_voted",
}


def _facts(
    facts: ResultFacts, views: Views, words: Words, frame: Frame
) -> Iterator[tuple[str, int | str]]:
    """The participation and its calculation, a line each."""

    def line(label: str, value: Text | int) -> tuple[str, int | str]:
        return words(Text(label)), value if isinstance(value, int) else words(value)

    yield line("exports.town", Text("plain", text=frame.town))
    if frame.body is not None:
        yield line("exports.body", frame.body)
    yield line("exports.method", views.how(_poll(facts, frame)))
    yield line("exports.secrecy", Text(_SECRECIES[facts.secret, facts.roll_call]))
    yield line("exports.opened", Text("exports.at", at=frame.opened_at))
    yield line("exports.deadline", Text("exports.at", at=facts.closes_at))
    yield line("exports.closed", Text(_ENDS[facts.early], at=facts.closed_at))
    yield line("exports.seats", facts.seats)
    if facts.secret and facts.cast < SECRET_TURNOUT_FROM:
        yield line("exports.cast", Text("exports.cast_hidden", n=SECRET_TURNOUT_FROM))
    else:
        yield line("exports.cast", facts.cast)
    if facts.recorded:
        yield line("exports.recorded", facts.recorded)
    if facts.late:
        yield line("exports.late", facts.late)
    yield line("exports.quorum", _quorum(facts))


def _quorum(facts: ResultFacts) -> Text:
    if not facts.needed:
        return Text("exports.no_quorum")
    id = "exports.quorate" if facts.quorate else "exports.not_quorate"
    return Text(id, n=facts.needed, seats=facts.seats)


def _poll(facts: ResultFacts, frame: Frame) -> PollFacts:
    """The closed poll as its method's looks want it."""
    return PollFacts(
        id=facts.poll,
        title=facts.title,
        method=facts.method,
        settings=facts.settings,
        secrecy="secret" if facts.secret else "roll_call" if facts.roll_call else "open",
        formal=facts.formal,
        state="closed",
        published=facts.published,
        opens_at=frame.opened_at,
        closes_at=facts.closes_at,
        closed_at=facts.closed_at,
        seats=facts.seats,
        voted=facts.cast,
    )


def _outcome(facts: ResultFacts, views: Views, words: Words) -> Iterator[str]:
    for later in afterwards(facts):
        yield from filter(None, words(later).split("\n"))
    if facts.withheld:
        yield words(Text("exports.withheld", n=SECRET_TURNOUT_FROM))
        return
    if not facts.cast:
        yield words(Text("exports.no_ballots"))
        return
    for said in views.result(facts):
        if said.message in _IN_TABLES:
            continue
        yield from filter(None, words(said).split("\n"))
    if facts.dominant is not None:
        group, ballots = facts.dominant
        yield words(Text("exports.dominant", group=group_name(group), n=ballots, cast=facts.cast))


def _by_group(facts: ResultFacts, views: Views, words: Words) -> Iterator[Grid]:
    """The same count among each interest group's seats; never for a secret poll."""
    if facts.secret:
        return
    for group in facts.groups:
        counted = _of_group(facts, group)
        for table in views.tables(counted)[:1]:
            grid = _grid(table, words)
            name = words(Text("exports.group", group=group_name(group.group), n=group.cast))
            yield replace(grid, name=name)


def _of_group(facts: ResultFacts, group: GroupFacts) -> ResultFacts:
    return replace(facts, counts=group.counts, cast=group.cast, groups=(), dominant=None, roll=())


def _excluded(facts: ResultFacts, words: Words) -> Iterator[str]:
    for seat in facts.excluded:
        yield words(Text("exports.excluded_seat", seat=Translated(seat)))
    for seat, option in facts.excluded_options:
        label = Translated(facts.label(option))
        yield words(Text("exports.excluded_option", seat=Translated(seat), option=label))


def _roll(facts: ResultFacts, views: Views, words: Words) -> Grid | None:
    """Who voted how; a roll call only."""
    if not facts.roll_call or facts.secret or not facts.roll:
        return None
    return Grid(
        words(Text("exports.roll")),
        (words(Text("exports.seat")), words(Text("exports.vote"))),
        tuple(
            (words(plain(Translated(seat))), words(views.ballot_text(facts, value)))
            for seat, value in facts.roll
        ),
    )


def _grid(table: Table, words: Words) -> Grid:
    return Grid(
        words(table.name),
        tuple(map(words, table.head)),
        tuple(tuple(_cell(cell, words) for cell in row) for row in table.rows),
    )


def _cell(cell: Text | Fraction | int | str | None, words: Words) -> Cell:
    return words(cell) if isinstance(cell, Text) else cell
