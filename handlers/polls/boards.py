"""The live cards of polls: the board in channels, everybody's ballot, the result."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from handlers.chat import Card, Picture, Text, Translated, plain
from handlers.polls import confirming_views, result_views, views
from handlers.polls.correcting_views import with_ways
from handlers.polls.documents import Chart, ChartBar, chart_png
from handlers.polls.elections.reading import next_step
from handlers.polls.elections.views import with_next_step
from handlers.polls.exports import offered
from handlers.polls.facts import ResultFacts
from handlers.polls.methods import Views
from handlers.polls.reading import (
    ballot_facts,
    is_void,
    method_of,
    option_facts,
    poll_facts,
    result_facts,
    totals,
)
from handlers.polls.rules import Rules
from handlers.polls.templates.again import ways_on
from handlers.router import Look
from storage import people, polls
from storage.models import Body, Municipality, Person, Poll


def poll_board(look: Look, poll_id: int) -> Card | None:
    """What is voted on, until when, and how many have voted."""
    poll = look.tx.get(Poll, poll_id)
    if poll is None:
        return None
    looks, options = method_of(poll).views, option_facts(look.tx, poll)
    facts = poll_facts(look.tx, poll)
    card = views.poll_board(facts, looks, options, totals(look.tx, poll))
    return views.labelled(card, facts)


def ballot(look: Look, entry_id: int) -> Card | None:
    """A person's ballot; nobody else's eyes get one."""
    entry = polls.entry(look.tx, entry_id)
    if entry is None or look.viewer is None or look.viewer.id != entry.person.person_id:
        return None
    poll, options = entry.poll, option_facts(look.tx, entry.poll)
    mine = ballot_facts(look.tx, entry, options)
    return views.ballot(poll_facts(look.tx, poll), method_of(poll).views, options, mine)


def prepared(look: Look, poll_id: int) -> Card | None:
    """A poll that waits for a second person to open it."""
    poll = look.tx.get(Poll, poll_id)
    if poll is None or look.viewer is None or not coordinates(look, poll.municipality_id):
        return None
    body = look.tx.get(Body, poll.body_id)
    first = look.tx.get(Person, poll.opened_by) if poll.opened_by is not None else None
    zone = ZoneInfo(look.tx.get_one(Municipality, poll.municipality_id).timezone)
    seats = polls.voting_seats(look.tx, poll.body_id, look.now.astimezone(zone).date())
    return confirming_views.prepared(
        replace(poll_facts(look.tx, poll), seats=len(seats)),
        method_of(poll).views,
        option_facts(look.tx, poll),
        body.name if body is not None else {},
        first.name if first is not None else None,
        poll.opened_by == look.viewer.id,
    )


def result(look: Look, poll_id: int) -> Card | None:
    """A published result as text and as a picture of the same numbers."""
    poll = look.tx.get(Poll, poll_id)
    return None if poll is None or poll.published_at is None else _result(look, poll)


def preview(look: Look, poll_id: int) -> Card | None:
    """Coordination's copy of a result, published or not."""
    poll = look.tx.get(Poll, poll_id)
    facts = result_facts(look.tx, poll) if poll is not None else None
    shown = _result(look, poll) if poll is not None else None
    if (
        poll is None
        or facts is None
        or shown is None
        or not coordinates(look, poll.municipality_id)
    ):
        return None
    second = Rules.of(poll.rules).second_person_confirms
    first = look.tx.get(Person, poll.published_by) if poll.published_by is not None else None
    name = first.name if first is not None else None
    card = with_ways(result_views.preview(shown, facts, second, name), facts)
    town = look.tx.get_one(Municipality, poll.municipality_id)
    onwards = ways_on(facts, Rules.of(town.rules).second_reading)
    card = replace(card, buttons=(*card.buttons, *onwards))
    if is_void(poll):
        return card
    return with_next_step(card, poll.id, next_step(look.tx, poll))


def coordinates(look: Look, municipality_id: int) -> bool:
    """Whether the viewer is in this municipality's coordination today."""
    town = look.tx.get(Municipality, municipality_id)
    if look.viewer is None or town is None:
        return False
    today = look.now.astimezone(ZoneInfo(town.timezone)).date()
    coordination = people.coordination(look.tx, municipality_id, today)
    return look.viewer.id in {person.id for person in coordination}


def _result(look: Look, poll: Poll) -> Card | None:
    facts = result_facts(look.tx, poll)
    if facts is None:
        return None
    looks, town = method_of(poll).views, look.tx.get(Municipality, poll.municipality_id)
    picture = _picture(look, facts, looks, town.name if town else "")
    return result_views.result(facts, looks, picture, offered(facts, method_of(poll)))


def _picture(look: Look, facts: ResultFacts, looks: Views, town: str) -> Picture | None:
    if not facts.cast or facts.withheld:
        return None
    bars = looks.bars(facts)[: result_views.MOST_BARS]
    if not bars:
        return None
    foot = "polls.chart_footer_formal" if facts.formal else "polls.chart_footer"
    chart = Chart(
        title=look.words(plain(Translated(facts.title))),
        subtitle=look.words(Text("polls.chart_subtitle", n=facts.cast, seats=facts.seats)),
        bars=tuple(
            ChartBar(
                rank=bar.rank,
                label=look.words(bar.label),
                value=bar.value,
                shown=look.words(bar.shown),
                note=look.words(bar.note) if bar.note is not None else "",
            )
            for bar in bars
        ),
        footer=look.words(Text(foot, town=town)),
        language=look.language,
    )
    lines = result_views.bar_lines(bars)
    alt = Text("polls.chart_alt", title=Translated(facts.title), lines=lines)
    return Picture(chart_png(chart), alt)
