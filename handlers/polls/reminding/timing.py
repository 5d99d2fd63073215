"""The timers of reminders: set with the opening and each new deadline, dropped with the end.

``Poll.reminded`` says of each reminder that it is done: when it went out, or nothing where its
time had passed before there was a deadline to remind of.
"""

from __future__ import annotations

from datetime import timedelta

from handlers.polls.reminding.actions import Remind
from handlers.polls.reminding.rules import BEFORE, remind_at
from handlers.router import Context, pack
from storage import timers
from storage.db import Tx
from storage.models import Poll

BY_HAND = "by_hand"
PASSED = ""


def hours(before: timedelta) -> int:
    """The reminder's name: hours before the deadline."""
    return before // timedelta(hours=1)


def key(poll_id: int, name: int) -> str:
    """The name of the timer of one reminder."""
    return f"poll:{poll_id}:remind:{name}"


def expect(ctx: Context, poll: Poll) -> None:
    """Set the reminders of a poll that was opened or has a new deadline."""
    reminded = {name: at for name, at in poll.reminded.items() if name == BY_HAND}
    taken = set()
    for before in BEFORE:
        name = hours(before)
        at = remind_at(poll.opens_at, poll.closes_at, ctx.zone, before)
        if at is None or at <= ctx.now or at in taken:
            reminded[str(name)] = PASSED
            timers.drop(ctx.tx, key(poll.id, name))
            continue
        taken.add(at)
        timers.put(
            ctx.tx, key(poll.id, name), pack(Remind(poll.id, name)), at, poll.municipality_id
        )
    poll.reminded = reminded


def forget(tx: Tx, poll_id: int) -> None:
    """Nobody is reminded of this poll any more."""
    for before in BEFORE:
        timers.drop(tx, key(poll_id, hours(before)))
