"""Two persons open a poll that decides, where the rules of procedure want it.

Whoever prepared it is the first; anybody else of coordination is the second.
"""

from __future__ import annotations

from handlers.chat import Answers, Direct, Redraw, Refusal, Say, Toast
from handlers.polls import confirming_views, managing_views, opening
from handlers.polls.actions import ConfirmOpening
from handlers.polls.closing import of_poll
from handlers.polls.reading import poll_facts
from handlers.router import Context
from storage import polls
from storage.models import Poll


def confirm(ctx: Context, pressed: ConfirmOpening) -> Answers:
    """The second person agrees: the poll opens, or waits for its time."""
    of_poll(ctx, pressed.poll)
    poll = polls.locked(ctx.tx, pressed.poll)
    if poll is None or poll.state != "prepared":
        raise Refusal("polls.decided_already")
    if poll.opened_by == ctx.me.id:
        raise Refusal("polls.another_confirms")
    opening.check_now(ctx, poll)
    poll.confirmed_by = ctx.me.id
    answers = opening.go(ctx, poll)
    ctx.tx.flush()
    facts = poll_facts(ctx.tx, poll)
    return [
        Toast(confirming_views.confirmed(facts)),
        Redraw("prepared", poll.id),
        *_tell(poll, managing_views.opened(facts)),
        *answers,
    ]


def declined(ctx: Context, poll: Poll) -> Answers:
    """What a prepared poll that was withdrawn leaves to be said."""
    answers: Answers = [Redraw("prepared", poll.id)]
    if poll.opened_by == ctx.me.id:
        return answers
    card = confirming_views.declined(poll_facts(ctx.tx, poll), ctx.me.name)
    return [*answers, *_tell(poll, card)]


def _tell(poll: Poll, card: confirming_views.Card) -> Answers:
    """To whoever prepared it."""
    if poll.opened_by is None:
        return []
    return [Say(card, Direct(poll.opened_by), key=f"poll:{poll.id}:{poll.state}:preparer")]
