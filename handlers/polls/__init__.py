"""Polls: prepare, open, vote, close, announce. This page says who may do what."""

from __future__ import annotations

from handlers.chat import Answers, Card, Command, Refusal, Replace, Say
from handlers.forms import start
from handlers.polls import (
    boards,
    closing,
    confirming,
    correcting,
    interests,
    managing,
    opening,
    results,
    views,
    voting,
    waiting,
)
from handlers.polls.actions import (
    AllVoted,
    AsFile,
    AsTable,
    Bar,
    Close,
    ConfirmOpening,
    CorrectResult,
    Deadline,
    Declare,
    Extend,
    Involved,
    ListPolls,
    Manage,
    MyBallots,
    OpenBallot,
    Opening,
    OpenNow,
    Prepare,
    Release,
    SeatConflicts,
    Seats,
    ShowResult,
    TurnPage,
    VoidResult,
    Vote,
    WithdrawBallot,
    WithdrawPoll,
    Write,
)
from handlers.polls.forms import PREPARE
from handlers.polls.reading import poll_facts
from handlers.polls.views import Overview
from handlers.router import Context, Role, Router
from storage import polls
from storage.models import Poll

__all__ = ["router"]

router = Router("polls")

MOST_CLOSED = 8
"""Closed polls that the overview offers, the newest first; a search finds the others."""

MOST_SEARCHED = 500


@router.command("offen", "todo", by=Role.MEMBER, menu=10)
def todo(ctx: Context, typed: Command) -> Answers:
    """What is expected of me, in all my municipalities: running polls without my ballot first."""
    return waiting.todo(ctx)


@router.command("abstimmungen", "polls", by=Role.MEMBER, menu=20)
def overview(ctx: Context, typed: Command) -> Answers:
    """Running, planned and closed polls; with words behind it, those whose title has them."""
    return [Say(_overview(ctx, " ".join(typed.args.split())[:60], 0))]


@router.press(ListPolls, by=Role.MEMBER)
def overview_page(ctx: Context, pressed: ListPolls) -> Answers:
    """Another page of the running polls."""
    return [Replace(_overview(ctx, "", pressed.page))]


def _overview(ctx: Context, search: str, page: int) -> Card:
    mine = {poll.id: done for poll, done in waiting.of(ctx, ctx.me.id, ctx.zone)}
    found = _found(ctx, "open", search)
    pages = max(1, -(-len(found) // views.LIST_PAGE))
    page = max(0, min(page, pages - 1))
    running = [
        (poll_facts(ctx.tx, poll), poll.id in mine, mine.get(poll.id, False))
        for poll in found[page * views.LIST_PAGE : (page + 1) * views.LIST_PAGE]
    ]
    planned = [poll_facts(ctx.tx, p) for p in _found(ctx, "planned", search)[: views.LIST_PAGE]]
    closed = [
        poll_facts(ctx.tx, poll)
        for poll in _found(ctx, "closed", search)
        if poll.published_at is not None or ctx.role >= Role.COORDINATION
    ][:MOST_CLOSED]
    manages = closing.manages(ctx)
    return views.overview(
        Overview(running, planned, closed, manages, search, page, pages, len(found))
    )


def _found(ctx: Context, state: str, search: str) -> list[Poll]:
    """Polls of this person's bodies in a state; all words of the search stand in the title."""
    wanted = search.casefold().split()
    return [
        poll
        for poll in polls.of_town(ctx.tx, ctx.town.id, state, MOST_SEARCHED)
        if results.may_look(ctx, poll)
        and all(word in " ".join(poll.title.values()).casefold() for word in wanted)
    ]


@router.command("abstimmung", "poll", by=Role.CORE_TEAM, menu=60, offered_to=Role.COORDINATION)
def prepare(ctx: Context, typed: Command) -> Answers:
    """Prepare a poll, or manage those that there are."""
    return managing.prepare_or_manage(ctx, typed, PREPARE)


@router.press(Prepare, by=Role.CORE_TEAM)
def prepare_by_button(ctx: Context, pressed: Prepare) -> Answers:
    """Begin to prepare a poll."""
    if not closing.manages(ctx):
        raise Refusal("router.not_allowed")
    return start(ctx, PREPARE)


router.form(PREPARE)
router.form(voting.ANSWER)
router.form(managing.EXTEND)
router.form(managing.WITHDRAW)
router.form(correcting.VOID)
router.form(correcting.CORRECT)
router.press(Vote, by=Role.MEMBER)(voting.vote)
router.press(Write, by=Role.MEMBER)(voting.write)
router.press(WithdrawBallot, by=Role.MEMBER)(voting.withdraw)
router.press(TurnPage, by=Role.MEMBER)(voting.turn_page)
router.press(OpenBallot, by=Role.MEMBER, where="anywhere")(voting.open_ballot)
router.press(Involved, by=Role.MEMBER)(interests.involved)
router.press(Declare, by=Role.MEMBER)(interests.declare)
router.press(ShowResult, by=Role.LINKED, where="anywhere")(results.show_result)
router.press(AsFile, by=Role.LINKED, where="anywhere")(results.as_file)
router.press(AsTable, by=Role.LINKED, where="anywhere")(results.as_table)
router.press(MyBallots, by=Role.MEMBER)(results.my_ballots)
router.press(Manage, by=Role.CORE_TEAM)(managing.manage)
router.press(Extend, by=Role.CORE_TEAM)(managing.extend)
router.press(WithdrawPoll, by=Role.CORE_TEAM)(managing.withdraw)
router.press(OpenNow, by=Role.CORE_TEAM)(opening.open_now)
router.press(ConfirmOpening, by=Role.COORDINATION)(confirming.confirm)
router.press(Close, by=Role.CORE_TEAM)(closing.close)
router.press(Release, by=Role.COORDINATION)(closing.release)
router.press(VoidResult, by=Role.COORDINATION)(correcting.void)
router.press(CorrectResult, by=Role.COORDINATION)(correcting.correct)
router.press(Seats, by=Role.CORE_TEAM)(interests.seats)
router.press(SeatConflicts, by=Role.CORE_TEAM)(interests.seat)
router.press(Bar, by=Role.CORE_TEAM)(interests.bar)
router.due(Deadline)(closing.deadline)
router.due(AllVoted)(closing.all_voted)
router.due(Opening)(opening.opening)
router.board("poll")(boards.poll_board)
router.board("ballot")(boards.ballot)
router.board("prepared")(boards.prepared)
router.board("result")(boards.result)
router.board("preview")(boards.preview)
router.typed("ballot")(voting.typed)
