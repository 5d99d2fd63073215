"""What coordination sees of a poll that it manages. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.chat import Button, Card, Join, Text, Translated, plain
from handlers.polls.actions import (
    Bar,
    Close,
    Extend,
    Manage,
    OpenNow,
    Prepare,
    SeatConflicts,
    Seats,
    ShowResult,
    WithdrawPoll,
)
from handlers.polls.facts import OptionFacts, PollFacts, Words
from handlers.polls.procedure.actions import ShowProcedure
from handlers.polls.recording.actions import Record
from handlers.polls.reminding.actions import RemindNow
from handlers.polls.templates.actions import KeepPoll, Templates
from handlers.polls.views import LIST_PAGE, Rows, headline, shown_turnout, until


@dataclass(frozen=True, slots=True)
class SeatFacts:
    """A seat on the roll, whether it is out of the poll, and the options it has no say in."""

    id: int
    name: Words
    excluded: bool
    barred: frozenset[int]


def manage(poll: PollFacts) -> Card:
    """What can be done with a poll that runs or will."""
    withdraw = (Button(Text("polls.withdraw_poll"), WithdrawPoll(poll.id)),)
    if poll.state == "planned":
        return Card(
            (headline(poll), Text("polls.opens", at=poll.opens_at), until(poll)),
            ((Button(Text("polls.open_now"), OpenNow(poll.id)),), withdraw),
        )
    by_hand = (Button(Text("recording.button"), Record(poll.id)),)
    record = () if poll.secret else (by_hand,)
    return Card(
        (headline(poll), until(poll), shown_turnout(poll)),
        (
            (Button(Text("reminding.now"), RemindNow(poll.id)),),
            (Button(Text("polls.extend"), Extend(poll.id)),),
            (Button(Text("polls.close_now"), Close(poll.id, False)),),
            *record,
            (Button(Text("polls.conflicts"), Seats(poll.id, 0)),),
            withdraw,
        ),
    )


def to_manage(polls: Sequence[PollFacts]) -> Card:
    """Prepare a new poll, or manage one of those that run, will run, or wait for publication."""
    lines = {
        "prepared": "polls.line_prepared",
        "planned": "polls.line_planned",
        "open": "polls.line_running",
    }
    said = tuple(
        Text(
            lines.get(poll.state, "polls.line_waits"),
            title=Translated(poll.title),
            at=poll.opens_at
            if poll.state in ("prepared", "planned")
            else poll.closed_at or poll.closes_at,
        )
        for poll in polls
    )
    rows: Rows = [
        (Button(Text("polls.prepare"), Prepare(), strong=True),),
        (Button(Text("templates.from_template"), Templates()),),
    ]
    rows += [
        (Button(Text("polls.manage_one", title=Translated(poll.title)), Manage(poll.id)),)
        for poll in polls
    ]
    rows.append((Button(Text("procedure.button"), ShowProcedure()),))
    return Card((Text("polls.prepare_or_manage", lines=Join(said)),), tuple(rows))


def close_surely(poll: PollFacts) -> Card:
    """Ask back before a poll is closed ahead of its deadline."""
    after = Text("polls.then_preview" if poll.formal else "polls.then_published")
    return Card(
        (
            Text(
                "polls.close_surely",
                title=Translated(poll.title),
                at=poll.closes_at,
                turnout=shown_turnout(poll),
                after=after,
            ),
        ),
        (
            (Button(Text("polls.close_yes"), Close(poll.id, True), strong=True),),
            (Button(Text("polls.close_no"), Manage(poll.id)),),
        ),
    )


def opened(poll: PollFacts) -> Card:
    """What coordination sees in the place of the preview, once a poll is open or planned."""
    manages = (
        (Button(Text("polls.manage"), Manage(poll.id)),),
        (Button(Text("templates.keep"), KeepPoll(poll.id)),),
    )
    if poll.state == "prepared":
        return Card((headline(poll), Text("polls.waits_for_confirmation")), manages)
    if poll.state == "planned":
        return Card((headline(poll), Text("polls.opens_by_itself", at=poll.opens_at)), manages)
    said = Text("polls.opened", n=poll.seats, at=poll.closes_at)
    return Card((headline(poll), said), manages)


def extended(poll: PollFacts) -> Card:
    """To the channels: there is more time."""
    return Card((Text("polls.extended_here", title=Translated(poll.title), at=poll.closes_at),))


def extended_by_you(poll: PollFacts) -> Card:
    """To whoever extended it."""
    return Card(
        (headline(poll), Text("polls.extended_by_you", at=poll.closes_at)),
        ((Button(Text("polls.manage"), Manage(poll.id)),),),
    )


def withdrawn_here(poll: PollFacts) -> Card:
    """To the channels: the poll is withdrawn."""
    said = [Text("polls.withdrawn_here", title=Translated(poll.title))]
    if poll.reason:
        said.append(Text("polls.withdrawn_for", reason=poll.reason))
    return Card(tuple(said))


def withdrawn_by_you(poll: PollFacts) -> Card:
    """To whoever withdrew it."""
    return Card((headline(poll), Text("polls.withdrawn_by_you")))


def could_not_open(poll: PollFacts, why: Text) -> Card:
    """To coordination: a planned poll did not open."""
    return Card((Text("polls.could_not_open", title=Translated(poll.title), why=why),))


def seats(poll: PollFacts, rows: Sequence[SeatFacts], page: int) -> Card:
    """The seats on the roll, to exclude one for a conflict of interest."""
    out = tuple(
        Text("polls.seat_out" if seat.excluded else "polls.seat_out_options", seat=plain_name(seat))
        for seat in rows
        if seat.excluded or seat.barred
    )
    body = [Text("polls.conflicts_of", title=Translated(poll.title))]
    if out:
        body.append(Text("polls.options", lines=Join(out)))
    pages = max(1, -(-len(rows) // LIST_PAGE))
    page = max(0, min(page, pages - 1))
    buttons: Rows = [
        (Button(plain_name(seat), SeatConflicts(poll.id, seat.id, 0), mark=_mark(seat)),)
        for seat in rows[page * LIST_PAGE : (page + 1) * LIST_PAGE]
    ]
    turn = []
    if page > 0:
        turn.append(Button(Text("polls.previous_page"), Seats(poll.id, page - 1)))
    if page < pages - 1:
        turn.append(Button(Text("polls.next_page"), Seats(poll.id, page + 1)))
    if turn:
        buttons.append(tuple(turn))
    buttons.append((Button(Text("polls.back_to_manage"), Manage(poll.id)),))
    return Card(tuple(body), tuple(buttons))


def plain_name(seat: SeatFacts) -> Text:
    """A seat's name alone."""
    return plain(Translated(seat.name))


