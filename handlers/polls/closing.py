"""Closing a poll: count, freeze the result, announce it; and coordination's buttons for it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from handlers.chat import (
    HERE,
    Answers,
    Board,
    Due,
    Forget,
    InChannel,
    Post,
    Redraw,
    Refusal,
    Replace,
    SendFile,
    Text,
    Toast,
    Translated,
    plain,
)
from handlers.polls import rules, views
from handlers.polls.actions import AllVoted, AsTable, Close, Deadline, Manage, ShowResult
from handlers.polls.documents import table_csv
from handlers.polls.methods import METHODS
from handlers.polls.reading import poll_facts, result_facts
from handlers.polls.rules import Rules
from handlers.router import Context, Role, pack
from storage import people, polls, timers, webchat
from storage.db import Tx
from storage.models import Municipality, Poll


def timer_key(poll_id: int) -> str:
    """The name of the timer that closes a poll."""
    return f"poll:{poll_id}:close"


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
    if not Rules.of(ctx.town.rules).close_when_all_voted:
        return
    turnout = polls.turnout(ctx.tx, poll.id)
    if turnout.voted == turnout.seats:
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


def _last_seat_key(poll_id: int) -> str:
    return f"poll:{poll_id}:all_voted"


def manage(ctx: Context, pressed: Manage) -> Answers:
    """What coordination can do with a running poll."""
    return [Replace(views.manage(poll_facts(ctx.tx, _running(ctx, pressed.poll))))]


def close(ctx: Context, pressed: Close) -> Answers:
    """Close ahead of the deadline; asks back first."""
    if not pressed.sure:
        return [Replace(views.close_surely(poll_facts(ctx.tx, _running(ctx, pressed.poll))))]
    _running(ctx, pressed.poll)
    poll = polls.locked(ctx.tx, pressed.poll)
    if poll is None or poll.state != "open":
        raise Refusal("polls.closed_already")
    early = "by_coordination" if ctx.now < poll.closes_at else ""
    answers = _close(ctx, poll, early=early)
    done = views.closed_by_you(poll_facts(ctx.tx, poll))
    return [Toast(Text("polls.closed_now")), Replace(done), *answers]


def show_result(ctx: Context, pressed: ShowResult) -> Answers:
    """The result of a closed poll, here."""
    return [Post(Board("result", _closed(ctx, pressed.poll).id), HERE)]


def as_table(ctx: Context, pressed: AsTable) -> Answers:
    """The whole result as a table that spreadsheets open."""
    poll = _closed(ctx, pressed.poll)
    facts = result_facts(ctx.tx, poll)
    if facts is None or not facts.places:
        raise Refusal("polls.no_result_yet")
    head = [
        ctx.words(Text(name))
        for name in ("polls.col_rank", "polls.col_option", "polls.col_dots", "polls.col_seats")
    ]
    rows = [
        [p.label, ctx.words(plain(Translated(p.option))), str(p.score), str(p.seats)]
        for p in facts.places
    ]
    caption = Text("polls.table_of", title=Translated(poll.title))
    name = ctx.words(Text("polls.table_name", number=str(poll.id)))
    return [SendFile(name, "text/csv", table_csv([head, *rows]), caption)]


def _closed(ctx: Context, poll_id: int) -> Poll:
    poll = polls.get(ctx.tx, poll_id, ctx.town.id)
    if poll is None or not may_look(ctx, poll):
        raise Refusal("polls.not_there")
    if poll.state != "closed":
        raise Refusal("polls.no_result_yet")
    return poll


def may_look(ctx: Context, poll: Poll) -> bool:
    """Whether the poll is one of this person's bodies; coordination sees all."""
    if ctx.role >= Role.COORDINATION:
        return True
    today = ctx.now.astimezone(ctx.zone).date()
    return polls.is_member(ctx.tx, poll.body_id, ctx.me.id, today)


def _running(ctx: Context, poll_id: int) -> Poll:
    poll = polls.get(ctx.tx, poll_id, ctx.town.id)
    if poll is None:
        raise Refusal("polls.not_there")
    if poll.state != "open":
        raise Refusal("polls.closed_already")
    return poll


def _close(ctx: Context, poll: Poll, *, early: str) -> Answers:
    tx = ctx.tx
    for key in (timer_key(poll.id), _last_seat_key(poll.id)):
        timers.drop(tx, key)
    lines = polls.entries(tx, poll.id)
    poll.result = _count(tx, poll, ctx.now, early)
    poll.state, poll.closed_at = "closed", ctx.now
    poll.settings = {name: v for name, v in poll.settings.items() if name != "late"}
    tx.flush()
    answers: Answers = [Redraw("poll", poll.id)]
    answers += [Redraw("ballot", line.id) for line in lines]
    if poll.secrecy == "secret":
        polls.cut_loose(tx, poll)
        for place in people.directs(tx, [line.person_id for line in lines], webchat.PLATFORM):
            webchat.forget_words(tx, place, poll.opens_at)
        answers.append(Forget())
    for channel in polls.channels(tx, poll.body_id):
        key = f"poll:{poll.id}:result:{channel}"
        answers.append(Post(Board("result", poll.id), InChannel(channel), key=key))
    return answers


def _count(tx: Tx, poll: Poll, now: datetime, early: str) -> dict[str, Any]:
    """The result with its calculation, as it is frozen (JSON)."""
    options = polls.option_ids(tx, poll.id)
    turnout = polls.turnout(tx, poll.id)
    withheld = poll.secrecy == "secret" and 0 < turnout.voted < rules.SECRET_TURNOUT_FROM
    counts = METHODS[poll.method].tally(poll.settings, options, polls.values(tx, poll.id))
    ranked = () if withheld else rules.rank(counts)
    town = tx.get(Municipality, poll.municipality_id)
    procedure = Rules.of(town.rules if town is not None else {})
    result: dict[str, Any] = {
        "method": poll.method,
        "secret": poll.secrecy == "secret",
        "withheld": withheld,
        "dots": poll.settings["dots"],
        "max_per_option": poll.settings["max_per_option"],
        "seats": turnout.seats,
        "cast": turnout.voted,
        "late": len(poll.settings.get("late", [])),
        "needed": rules.seats_needed(procedure.quorum, turnout.seats),
        "places": [
            {
                "option": place.count.option,
                "rank": place.rank,
                "shared": place.shared,
                "score": str(place.count.score),
                "seats": place.count.seats,
            }
            for place in ranked
        ],
        "tiebreak_used": any(place.by_tiebreak for place in ranked) and turnout.voted > 0,
        "closes_at": poll.closes_at.isoformat(),
        "closed_at": now.isoformat(),
        "early": early,
        "receipts": sorted(rules.check_value(code) for code in polls.receipts(tx, poll.id)),
    }
    if withheld:
        # So few ballots would say who voted how: they are not even kept.
        polls.discard(tx, poll.id)
        result["receipts"] = []
    written = json.dumps([poll.id, poll.title, result], sort_keys=True, ensure_ascii=False)
    result["digest"] = hashlib.sha256(written.encode()).hexdigest()
    return result
