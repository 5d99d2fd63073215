"""What is stored about polls, gathered for the views."""

from __future__ import annotations

from handlers.polls.methods import METHODS
from handlers.polls.views import BallotFacts, OptionFacts, PollFacts, ResultFacts, frozen
from storage import polls
from storage.db import Tx
from storage.models import Poll, Seat
from storage.polls import Entry


def poll_facts(tx: Tx, poll: Poll) -> PollFacts:
    """What every view of a poll says."""
    turnout = polls.turnout(tx, poll.id)
    return PollFacts(
        id=poll.id,
        title=poll.title,
        secrecy=poll.secrecy,
        state=poll.state,
        closes_at=poll.closes_at,
        closed_at=poll.closed_at,
        dots=poll.settings["dots"],
        max_per_option=poll.settings["max_per_option"],
        seats=turnout.seats,
        voted=turnout.voted,
    )


def option_facts(tx: Tx, poll: Poll) -> list[OptionFacts]:
    """The options in their order."""
    return [OptionFacts(option.id, option.label) for option in polls.options(tx, poll.id)]


def totals(tx: Tx, poll: Poll) -> dict[int, int] | None:
    """What each option has so far; None where that is not shown before the end."""
    if poll.secrecy != "open" or not poll.settings["totals"] or poll.state != "open":
        return None
    options = polls.option_ids(tx, poll.id)
    counted = METHODS[poll.method].tally(poll.settings, options, polls.values(tx, poll.id))
    return {count.option: int(count.score) for count in counted}


def ballot_facts(tx: Tx, entry: Entry, options: list[OptionFacts]) -> BallotFacts:
    """A person's ballot; another's who may fill the same seat is not shown."""
    poll, method = entry.poll, METHODS[entry.poll.method]
    position, voted_as = entry.person.position, entry.seat.voted_as
    mine = voted_as == position
    box = polls.ballot_of(tx, poll, entry.seat.seat_id) if mine and poll.state == "open" else None
    value = dict(box.value) if box is not None else {}
    seat = tx.get(Seat, entry.seat.seat_id)
    return BallotFacts(
        entry=entry.person.id,
        seat=seat.name if seat is not None else {},
        position=position,
        voted_as=voted_as,
        marks={option.id: method.mark(poll.settings, value, option.id) for option in options},
        left=method.left(poll.settings, value),
        cast=mine,
        receipt=box.receipt if box is not None else None,
        page=entry.person.page,
    )


def result_facts(tx: Tx, poll: Poll) -> ResultFacts | None:
    """The frozen result of a closed poll."""
    if poll.state != "closed" or poll.result is None:
        return None
    labels = {option.id: option.label for option in polls.options(tx, poll.id)}
    return frozen(poll.id, poll.result, poll.title, labels)
