"""What is stored about series, gathered for the views; and when their results are told."""

from __future__ import annotations

from handlers.chat import Answers, Board, InChannel, Post, Redraw
from handlers.polls.facts import Way
from handlers.router import Context
from storage import poll_templates, polls
from storage.db import Tx
from storage.models import Poll, PollSeries


def way_of(tx: Tx, poll: Poll, seat_id: int) -> Way | None:
    """Where a seat stands in the series of a poll, and which poll is the next without a ballot."""
    if poll.series_id is None:
        return None
    steps = poll_templates.steps(tx, poll.series_id, seat_id)
    here = next((at for at, step in enumerate(steps) if step.poll_id == poll.id), None)
    if here is None or len(steps) < 2:
        return None
    round_about = [*steps[here + 1 :], *steps[:here]]
    onwards = next((step for step in round_about if step.open and not step.voted), None)
    return Way(
        number=here + 1,
        of=len(steps),
        voted=sum(step.voted for step in steps),
        next_poll=onwards.poll_id if onwards is not None else None,
        next_title=onwards.title if onwards is not None else {},
    )


def redraw(poll: Poll) -> Answers:
    """The board of the series that a poll belongs to is out of date."""
    return [] if poll.series_id is None else [Redraw("series", poll.series_id)]


def over(tx: Tx, poll: Poll) -> Answers:
    """The same for a poll that has ended; after the last one the board is not pinned any more."""
    if poll.series_id is None:
        return []
    together = poll_templates.polls_of(tx, poll.series_id)
    ended = all(one.state in ("closed", "withdrawn") for one in together)
    return [Redraw("series", poll.series_id, unpin=ended)]


def summary_due(ctx: Context, poll: Poll) -> Answers:
    """The results of the whole series to the channels, once its last poll is over."""
    if poll.series_id is None:
        return []
    series = ctx.tx.get_one(PollSeries, poll.series_id)
    together = poll_templates.polls_of(ctx.tx, series.id)
    running = any(one.state in ("planned", "open") for one in together)
    waits = any(one.state == "closed" and one.published_at is None for one in together)
    if series.told or running or waits or all(one.state == "withdrawn" for one in together):
        return []
    series.told = True
    return [
        Post(Board("summary", series.id), InChannel(channel), key=f"series:{series.id}:{channel}")
        for channel in polls.channels(ctx.tx, series.body_id)
    ]


def series_boards(ctx: Context, series: PollSeries) -> Answers:
    """One board for all polls in every channel of the body, instead of one each."""
    return [
        Post(
            Board("series", series.id),
            InChannel(channel),
            pin=True,
            key=f"series:{series.id}:board:{channel}",
        )
        for channel in polls.channels(ctx.tx, series.body_id)
    ]
