"""Closing a poll: count and freeze the result; straw polls publish themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from handlers.chat import (
    Answers,
    Board,
    Direct,
    Due,
    Forget,
    InChannel,
    Post,
    Redraw,
    Refusal,
    Replace,
    Text,
    Toast,
)
from handlers.polls import counting, managing_views, result_views, rules
from handlers.polls.actions import AllVoted, Close, Deadline, Release
from handlers.polls.reading import is_void, overviews, poll_facts
from handlers.polls.recording import ending
from handlers.polls.reminding import timing as reminding
from handlers.polls.rules import Rules
from handlers.polls.templates import gathering as series
from handlers.router import Context, Role, pack
from storage import ballots, people, polls, timers, webchat
from storage.models import Municipality, Poll


def timer_key(poll_id: int) -> str:
    """The name of the timer that closes a poll."""
    return f"poll:{poll_id}:close"


def opening_key(poll_id: int) -> str:
    """The name of the timer that opens a planned poll."""
    return f"poll:{poll_id}:open"


def _last_seat_key(poll_id: int) -> str:
    return f"poll:{poll_id}:all_voted"


def drop_timers(ctx: Context, poll_id: int) -> None:
    """Nothing happens by itself to this poll any more."""
    for key in (timer_key(poll_id), opening_key(poll_id), _last_seat_key(poll_id)):
        timers.drop(ctx.tx, key)
    reminding.forget(ctx.tx, poll_id)


def of_poll(ctx: Context, poll_id: int) -> Poll:
    """A poll of this municipality that this person manages; another's is not there."""
    poll = polls.get(ctx.tx, poll_id, ctx.town.id)
    if poll is None:
        raise Refusal("polls.not_there")
    if not manages(ctx):
        raise Refusal("router.not_allowed")
    return poll


def manages(ctx: Context) -> bool:
    """Whether this person may open and manage polls, by the rules of procedure."""
    if ctx.role >= Role.COORDINATION:
        return True
    return ctx.role >= Role.CORE_TEAM and Rules.of(ctx.town.rules).who_may_open == "core_team"


def running(ctx: Context, poll_id: int) -> Poll:
    """The same, if it runs."""
    poll = of_poll(ctx, poll_id)
    if poll.state != "open":
        raise Refusal("polls.closed_already")
    return poll


def locked(ctx: Context, poll_id: int) -> Poll:
    """The same, locked: whoever comes second is told that it is closed."""
    running(ctx, poll_id)
    poll = polls.locked(ctx.tx, poll_id)
    if poll is None or poll.state != "open":
        raise Refusal("polls.closed_already")
    return poll


# --- when ------------------------------------------------------------------------------------


def due_at(ctx: Context) -> datetime:
    """When the timer that is handled was due."""
    what = ctx.event.what
    return what.due_at if isinstance(what, Due) else ctx.now


def deadline(ctx: Context, due: Deadline) -> Answers:
    """The deadline has come: everything that reached the inbox before it is handled by now."""
    poll = polls.locked(ctx.tx, due.poll)
    if poll is None or poll.state != "open":
        return []
    # The clock may have been set back a little since the timer was due.
    if max(ctx.now, due_at(ctx)) < poll.closes_at:
        # It was put off since this timer was set.
        timers.put(ctx.tx, timer_key(poll.id), pack(due), poll.closes_at, poll.municipality_id)
        return []
    return _close(ctx, poll, early="")


def expect_the_end(ctx: Context, poll: Poll) -> None:
    """Where the rules of procedure want it, the poll ends a while after its last seat voted."""
    if not Rules.of(poll.rules).close_when_all_voted:
        return
    turnout = polls.turnout(ctx.tx, poll.id)
    if turnout.seats and turnout.voted == turnout.seats:
        at = ctx.now + rules.CHANGE_OF_MIND
        timers.put(ctx.tx, _last_seat_key(poll.id), pack(AllVoted(poll.id)), at, ctx.town.id)


def all_voted(ctx: Context, due: AllVoted) -> Answers:
    """Close ahead of the deadline, if still no seat is missing."""
    poll = polls.locked(ctx.tx, due.poll)
    if poll is None or poll.state != "open":
        return []
    turnout = polls.turnout(ctx.tx, poll.id)
    if turnout.voted < turnout.seats:
        return []
    return _close(ctx, poll, early="all_voted")


def close(ctx: Context, pressed: Close) -> Answers:
    """Close ahead of the deadline; asks back first."""
    if not pressed.sure:
        asked = managing_views.close_surely(poll_facts(ctx.tx, running(ctx, pressed.poll)))
        return [Replace(asked)]
    poll = locked(ctx, pressed.poll)
    answers = close_now(ctx, poll)
    done = result_views.closed_by_you(poll_facts(ctx.tx, poll))
    said = Text("polls.closed_now_formal" if poll.formal else "polls.closed_now")
    return [Toast(said), Replace(done), *answers]


