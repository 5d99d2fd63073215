"""Coordination and its polls: what to do with one, more time for it, taking it back."""

from __future__ import annotations

from datetime import datetime

from handlers.chat import (
    Answers,
    Board,
    Card,
    Command,
    InChannel,
    Post,
    Redraw,
    Refusal,
    Replace,
    Say,
    Text,
    Translated,
)
from handlers.forms import Choice, Field, Form, Given, start
from handlers.polls import closing, confirming, managing_views, rules, times
from handlers.polls.actions import Deadline, Extend, Manage, WithdrawPoll
from handlers.polls.closing import of_poll, running
from handlers.polls.reading import method_of, overviews, poll_facts
from handlers.polls.recording import ending
from handlers.polls.refusing import refusal
from handlers.polls.reminding import timing as reminding
from handlers.polls.rules import Broken
from handlers.polls.templates import gathering as series
from handlers.router import Context, Role, pack
from storage import ballots, polls, timers
from storage.models import Poll

LONGEST_REASON = 300

WITHDRAWABLE = ("prepared", "planned", "open")
"""States from which a poll can be withdrawn."""


def managed(ctx: Context) -> list[Poll]:
    """What can be managed now: running, planned, and closed polls without a published result."""
    waiting = polls.unpublished(ctx.tx, ctx.town.id)
    coming = ("prepared", "open", "planned")
    return [*waiting, *(p for state in coming for p in polls.of_town(ctx.tx, ctx.town.id, state))]


def prepare_or_manage(ctx: Context, typed: Command, prepare: Form) -> Answers:
    """Begin a new poll at once where there is nothing to manage."""
    if not closing.manages(ctx):
        raise Refusal("router.not_allowed")
    there = managed(ctx)
    if not there:
        return start(ctx, prepare)
    return [Say(managing_views.to_manage([poll_facts(ctx.tx, poll) for poll in there]))]


def manage(ctx: Context, pressed: Manage) -> Answers:
    """What can be done with a poll."""
    poll = of_poll(ctx, pressed.poll)
    facts = poll_facts(ctx.tx, poll)
    if poll.state == "withdrawn":
        raise Refusal("polls.withdrawn")
    if poll.state == "prepared":
        return [Post(Board("prepared", poll.id, ctx.me.id))]
    if poll.state != "closed":
        return [Replace(managing_views.manage(facts))]
    if poll.published_at is not None:
        return [Replace(managing_views.published_already(facts))]
    if ctx.role < Role.COORDINATION:
        raise Refusal("polls.not_published_yet")
    return [
        Replace(managing_views.unpublished(facts)),
        Post(Board("preview", poll.id, ctx.me.id)),
    ]


# --- more time -------------------------------------------------------------------------------


def extend(ctx: Context, pressed: Extend) -> Answers:
    """Ask for the new deadline."""
    return start(ctx, EXTEND, {"poll": running(ctx, pressed.poll).id})


def _later(ctx: Context, given: Given) -> list[Choice]:
    poll = running(ctx, given["poll"])
    ends, latest = poll.closes_at, method_of(poll).latest(poll.settings)
    return [
        Choice(Text("polls.time", at=at), at.isoformat())
        for at in times.suggestions(ctx.zone, max(ctx.now, ends))
        if at > ends and (latest is None or at < latest)
    ]


def _read_later(ctx: Context, given: Given, text: str) -> str:
    try:
        at = times.read(text, ctx.zone, ctx.now)
        rules.check_times(ctx.now, at)
    except Broken as broken:
        raise refusal(broken) from None
    _check_later(running(ctx, given["poll"]), at)
    return at.isoformat()


def _check_later(poll: Poll, at: datetime) -> None:
    if at <= poll.closes_at:
        raise Refusal("polls.not_later", at=poll.closes_at)
    latest = method_of(poll).latest(poll.settings)
    if latest is not None and at >= latest:
        raise Refusal("polls.later_than_possible", at=latest)


def _review_extension(ctx: Context, given: Given) -> tuple[Text, ...]:
    poll = running(ctx, given["poll"])
    at = datetime.fromisoformat(given["until"])
    return (Text("polls.extend_surely", title=Translated(poll.title), at=at),)


