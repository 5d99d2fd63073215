"""The nightly end of what was kept long enough, and what coordination is told of it."""

from __future__ import annotations

from dataclasses import asdict

from handlers.channels.actions import comparison
from handlers.chat import Answers, Direct, Forget, Say
from handlers.privacy import views
from handlers.privacy.actions import EnforcePeriods
from handlers.privacy.erasing import designation, redraws
from handlers.router import Context
from storage import people, retention, timers


def enforce(ctx: Context, due: EnforcePeriods) -> Answers:
    """Enforce a municipality's periods; tell coordination once a month, or if it was people."""
    town = ctx.municipality = people.town(ctx.tx, due.municipality)
    night = retention.enforce(ctx.tx, town, ctx.now, designation(ctx))
    if night.counts.former_members:
        timers.put(ctx.tx, *comparison(town.id), ctx.now, town.id)
    answers: Answers = redraws(night.polls, night.lines)
    if night.tell:
        today = ctx.now.astimezone(ctx.zone).date()
        card = views.report(views.Gone(**asdict(night.since_told)))
        for person in people.coordination(ctx.tx, town.id, today):
            answers.append(Say(card, Direct(person.id)))
    if due.dropped or night.counts.total:
        answers.append(Forget())
    return answers