def close_now(ctx: Context, poll: Poll) -> Answers:
    """Close a running poll that is locked, in coordination's name."""
    return _close(ctx, poll, early="by_coordination" if ctx.now < poll.closes_at else "")


def stop(ctx: Context, poll: Poll, notes: Mapping[str, Any]) -> Answers:
    """End a procedure that must not go on; there is no count to be checked before it is said."""
    answers = _end(ctx, poll, early="objection", notes=notes)
    poll.published_at = ctx.now
    return [*answers, *_announce(ctx, poll)]


def _close(ctx: Context, poll: Poll, *, early: str) -> Answers:
    answers = _end(ctx, poll, early=early, notes={})
    if poll.formal:
        return [*answers, *_previews(ctx, poll)]
    poll.published_at = ctx.now
    return [*answers, *_announce(ctx, poll)]


def _end(ctx: Context, poll: Poll, *, early: str, notes: Mapping[str, Any]) -> Answers:
    tx = ctx.tx
    drop_timers(ctx, poll.id)
    lines = polls.entries(tx, poll.id)
    # What one person alone recorded is no ballot.
    lost = ending.unconfirmed(tx, poll)
    unfinished = ending.end(ctx, poll)
    told = {**notes, "unconfirmed": lost} if lost else notes
    poll.result = counting.count(tx, poll, ctx.now, early, told)
    poll.state, poll.closed_at, poll.late = "closed", ctx.now, []
    tx.flush()
    answers: Answers = [Redraw("poll", poll.id, unpin=True), *series.over(ctx.tx, poll)]
    answers += [*(Redraw("ballot", line.id) for line in lines), *unfinished]
    answers += overviews(tx, poll)
    if poll.secrecy == "secret":
        ballots.cut_loose(tx, poll)
        answers += forget(ctx, poll)
    return answers


def forget(ctx: Context, poll: Poll) -> Answers:
    """Words that members typed while a secret poll was open are overwritten."""
    lines = polls.entries(ctx.tx, poll.id)
    for place in people.directs(ctx.tx, [line.person_id for line in lines], webchat.PLATFORM):
        webchat.forget_words(ctx.tx, place, poll.opens_at)
    return [Forget()]


# --- publishing ------------------------------------------------------------------------------


def _announce(ctx: Context, poll: Poll) -> Answers:
    """The result to every channel of the body, once each; of a series all of them together."""
    if poll.series_id is not None:
        return series.summary_due(ctx, poll)
    return [
        Post(
            Board("result", poll.id),
            InChannel(channel),
            key=f"poll:{poll.id}:result:{channel}",
        )
        for channel in polls.channels(ctx.tx, poll.body_id)
    ]


def _previews(ctx: Context, poll: Poll) -> Answers:
    """The result to coordination, to be checked and published."""
    town = ctx.tx.get_one(Municipality, poll.municipality_id)
    ctx.municipality = ctx.municipality or town
    today = ctx.now.astimezone(ctx.zone).date()
    return [
        Post(
            Board("preview", poll.id, person.id),
            Direct(person.id),
            key=f"poll:{poll.id}:preview:{person.id}",
        )
        for person in people.coordination(ctx.tx, poll.municipality_id, today)
    ]


def release(ctx: Context, pressed: Release) -> Answers:
    """Publish the result of a formal poll; where the rules want it, a second person has to."""
    of_poll(ctx, pressed.poll)
    poll = polls.locked(ctx.tx, pressed.poll)
    if poll is None or poll.state != "closed":
        raise Refusal("polls.no_result_yet")
    if is_void(poll):
        raise Refusal("polls.void_already")
    if poll.published_at is not None:
        raise Refusal("polls.published_already")
    if Rules.of(poll.rules).second_person_confirms:
        if poll.published_by is None:
            poll.published_by = ctx.me.id
            return [Toast(Text("polls.second_person_now")), Redraw("preview", poll.id)]
        if poll.published_by == ctx.me.id:
            raise Refusal("polls.second_person_needed")
    poll.published_by, poll.published_at = ctx.me.id, ctx.now
    ctx.tx.flush()
    lines = polls.entries(ctx.tx, poll.id)
    return [
        Toast(Text("polls.published")),
        Redraw("preview", poll.id),
        Redraw("poll", poll.id),
        *(Redraw("ballot", line.id) for line in lines),
        *_announce(ctx, poll),
    ]