def _extend(ctx: Context, given: Given) -> Answers:
    poll = closing.locked(ctx, given["poll"])
    until = datetime.fromisoformat(given["until"])
    _check_later(poll, until)
    poll.extended_from = poll.extended_from or poll.closes_at
    # What came while the bot was catching up is in time now.
    poll.closes_at, poll.late = until, []
    due = pack(Deadline(poll.id))
    timers.put(ctx.tx, closing.timer_key(poll.id), due, until, poll.municipality_id)
    reminding.expect(ctx, poll)
    ctx.tx.flush()
    facts = poll_facts(ctx.tx, poll)
    return [
        Replace(managing_views.extended_by_you(facts)),
        *_redraw_all(ctx, poll),
        *_tell(ctx, poll, managing_views.extended(facts), f"extended:{until.isoformat()}"),
    ]


EXTEND = Form(
    name="extend",
    by=Role.CORE_TEAM,
    fields=(Field("until", lambda ctx, given: (Text("polls.ask_until"),), _later, _read_later),),
    review=_review_extension,
    confirm=Text("polls.extend_yes"),
    finish=_extend,
)


# --- taken back ------------------------------------------------------------------------------


def withdraw(ctx: Context, pressed: WithdrawPoll) -> Answers:
    """Ask for a reason, then whether that is meant."""
    return start(ctx, WITHDRAW, {"poll": _withdrawable(ctx, pressed.poll).id})


def _withdrawable(ctx: Context, poll_id: int) -> Poll:
    poll = of_poll(ctx, poll_id)
    if poll.state not in WITHDRAWABLE:
        raise Refusal("polls.closed_already")
    return poll


def _no_reason(ctx: Context, given: Given) -> list[Choice]:
    return [Choice(Text("polls.without_reason"), "")]


def _read_reason(ctx: Context, given: Given, text: str) -> str:
    reason = " ".join(text.split())
    if len(reason) > LONGEST_REASON:
        raise Refusal("polls.reason_too_long", most=LONGEST_REASON)
    return reason


def _review_withdrawal(ctx: Context, given: Given) -> tuple[Text, ...]:
    poll = _withdrawable(ctx, given["poll"])
    asked = "polls.decline_surely" if poll.state == "prepared" else "polls.withdraw_surely"
    said = [Text(asked, title=Translated(poll.title))]
    if given["reason"]:
        said.append(Text("polls.withdrawn_for", reason=given["reason"]))
    return tuple(said)


def _withdraw(ctx: Context, given: Given) -> Answers:
    _withdrawable(ctx, given["poll"])
    poll = polls.locked(ctx.tx, given["poll"])
    if poll is None or poll.state not in WITHDRAWABLE:
        raise Refusal("polls.closed_already")
    was_open, was_prepared = poll.state == "open", poll.state == "prepared"
    closing.drop_timers(ctx, poll.id)
    ballots.empty(ctx.tx, poll.id)
    poll.state, poll.closed_at, poll.late = "withdrawn", ctx.now, []
    poll.withdrawn_for = given["reason"] or None
    ctx.tx.flush()
    facts = poll_facts(ctx.tx, poll)
    answers: Answers = [Replace(managing_views.withdrawn_by_you(facts)), *ending.end(ctx, poll)]
    if was_prepared:
        answers += confirming.declined(ctx, poll)
    if not was_open:
        return answers
    if poll.secrecy == "secret":
        answers += closing.forget(ctx, poll)
    answers += [*_redraw_all(ctx, poll), Redraw("poll", poll.id, unpin=True)]
    told = _tell(ctx, poll, managing_views.withdrawn_here(facts), "withdrawn")
    return [*answers, *told, *series.summary_due(ctx, poll)]


WITHDRAW = Form(
    name="withdraw",
    by=Role.CORE_TEAM,
    fields=(
        Field("reason", lambda ctx, given: (Text("polls.ask_reason"),), _no_reason, _read_reason),
    ),
    review=_review_withdrawal,
    confirm=Text("polls.withdraw_yes"),
    finish=_withdraw,
)


def _redraw_all(ctx: Context, poll: Poll) -> Answers:
    lines = polls.entries(ctx.tx, poll.id)
    ballots = (Redraw("ballot", line.id) for line in lines)
    return [
        Redraw("poll", poll.id),
        *series.redraw(poll),
        *ballots,
        *overviews(ctx.tx, poll),
    ]


def _tell(ctx: Context, poll: Poll, card: Card, what: str) -> Answers:
    """To every channel of the body, once."""
    return [
        Say(card, InChannel(channel), key=f"poll:{poll.id}:{what}:{channel}")
        for channel in polls.channels(ctx.tx, poll.body_id)
    ]
