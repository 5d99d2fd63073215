"""What is expected of a person: running polls, over all municipalities in which they act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from handlers.chat import Answers, Card, OnAccount, Say, Text
from handlers.polls import waiting_views
from handlers.polls.reading import poll_facts
from handlers.router import Context
from storage import people, polls, tenancy
from storage.models import Poll


def todo(ctx: Context) -> Answers:
    """A card for each municipality, so that its buttons act there."""
    here = _card(
        ctx, of(ctx, ctx.me.id, ctx.zone), decisions(ctx, ctx.town.id, ctx.me.id, ctx.zone)
    )
    return [Say(here), *_elsewhere(ctx)]


def of(ctx: Context, person_id: int, zone: ZoneInfo) -> list[tuple[Poll, bool]]:
    """Running polls in which somebody may vote, with: whether the seat has a ballot."""
    today = ctx.now.astimezone(zone).date()
    return [
        (poll, seat.voted_as is not None)
        for poll, _, seat in polls.waiting_for(ctx.tx, person_id)
        if polls.is_member(ctx.tx, poll.body_id, person_id, today)
    ]


def decisions(ctx: Context, town: int, person_id: int, zone: ZoneInfo) -> list[Poll]:
    """Of coordination: polls that wait to be confirmed or published, and not by another."""
    today = ctx.now.astimezone(zone).date()
    if person_id not in {one.id for one in people.coordination(ctx.tx, town, today)}:
        return []
    results = [p for p in polls.unpublished(ctx.tx, town) if p.published_by != person_id]
    prepared = polls.of_town(ctx.tx, town, "prepared")
    return [*(p for p in prepared if p.opened_by != person_id), *results]


def _card(ctx: Context, found: Sequence[tuple[Poll, bool]], decided: Sequence[Poll]) -> Card:
    ordered = sorted(found, key=lambda one: one[1])
    waiting = [
        (poll_facts(ctx.tx, poll), done) for poll, done in ordered[: waiting_views.MOST_TO_DO]
    ]
    missing = sum(not done for _, done in found)
    return waiting_views.todo(
        waiting, missing, len(found), [poll_facts(ctx.tx, poll) for poll in decided]
    )


def _elsewhere(ctx: Context) -> Answers:
    """The same account's other municipalities, where something runs."""
    account = ctx.event.account
    if account is None or not ctx.several:
        return []
    said: Answers = []
    for other, town in people.accounts_behind(ctx.tx, account.platform, account.id):
        if town.id == ctx.town.id:
            continue
        with tenancy.within(ctx.tx, town.id):
            found = of(ctx, other.person_id, ZoneInfo(town.timezone))
            decided = decisions(ctx, town.id, other.person_id, ZoneInfo(town.timezone))
            if not found and not decided:
                continue
            card = _card(ctx, found, decided)
        named = replace(card, body=(Text("router.in_town", town=town.name), *card.body))
        said.append(Say(named, OnAccount(other.id)))
    return said
