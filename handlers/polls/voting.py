"""Casting, changing and withdrawing a ballot, and getting it into the direct chat."""

from __future__ import annotations

import re
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
from handlers.forms import Field, Form, Given, start
from handlers.polls import rules
from handlers.polls.actions import OpenBallot, TurnPage, Vote, WithdrawBallot, Write
from handlers.polls.closing import expect_the_end
from handlers.polls.facts import OptionFacts, Value
from handlers.polls.reading import method_of, option_facts, poll_facts
from handlers.polls.refusing import refusal
from handlers.polls.rules import Broken
from handlers.polls.templates import gathering as series
from handlers.router import Context, Role
from storage import ballots, conflicts, people, polls
from storage.models import Poll
from storage.polls import Entry

LONGEST_ANSWER = 1000
"""Characters of a written answer; what is longer belongs into the meeting."""


def vote(ctx: Context, pressed: Vote) -> Answers:
    """A tap on a ballot: saved at once."""
    entry = door(ctx, pressed.entry)
    poll, options = entry.poll, option_facts(ctx.tx, entry.poll)
    if pressed.option and pressed.option not in {option.id for option in options}:
        raise Refusal("polls.not_yours")
    if pressed.option in conflicts.barred(ctx.tx, poll.id, entry.seat.seat_id):
        raise Refusal("polls.barred")
    press = method_of(poll).rules.press
    try:
        value = press(
            poll.settings, _lying(ctx, entry), pressed.option, pressed.part, pressed.value
        )
    except Broken as broken:
        raise refusal(broken) from None
    return _store(ctx, entry, options, value, pressed.option)


def typed(ctx: Context, entry_id: int, text: str) -> Answers | None:
    """Words said to one's newest ballot; None where they mean nothing there."""
    entry = polls.entry(ctx.tx, entry_id, lock=True)
    if entry is None or entry.person.person_id != ctx.me.id or not _is_open(ctx, entry.poll):
        return None
    poll, options = entry.poll, option_facts(ctx.tx, entry.poll)
    before = _lying(ctx, entry)
    a_page = method_of(poll).views.a_page(poll.settings, len(options))
    if 1 < a_page < len(options) and _only_numbers(text):
        # On a list of several pages, numbers are the buttons that are seen.
        return None
    ids = [option.id for option in options]
    barred = conflicts.barred(ctx.tx, poll.id, entry.seat.seat_id)
    places = [-id if id in barred else id for id in ids]
    try:
        value = method_of(poll).rules.typed(poll.settings, before, places, text)
    except Broken as broken:
        raise refusal(broken) from None
    if value is None:
        return None
    entry = door(ctx, entry_id)
    changed = [id for id in ids if value.get(str(id)) != before.get(str(id))]
    return _store(ctx, entry, options, value, changed[0] if len(changed) == 1 else 0)


def _only_numbers(text: str) -> bool:
    return re.fullmatch(r"[\d\s,;+.!]+", text) is not None


def _lying(ctx: Context, entry: Entry) -> Value:
    """The ballot on which a change builds: the person's own."""
    if entry.seat.voted_as != entry.person.position:
        return {}
    standing = ballots.ballot_of(ctx.tx, entry.poll, entry.seat.seat_id)
    return dict(standing.value) if standing is not None else {}


def _store(
    ctx: Context, entry: Entry, options: list[OptionFacts], value: Value, option: int
) -> Answers:
    poll, seat = entry.poll, entry.seat.seat_id
    method = method_of(poll)
    barred = conflicts.barred(ctx.tx, poll.id, seat)
    free = [o.id for o in options if o.id not in barred]
    if not method.rules.valid(poll.settings, value, free):
        raise Refusal("polls.barred" if barred else "polls.not_yours")
    _count_late(ctx, entry)
    ballots.cast(ctx.tx, poll, seat, entry.person.position, value)
    _go_on(ctx, entry, options, value, option)
    expect_the_end(ctx, poll)
    return [_saved(ctx, poll, options, option, value), *redraws(ctx, entry)]


def _go_on(
    ctx: Context, entry: Entry, options: list[OptionFacts], value: Value, option: int
) -> None:
    """Where each option is a card of its own, an answered one makes room for the next."""
    poll, method = entry.poll, method_of(entry.poll)
    if method.views.a_page(poll.settings, len(options)) != 1 or len(options) < 2:
        return
    here = next((number for number, o in enumerate(options) if o.id == option), None)
    answered = method.rules.answered
    if here is None or not answered(poll.settings, value, option):
        return
    barred = conflicts.barred(ctx.tx, poll.id, entry.seat.seat_id)
    round_about = [*range(here + 1, len(options)), *range(here)]
    waiting = [
        number
        for number in round_about
        if options[number].id not in barred
        and not answered(poll.settings, value, options[number].id)
    ]
    polls.turn_page(ctx.tx, entry.person.id, waiting[0] if waiting else len(options))


def _saved(
    ctx: Context, poll: Poll, options: list[OptionFacts], option: int, value: dict[str, Any]
) -> Toast:
    """The confirmation; where it is a message, it names what was voted on.

    In a secret poll that is the poll alone: a message is kept until it is delivered.
    """
    facts = poll_facts(ctx.tx, poll)
    saved, mark = method_of(poll).views.saved(facts, options, value, option)
    if facts.secret:
        return Toast(saved, Text("polls.saved_secret", title=Translated(poll.title)))
    named = next((o.label for o in options if o.id == option), poll.title)
    aloud = Text("polls.saved_aloud", what=Translated(named), mark=mark, saved=saved)
    return Toast(saved, aloud)