def _mark(seat: SeatFacts) -> str:
    return "✕" if seat.excluded else "(✕)" if seat.barred else ""


def seat_conflicts(
    poll: PollFacts, seat: SeatFacts, options: Sequence[OptionFacts], page: int
) -> Card:
    """What one seat is excluded from; without ``options`` only the whole poll is possible."""
    state = Text(
        "polls.seat_is_out" if seat.excluded else "polls.seat_is_in", seat=plain_name(seat)
    )
    body = [state]
    if poll.secret:
        body.append(Text("polls.involved_secret"))
    label = "polls.admit_seat" if seat.excluded else "polls.exclude_seat"
    rows: Rows = [(Button(Text(label), Bar(poll.id, seat.id, 0, not seat.excluded)),)]
    if not seat.excluded:
        if options:
            body.append(Text("polls.seat_options"))
        pages = max(1, -(-len(options) // LIST_PAGE))
        page = max(0, min(page, pages - 1))
        rows += [
            (
                Button(
                    plain(Translated(o.label)),
                    Bar(poll.id, seat.id, o.id, o.id not in seat.barred),
                    mark="✕" if o.id in seat.barred else "",
                ),
            )
            for o in options[page * LIST_PAGE : (page + 1) * LIST_PAGE]
        ]
        turn = []
        if page > 0:
            previous = SeatConflicts(poll.id, seat.id, page - 1)
            turn.append(Button(Text("polls.previous_page"), previous))
        if page < pages - 1:
            turn.append(Button(Text("polls.next_page"), SeatConflicts(poll.id, seat.id, page + 1)))
        if turn:
            rows.append(tuple(turn))
    rows.append((Button(Text("polls.back_to_seats"), Seats(poll.id, 0)),))
    return Card(tuple(body), tuple(rows))


def unpublished(poll: PollFacts) -> Card:
    """A closed poll whose result waits for coordination; the preview follows."""
    ended = Text("polls.closed_here", at=poll.closed_at or poll.closes_at)
    return Card((headline(poll), ended, Text("polls.preview_follows")))


def published_already(poll: PollFacts) -> Card:
    """Nothing is left to do with a closed poll."""
    ended = Text("polls.closed_here", at=poll.closed_at or poll.closes_at)
    return Card(
        (headline(poll), ended), ((Button(Text("polls.show_result"), ShowResult(poll.id)),),)
    )
