"""Conflicts of interest: declared by a member, set and lifted by coordination before the close.

Who is personally involved has no say (ThürKO § 38): the seat is out of the poll, or of one
option where options are measures, and the base of quorum and majority shrinks with it.
"""

from __future__ import annotations

from handlers.chat import Answers, Card, Refusal, Replace, Say, Text, Toast
from handlers.polls import managing_views, views
from handlers.polls.actions import Bar, Declare, Involved, SeatConflicts, Seats
from handlers.polls.closing import expect_the_end, locked, running
from handlers.polls.facts import OptionFacts
from handlers.polls.managing_views import SeatFacts
from handlers.polls.reading import (
    ballot_facts,
    method_of,
    option_facts,
    poll_facts,
    speaks_for_seat,
)
from handlers.polls.voting import door, redraws_of, take_out
from handlers.router import Context
from storage import ballots, conflicts, polls
from storage.models import Poll
from storage.polls import Entry


def involved(ctx: Context, pressed: Involved) -> Answers:
    """A member says that they are personally involved: in what?"""
    entry = _mine(ctx, pressed.entry)
    facts, options = poll_facts(ctx.tx, entry.poll), option_facts(ctx.tx, entry.poll)
    mine = ballot_facts(ctx.tx, entry, options)
    single = _single(ctx, entry.poll, options)
    if not single:
        return [Say(views.involved_surely(facts, None, mine))]
    card = views.involved(facts, single, mine, pressed.page)
    return [Replace(card) if pressed.page else Say(card)]


def declare(ctx: Context, pressed: Declare) -> Answers:
    """In the whole poll or one option; asks back first."""
    entry = _mine(ctx, pressed.entry)
    poll, options = entry.poll, option_facts(ctx.tx, entry.poll)
    facts, mine = poll_facts(ctx.tx, poll), ballot_facts(ctx.tx, entry, options)
    option = _option(ctx, poll, options, pressed.option)
    if not pressed.sure:
        return [Replace(views.involved_surely(facts, option, mine))]
    emptied = _exclude(ctx, poll, entry.seat.seat_id, option, "person")
    done = views.involved_done(facts, option, emptied)
    return [Replace(done), *redraws_of(ctx, poll.id, entry.seat.seat_id)]


def _mine(ctx: Context, entry_id: int) -> Entry:
    entry = door(ctx, entry_id)
    _check_method(entry.poll)
    if not speaks_for_seat(ctx.tx, entry):
        raise Refusal("polls.involved_as_deputy")
    return entry


def _check_method(poll: Poll) -> None:
    if not method_of(poll).conflicts:
        raise Refusal("election.no_conflict")


def _single(ctx: Context, poll: Poll, options: list[OptionFacts]) -> list[OptionFacts]:
    """Options from which a seat may be kept: measures, and never in a secret poll, whose count
    would tell whose ballot lacks what."""
    if poll.secrecy == "secret" or len(options) < 2:
        return []
    return [option for option in options if option.code]


def _option(
    ctx: Context, poll: Poll, options: list[OptionFacts], wanted: int
) -> OptionFacts | None:
    if not wanted:
        return None
    found = next((o for o in _single(ctx, poll, options) if o.id == wanted), None)
    if found is None:
        raise Refusal("polls.not_yours")
    return found


def _exclude(ctx: Context, poll: Poll, seat: int, option: OptionFacts | None, by: str) -> bool:
    """Returns whether the seat's ballot had to be taken out for it."""
    ballot = ballots.ballot_of(ctx.tx, poll, seat)
    if option is None:
        conflicts.exclude(ctx.tx, poll.id, seat, by)
        said = ballot is not None
    else:
        conflicts.bar(ctx.tx, poll, seat, option.id, by, ctx.now)
        answered = method_of(poll).rules.answered
        # What it says on the option cannot be told from the rest: a list of ranks, shared dots.
        said = ballot is not None and answered(poll.settings, dict(ballot.value), option.id)
    if said:
        take_out(ctx, poll, seat)
    expect_the_end(ctx, poll)
    return said


# --- coordination ----------------------------------------------------------------------------


def seats(ctx: Context, pressed: Seats) -> Answers:
    """The seats of a running poll."""
    poll = running(ctx, pressed.poll)
    _check_method(poll)
    rows = _seats(ctx, poll)
    return [Replace(managing_views.seats(poll_facts(ctx.tx, poll), rows, pressed.page))]


def seat(ctx: Context, pressed: SeatConflicts) -> Answers:
    """What one seat is excluded from."""
    poll = running(ctx, pressed.poll)
    return [Replace(_seat_card(ctx, poll, pressed.seat, pressed.page))]


def bar(ctx: Context, pressed: Bar) -> Answers:
    """Exclude a seat, or admit it again."""
    poll = locked(ctx, pressed.poll)
    _check_method(poll)
    _seat(ctx, poll, pressed.seat)
    options = option_facts(ctx.tx, poll)
    option = _option(ctx, poll, options, pressed.option)
    if pressed.out:
        emptied = _exclude(ctx, poll, pressed.seat, option, "coordination")
        said = Text("polls.excluded_and_emptied" if emptied else "polls.excluded_now")
    else:
        said = Text("polls.admitted_now")
        if option is None:
            conflicts.admit(ctx.tx, poll.id, pressed.seat)
        else:
            conflicts.unbar(ctx.tx, poll.id, pressed.seat, option.id)
    ctx.tx.flush()
    page = 0
    if option is not None:
        single = [o.id for o in _single(ctx, poll, options)]
        page = single.index(option.id) // views.LIST_PAGE
    card = _seat_card(ctx, poll, pressed.seat, page)
    return [Toast(said), Replace(card), *redraws_of(ctx, poll.id, pressed.seat)]


def _seats(ctx: Context, poll: Poll) -> list[SeatFacts]:
    without: dict[int, set[int]] = {}
    for seat_id, option in conflicts.of_poll(ctx.tx, poll.id):
        without.setdefault(seat_id, set()).add(option)
    return [
        SeatFacts(
            line.seat_id,
            seat.name,
            line.excluded is not None,
            frozenset(without.get(line.seat_id, ())),
        )
        for line, seat, _ in polls.seats_of(ctx.tx, poll.id)
    ]


def _seat(ctx: Context, poll: Poll, seat_id: int) -> SeatFacts:
    found = next((seat for seat in _seats(ctx, poll) if seat.id == seat_id), None)
    if found is None:
        raise Refusal("polls.not_there")
    return found


def _seat_card(ctx: Context, poll: Poll, seat_id: int, page: int) -> Card:
    options = _single(ctx, poll, option_facts(ctx.tx, poll))
    facts = poll_facts(ctx.tx, poll)
    return managing_views.seat_conflicts(facts, _seat(ctx, poll, seat_id), options, page)
