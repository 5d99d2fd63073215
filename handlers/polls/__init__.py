"""Polls: prepare, open, vote, close, announce. This page says who may do what."""

from __future__ import annotations

from handlers.chat import Answers, Command, Say
from handlers.forms import start
from handlers.polls import boards, closing, views, voting
from handlers.polls.actions import (
    AllVoted,
    AsTable,
    Close,
    Deadline,
    Manage,
    OpenBallot,
    Prepare,
    ShowResult,
    TurnPage,
    Vote,
    WithdrawBallot,
)
from handlers.polls.forms import PREPARE
from handlers.polls.reading import poll_facts
from handlers.router import Context, Role, Router
from storage import polls
from storage.models import Poll

__all__ = ["router"]

router = Router("polls")

MOST_CLOSED = 8
"""Closed polls that the overview offers, the newest first."""


@router.command("offen", "todo", by=Role.MEMBER, menu=10)
def todo(ctx: Context, typed: Command) -> Answers:
    """What is expected of me: running polls without my ballot first."""
    mine = _mine(ctx)
    waiting = [(poll_facts(ctx.tx, poll), done) for poll, done in mine]
    return [Say(views.todo(sorted(waiting, key=lambda one: one[1])))]


@router.command("abstimmungen", "polls", by=Role.MEMBER, menu=20)
def overview(ctx: Context, typed: Command) -> Answers:
    """Running and closed polls."""
    mine = {poll.id: done for poll, done in _mine(ctx)}
    running = [
        (poll_facts(ctx.tx, poll), poll.id in mine, mine.get(poll.id, False))
        for poll in polls.of_town(ctx.tx, ctx.town.id, "open")
        if closing.may_look(ctx, poll)
    ]
    closed = [
        poll_facts(ctx.tx, poll)
        for poll in polls.of_town(ctx.tx, ctx.town.id, "closed")
        if closing.may_look(ctx, poll)
    ][:MOST_CLOSED]
    return [Say(views.overview(running, closed, ctx.role >= Role.COORDINATION))]


@router.command("abstimmung", "poll", by=Role.COORDINATION, menu=60)
def prepare(ctx: Context, typed: Command) -> Answers:
    """Begin to prepare a poll."""
    return start(ctx, PREPARE)


@router.press(Prepare, by=Role.COORDINATION)
def prepare_by_button(ctx: Context, pressed: Prepare) -> Answers:
    """The same, from the overview."""
    return start(ctx, PREPARE)


router.form(PREPARE)
router.press(Vote, by=Role.MEMBER)(voting.vote)
router.press(WithdrawBallot, by=Role.MEMBER)(voting.withdraw)
router.press(TurnPage, by=Role.MEMBER)(voting.turn_page)
router.press(OpenBallot, by=Role.MEMBER, where="anywhere")(voting.open_ballot)
router.press(ShowResult, by=Role.LINKED, where="anywhere")(closing.show_result)
router.press(AsTable, by=Role.LINKED, where="anywhere")(closing.as_table)
router.press(Manage, by=Role.COORDINATION)(closing.manage)
router.press(Close, by=Role.COORDINATION)(closing.close)
router.due(Deadline)(closing.deadline)
router.due(AllVoted)(closing.all_voted)
router.board("poll")(boards.poll_board)
router.board("ballot")(boards.ballot)
router.board("result")(boards.result)


def _mine(ctx: Context) -> list[tuple[Poll, bool]]:
    """Running polls in which I may vote, with: whether my seat's ballot lies in the box."""
    today = ctx.now.astimezone(ctx.zone).date()
    return [
        (poll, seat.voted_as is not None)
        for poll, _, seat in polls.waiting_for(ctx.tx, ctx.me.id)
        if polls.is_member(ctx.tx, poll.body_id, ctx.me.id, today)
    ]
