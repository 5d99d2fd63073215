"""Opening a poll: the rules are checked, the roll is frozen, boards and ballots go out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from handlers.chat import Answers, Board, Direct, InChannel, Post, Refusal
from handlers.polls import rules
from handlers.polls.actions import Deadline
from handlers.polls.closing import timer_key
from handlers.polls.methods import METHODS
from handlers.polls.rules import Broken, Rules
from handlers.polls.voting import refusal
from handlers.router import Context, pack
from storage import polls, timers
from storage.models import Poll

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """A prioritisation as it was prepared. ``options``: words, and the measure's id if any."""

    title: Words
    options: tuple[tuple[Words, int | None], ...]
    dots: int
    max_per_option: int
    body_id: int
    closes_at: datetime
    secrecy: str = "open"


def check(ctx: Context, plan: Plan) -> None:
    """Refuse a plan that the rules of procedure or the method do not allow."""
    try:
        rules.check_number(len(plan.options))
        rules.check_times(ctx.now, plan.closes_at)
        settings = {"dots": plan.dots, "max_per_option": plan.max_per_option}
        METHODS["dots"].check(settings, len(plan.options))
        if plan.secrecy == "secret":
            today = ctx.now.astimezone(ctx.zone).date()
            seats = polls.voting_seats(ctx.tx, plan.body_id, today)
            voters = sum(bool(fillers) for _, fillers in seats)
            rules.check_secret(voters, Rules.of(ctx.town.rules).secret_minimum_voters)
    except Broken as broken:
        raise refusal(broken) from None


def publish(ctx: Context, plan: Plan) -> tuple[Poll, Answers]:
    """Open the poll; what comes back posts its board to the body's channels and the ballots."""
    check(ctx, plan)
    today = ctx.now.astimezone(ctx.zone).date()
    seats = polls.voting_seats(ctx.tx, plan.body_id, today)
    if not seats:
        raise Refusal("polls.nobody_votes")
    poll = polls.open_poll(
        ctx.tx,
        Poll(
            municipality_id=ctx.town.id,
            body_id=plan.body_id,
            title=dict(plan.title),
            method="dots",
            settings={
                "dots": plan.dots,
                "max_per_option": plan.max_per_option,
                "totals": Rules.of(ctx.town.rules).running_totals_visible,
            },
            secrecy=plan.secrecy,
            opens_at=ctx.now,
            closes_at=plan.closes_at,
            opened_by=ctx.person.id if ctx.person is not None else None,
        ),
        plan.options,
        seats,
    )
    timers.put(ctx.tx, timer_key(poll.id), pack(Deadline(poll.id)), poll.closes_at, ctx.town.id)
    return poll, [*boards(ctx, poll), *_ballots(ctx, poll)]


def boards(ctx: Context, poll: Poll) -> Answers:
    """The live board in every channel of the body, once each."""
    return [
        Post(
            Board("poll", poll.id),
            InChannel(channel),
            pin=True,
            key=f"poll:{poll.id}:board:{channel}",
        )
        for channel in polls.channels(ctx.tx, poll.body_id)
    ]


def _ballots(ctx: Context, poll: Poll) -> Answers:
    """A ballot in the direct chat of everybody on the roll who can be reached."""
    return [
        Post(
            Board("ballot", line.id, line.person_id),
            Direct(line.person_id),
            key=f"poll:{poll.id}:ballot:{line.id}",
        )
        for line in polls.entries(ctx.tx, poll.id)
    ]
