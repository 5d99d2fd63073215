"""The live cards of polls: the board in channels, everybody's ballot, and the result."""

from __future__ import annotations

from handlers.chat import Card, Picture, Text, Translated
from handlers.polls import views
from handlers.polls.documents import Chart, ChartBar, chart_png
from handlers.polls.reading import (
    ballot_facts,
    option_facts,
    poll_facts,
    result_facts,
    totals,
)
from handlers.polls.views import ResultFacts
from handlers.router import Look
from storage import polls
from storage.models import Municipality, Poll


def poll_board(look: Look, poll_id: int) -> Card | None:
    """What is voted on, until when, and how many have voted."""
    poll = look.tx.get(Poll, poll_id)
    if poll is None:
        return None
    return views.poll_board(
        poll_facts(look.tx, poll), option_facts(look.tx, poll), totals(look.tx, poll)
    )


def ballot(look: Look, entry_id: int) -> Card | None:
    """A person's ballot; nobody else's eyes get one."""
    entry = polls.entry(look.tx, entry_id)
    if entry is None or look.viewer is None or look.viewer.id != entry.person.person_id:
        return None
    options = option_facts(look.tx, entry.poll)
    return views.ballot(
        poll_facts(look.tx, entry.poll), options, ballot_facts(look.tx, entry, options)
    )


def result(look: Look, poll_id: int) -> Card | None:
    """A frozen result as text and as a picture of the same numbers."""
    poll = look.tx.get(Poll, poll_id)
    facts = result_facts(look.tx, poll) if poll is not None else None
    if poll is None or facts is None:
        return None
    town = look.tx.get(Municipality, poll.municipality_id)
    return views.result(facts, _picture(look, facts, town.name if town else ""))


def _picture(look: Look, facts: ResultFacts, town: str) -> Picture | None:
    if not facts.cast or facts.withheld:
        return None
    places = facts.places[: views.MOST_BARS]
    chart = Chart(
        title=look.words(Text("plain", text=Translated(facts.title))),
        subtitle=look.words(Text("polls.chart_subtitle", n=facts.cast, seats=facts.seats)),
        bars=tuple(
            ChartBar(
                rank=place.label,
                label=look.words(Text("plain", text=Translated(place.option))),
                value=place.score,
                shown=look.words(Text("polls.dots", n=int(place.score))),
                note=look.words(Text("polls.seats", n=place.seats)),
            )
            for place in places
        ),
        footer=look.words(Text("polls.chart_footer", town=town)),
        language=look.language,
    )
    alt = Text("polls.chart_alt", title=Translated(facts.title), lines=views.place_lines(places))
    return Picture(chart_png(chart), alt)
