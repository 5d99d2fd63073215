"""Objecting to a written procedure: asked back, then it is over for everybody."""

from __future__ import annotations

from handlers.chat import Answers, Direct, Refusal, Replace, Say, Text
from handlers.forms import Choice, Field, Form, Given, start
from handlers.polls import closing
from handlers.polls.reading import poll_facts
from handlers.polls.voting import door
from handlers.polls.written import views
from handlers.polls.written.actions import ObjectToProcedure
from handlers.router import Context, Role
from storage import people, polls
from storage.models import Seat
from storage.polls import Entry

LONGEST_REASON = 300

NOTES = {"stopped": "objection", "next_agenda": True}
"""What the result keeps of it: neither who objected nor why (coordination is told)."""


def object_to(ctx: Context, pressed: ObjectToProcedure) -> Answers:
    """Ask for a reason, then whether that is meant."""
    _mine(ctx, pressed.entry)
    return start(ctx, OBJECT, {"entry": pressed.entry})


def _mine(ctx: Context, entry_id: int) -> Entry:
    entry = door(ctx, entry_id)
    if not views.is_written(entry.poll.settings):
        raise Refusal("polls.not_yours")
    return entry


def _no_reason(ctx: Context, given: Given) -> list[Choice]:
    return [Choice(Text("written.without_reason"), "")]


def _read_reason(ctx: Context, given: Given, text: str) -> str:
    reason = " ".join(text.split())
    if len(reason) > LONGEST_REASON:
        raise Refusal("polls.reason_too_long", most=LONGEST_REASON)
    return reason


def _review(ctx: Context, given: Given) -> tuple[Text, ...]:
    poll = _mine(ctx, given["entry"]).poll
    return views.surely(poll_facts(ctx.tx, poll), given["reason"])


def _object(ctx: Context, given: Given) -> Answers:
    entry = _mine(ctx, given["entry"])
    poll = polls.locked(ctx.tx, entry.poll.id)
    if poll is None or poll.state != "open":
        raise Refusal("polls.closed_already")
    answers = closing.stop(ctx, poll, NOTES)
    facts, seat = poll_facts(ctx.tx, poll), ctx.tx.get_one(Seat, entry.seat.seat_id)
    told = views.objection(facts, seat.name, given["reason"])
    today = ctx.now.astimezone(ctx.zone).date()
    coordination = people.coordination(ctx.tx, poll.municipality_id, today)
    return [
        Replace(views.objected(facts)),
        *answers,
        *(Say(told, Direct(p.id), key=f"poll:{poll.id}:objection:{p.id}") for p in coordination),
    ]


OBJECT = Form(
    name="objection",
    by=Role.MEMBER,
    fields=(
        Field("reason", lambda ctx, given: (Text("written.ask_reason"),), _no_reason, _read_reason),
    ),
    review=_review,
    confirm=Text("written.object_yes"),
    finish=_object,
)