def withdraw(ctx: Context, pressed: WithdrawBallot) -> Answers:
    """Take one's own ballot out of the box again."""
    entry = _line(ctx, pressed.entry)
    if entry.seat.voted_as != entry.person.position:
        raise Refusal("polls.nothing_to_withdraw")
    take_out(ctx, entry.poll, entry.seat.seat_id)
    return [Toast(Text("polls.ballot_withdrawn")), *redraws(ctx, entry)]


def take_out(ctx: Context, poll: Poll, seat_id: int) -> None:
    """Take a seat's ballot out of the box."""
    ballots.withdraw(ctx.tx, poll, seat_id)
    if seat_id in poll.late:
        poll.late = [seat for seat in poll.late if seat != seat_id]


def turn_page(ctx: Context, pressed: TurnPage) -> Answers:
    """Another page of one's ballot."""
    entry = _line(ctx, pressed.entry)
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


# --- written answers -------------------------------------------------------------------------


def write(ctx: Context, pressed: Write) -> Answers:
    """Ask for a written answer on a ballot."""
    entry = door(ctx, pressed.entry)
    return start(ctx, ANSWER, {"entry": entry.person.id, "part": pressed.part})


def _ask_answer(ctx: Context, given: Given) -> tuple[Text, ...]:
    poll = door(ctx, given["entry"]).poll
    return (method_of(poll).prompt(given["part"]),)


def _read_answer(ctx: Context, given: Given, text: str) -> str:
    if len(text) > LONGEST_ANSWER:
        raise Refusal("polls.answer_too_long", most=LONGEST_ANSWER, n=len(text))
    return text


def _answered(ctx: Context, given: Given) -> Answers:
    entry = door(ctx, given["entry"])
    poll, options = entry.poll, option_facts(ctx.tx, entry.poll)
    try:
        value = method_of(poll).rules.write(
            poll.settings, _lying(ctx, entry), given["part"], given["answer"]
        )
    except Broken as broken:
        raise refusal(broken) from None
    ballot = Post(Board("ballot", entry.person.id, ctx.me.id), HERE)
    return [*_store(ctx, entry, options, value, 0), ballot]


ANSWER = Form(
    name="answer",
    by=Role.MEMBER,
    fields=(Field("answer", _ask_answer, parse=_read_answer),),
    # Without a review the words are never kept in the dialog: they go straight into the box.
    review=None,
    confirm=Text("forms.done"),
    finish=_answered,
)


# --- who may ---------------------------------------------------------------------------------


def door(ctx: Context, entry_id: int) -> Entry:
    """The person's own line on the roll of an open poll, if the seat's ballot is theirs to cast."""
    entry = _line(ctx, entry_id)
    if not rules.may_replace(entry.person.position, entry.seat.voted_as):
        raise Refusal("polls.holder_voted")
    return entry


def _line(ctx: Context, entry_id: int) -> Entry:
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
        if entry.poll.state == "closed" and entry.seat.voted_as is not None:
            at = entry.poll.closed_at or entry.poll.closes_at
            raise Refusal("polls.closed_and_counted", at=at) from None
        raise
    if entry.seat.excluded is not None:
        raise Refusal("polls.ballot_excluded")
    return entry


def _may_see(ctx: Context, poll: Poll) -> bool:
    today = ctx.now.astimezone(ctx.zone).date()
    return polls.is_member(ctx.tx, poll.body_id, ctx.me.id, today)


def _is_open(ctx: Context, poll: Poll) -> bool:
    return rules.is_open(poll.state, poll.closes_at, ctx.event.at, ctx.started_at)


def _check_open(ctx: Context, poll: Poll) -> None:
    if poll.state == "withdrawn":
        raise Refusal("polls.withdrawn")
    if poll.state == "prepared":
        raise Refusal("polls.not_yours")
    if poll.state == "planned":
        raise Refusal("polls.not_open_yet", at=poll.opens_at)
    if not _is_open(ctx, poll):
        raise Refusal("polls.closed", at=poll.closed_at or poll.closes_at)


def _count_late(ctx: Context, entry: Entry) -> None:
    """Remember seats whose ballot came after the deadline, while the bot was catching up."""
    poll = entry.poll
    if ctx.event.at < poll.closes_at or entry.seat.voted_as is not None:
        return
    poll.late = sorted({*poll.late, entry.seat.seat_id})


def redraws(ctx: Context, entry: Entry) -> Answers:
    """The ballots of all who may fill the seat, and the board in the channels."""
    return redraws_of(ctx, entry.poll.id, entry.seat.seat_id)


def redraws_of(ctx: Context, poll_id: int, seat_id: int) -> Answers:
    """The same, of any seat."""
    lines = polls.fillers(ctx.tx, poll_id, seat_id)
    poll = ctx.tx.get_one(Poll, poll_id)
    return [
        *(Redraw("ballot", line) for line in lines),
        Redraw("poll", poll_id),
        *series.redraw(poll),
    ]
