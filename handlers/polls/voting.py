"""Casting, changing and withdrawing a ballot, and getting it into the direct chat."""

from __future__ import annotations

from typing import Any

from handlers.chat import (
    HERE,
    Answers,
    Board,
    Direct,
    Post,
    Redraw,
    Refusal,
    Text,
    Toast,
    Translated,
)
from handlers.polls import rules
from handlers.polls.actions import OpenBallot, TurnPage, Vote, WithdrawBallot
from handlers.polls.closing import expect_the_end
from handlers.polls.methods import METHODS
from handlers.polls.rules import Broken
from handlers.router import Context
from storage import people, polls
from storage.models import Poll
from storage.polls import Entry


def vote(ctx: Context, pressed: Vote) -> Answers:
    """A tap on an option: saved at once."""
    entry = _door(ctx, pressed.entry)
    poll, tx = entry.poll, ctx.tx
    if not rules.may_replace(entry.person.position, entry.seat.voted_as):
        raise Refusal("polls.holder_voted")
    options = polls.option_ids(tx, poll.id)
    if pressed.option not in options:
        raise Refusal("polls.not_yours")
    method = METHODS[poll.method]
    own = entry.seat.voted_as == entry.person.position
    standing = polls.ballot_of(tx, poll, entry.seat.seat_id) if own else None
    try:
        value = method.press(poll.settings, standing.value if standing else {}, pressed.option)
    except Broken as broken:
        raise refusal(broken) from None
    if not method.valid(poll.settings, value, options):
        raise ValueError(f"a press made a ballot that {poll.method} does not allow")
    _count_late(ctx, entry)
    polls.cast(tx, poll, entry.seat.seat_id, entry.person.position, value)
    expect_the_end(ctx, poll)
    return [_saved(ctx, poll, pressed.option, value), *_redraws(ctx, entry)]


def _saved(ctx: Context, poll: Poll, option: int, value: dict[str, Any]) -> Toast:
    """The confirmation; where it is a message, it names what was voted on.

    In a secret poll that is the poll alone: a message is kept until it is delivered.
    """
    method = METHODS[poll.method]
    left = method.left(poll.settings, value)
    saved = Text("polls.saved", n=left) if left else Text("polls.saved_all")
    named = Translated(poll.title)
    mark = ""
    if poll.secrecy != "secret":
        named = Translated(polls.label_of(ctx.tx, option))
        mark = method.mark(poll.settings, value, option)
    return Toast(saved, Text("polls.saved_aloud", what=named, mark=mark, saved=saved))


def withdraw(ctx: Context, pressed: WithdrawBallot) -> Answers:
    """Take one's own ballot out of the box again."""
    entry = _door(ctx, pressed.entry)
    if entry.seat.voted_as != entry.person.position:
        raise Refusal("polls.nothing_to_withdraw")
    polls.withdraw(ctx.tx, entry.poll, entry.seat.seat_id)
    _forget_late(entry)
    return [Toast(Text("polls.ballot_withdrawn")), *_redraws(ctx, entry)]


def turn_page(ctx: Context, pressed: TurnPage) -> Answers:
    """Another page of one's ballot."""
    entry = _door(ctx, pressed.entry)
    polls.turn_page(ctx.tx, entry.person.id, max(0, pressed.page))
    return [Redraw("ballot", entry.person.id, ctx.me.id)]


def open_ballot(ctx: Context, pressed: OpenBallot) -> Answers:
    """Send one's ballot into the direct chat; from a channel, that is where it is announced."""
    poll = polls.get(ctx.tx, pressed.poll, ctx.town.id)
    if poll is None or not _may_see(ctx, poll):
        raise Refusal("polls.not_yours")
    _check_open(ctx, poll)
    lines = polls.entries_of(ctx.tx, poll.id, ctx.me.id)
    if not lines:
        raise Refusal("polls.not_entitled")
    if ctx.in_direct:
        return [Post(Board("ballot", line.id, ctx.me.id), HERE) for line in lines]
    if people.reachable(ctx.tx, ctx.me.id) is None:
        raise Refusal("polls.write_to_me_first")
    there = Direct(ctx.me.id)
    posts: Answers = [Post(Board("ballot", line.id, ctx.me.id), there) for line in lines]
    return [Toast(Text("polls.ballot_sent")), *posts]


def refusal(broken: Broken) -> Refusal:
    """What a rule forbids, said to the person."""
    return Refusal(Text(broken.message, **broken.named))


def _door(ctx: Context, entry_id: int) -> Entry:
    """The person's own line on the roll of an open poll; the same "no" for none and another's.

    The right is checked again at every press (voting.md): the line is the person's, and the
    membership that it came from still holds.
    """
    entry = polls.entry(ctx.tx, entry_id, lock=True)
    if entry is None or entry.person.person_id != ctx.me.id or not _may_see(ctx, entry.poll):
        raise Refusal("polls.not_yours")
    try:
        _check_open(ctx, entry.poll)
    except Refusal:
        if entry.poll.state != "withdrawn" and entry.seat.voted_as is not None:
            at = entry.poll.closed_at or entry.poll.closes_at
            raise Refusal("polls.closed_and_counted", at=at) from None
        raise
    return entry


def _may_see(ctx: Context, poll: Poll) -> bool:
    today = ctx.now.astimezone(ctx.zone).date()
    return polls.is_member(ctx.tx, poll.body_id, ctx.me.id, today)


def _check_open(ctx: Context, poll: Poll) -> None:
    if poll.state == "withdrawn":
        raise Refusal("polls.withdrawn")
    if not rules.is_open(poll.state, poll.closes_at, ctx.event.at, ctx.started_at):
        raise Refusal("polls.closed", at=poll.closed_at or poll.closes_at)


def _count_late(ctx: Context, entry: Entry) -> None:
    """Remember seats whose ballot came after the deadline, while the bot was catching up."""
    poll = entry.poll
    if ctx.event.at < poll.closes_at or entry.seat.voted_as is not None:
        return
    late = {*poll.settings.get("late", []), entry.seat.seat_id}
    poll.settings = {**poll.settings, "late": sorted(late)}


def _forget_late(entry: Entry) -> None:
    poll, late = entry.poll, entry.poll.settings.get("late", [])
    if entry.seat.seat_id in late:
        kept = [seat for seat in late if seat != entry.seat.seat_id]
        poll.settings = {**poll.settings, "late": kept}


def _redraws(ctx: Context, entry: Entry) -> Answers:
    """The ballots of all who may fill the seat, and the board in the channels."""
    lines = polls.fillers(ctx.tx, entry.poll.id, entry.seat.seat_id)
    return [*(Redraw("ballot", line) for line in lines), Redraw("poll", entry.poll.id)]
