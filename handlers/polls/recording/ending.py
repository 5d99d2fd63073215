"""What is still being recorded when a poll ends: it does not count."""

from __future__ import annotations

from handlers.chat import Answers, Direct, Redraw, Say
from handlers.polls.recording import views
from handlers.polls.recording.reading import seat_names
from handlers.router import Context
from storage import people, recording
from storage.db import Tx
from storage.models import Municipality, Poll


def unconfirmed(tx: Tx, poll: Poll) -> list[int]:
    """Seats whose recorded ballot waits for a second person."""
    waiting = recording.waiting(tx, poll.id)
    return sorted({one.seat_id for one in waiting if one.state == "unconfirmed"})


def end(ctx: Context, poll: Poll) -> Answers:
    """Empty what waits, and tell coordination whose ballot nobody confirmed."""
    waiting = recording.waiting(ctx.tx, poll.id)
    lost = unconfirmed(ctx.tx, poll)
    for one in waiting:
        one.state, one.value = "expired", {}
    ctx.tx.flush()
    answers: Answers = [Redraw("recording", one.id) for one in waiting]
    if not lost:
        return answers
    town = ctx.tx.get_one(Municipality, poll.municipality_id)
    ctx.municipality = ctx.municipality or town
    today = ctx.now.astimezone(ctx.zone).date()
    card = views.not_counted(poll.title, seat_names(ctx.tx, lost))
    return [
        *answers,
        *(
            Say(card, Direct(person.id), key=f"poll:{poll.id}:unconfirmed:{person.id}")
            for person in people.coordination(ctx.tx, poll.municipality_id, today)
        ),
    ]
