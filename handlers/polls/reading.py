"""What is stored about polls, gathered for the views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from handlers.chat import Answers, Redraw
from handlers.polls.elections.reading import lot_note
from handlers.polls.facts import (
    BallotFacts,
    GroupFacts,
    OptionFacts,
    PollFacts,
    ResultFacts,
    Words,
)
from handlers.polls.methods import Method
from handlers.polls.methods.registry import METHODS
from handlers.polls.rules import Base, Cast, Rules
from handlers.polls.templates.gathering import way_of
from storage import ballots, conflicts, polls
from storage.db import Tx
from storage.models import Poll, Seat
from storage.polls import Entry


def method_of(poll: Poll) -> Method:
    """The method by which a poll votes."""
    return METHODS[poll.method]


def poll_facts(tx: Tx, poll: Poll) -> PollFacts:
    """What every view of a poll says."""
    turnout = polls.turnout(tx, poll.id)
    return PollFacts(
        id=poll.id,
        title=poll.title,
        method=poll.method,
        settings=poll.settings,
        secrecy=poll.secrecy,
        formal=poll.formal,
        state=poll.state,
        published=poll.published_at is not None,
        opens_at=poll.opens_at,
        closes_at=poll.closes_at,
        closed_at=poll.closed_at,
        seats=turnout.seats,
        voted=turnout.voted,
        extended=poll.extended_from is not None,
        reason=poll.withdrawn_for or "",
        void=is_void(poll),
        stopped=bool((poll.result or {}).get("notes", {}).get("stopped")),
    )


def option_facts(tx: Tx, poll: Poll) -> list[OptionFacts]:
    """The options in their order."""
    return [OptionFacts(o.id, o.label, o.code, o.cost) for o in polls.options(tx, poll.id)]


def casts(tx: Tx, poll: Poll) -> list[Cast]:
    """The ballots that count."""
    return [Cast(ballot.value, ballot.barred) for ballot in ballots.counted(tx, poll)]


def base_of(tx: Tx, poll: Poll) -> Base:
    """What majorities and quorums of a poll are measured by."""
    rules = Rules.of(poll.rules)
    chair = poll.settings.get("chair")
    own = None
    if chair is not None and poll.secrecy != "secret":
        own = next((b.value for b in ballots.counted(tx, poll) if b.seat_id == chair), None)
    return Base(polls.turnout(tx, poll.id).seats, rules, own)


def totals(tx: Tx, poll: Poll) -> dict[str, Any] | None:
    """The count so far; None where that is not shown before the end."""
    shown = poll.secrecy == "open" and Rules.of(poll.rules).running_totals_visible
    if not shown or poll.state != "open":
        return None
    options = polls.option_ids(tx, poll.id)
    count = method_of(poll).running
    return count(poll.settings, options, casts(tx, poll), base_of(tx, poll))


def ballot_facts(tx: Tx, entry: Entry, options: Sequence[OptionFacts]) -> BallotFacts:
    """A person's ballot; another's who may fill the same seat is not shown."""
    poll, method = entry.poll, method_of(entry.poll)
    position, voted_as = entry.person.position, entry.seat.voted_as
    mine = voted_as == position
    box = ballots.ballot_of(tx, poll, entry.seat.seat_id) if mine and poll.state == "open" else None
    value = dict(box.value) if box is not None else {}
    seat = tx.get(Seat, entry.seat.seat_id)
    answered = method.rules.answered
    return BallotFacts(
        entry=entry.person.id,
        seat=seat.name if seat is not None else {},
        position=position,
        voted_as=voted_as,
        value=value,
        barred=conflicts.barred(tx, poll.id, entry.seat.seat_id),
        cast=mine,
        receipt=box.receipt if box is not None else None,
        page=entry.person.page,
        answered=frozenset(o.id for o in options if answered(poll.settings, value, o.id)),
        excluded=entry.seat.excluded is not None,
        may_declare=method.conflicts and speaks_for_seat(tx, entry),
        recorded=mine and entry.seat.recorded is not None,
        way=way_of(tx, poll, entry.seat.seat_id),
    )


def speaks_for_seat(tx: Tx, entry: Entry) -> bool:
    """Whether the person stands first on the seat's roll: a deputy excludes nobody else's seat."""
    first = polls.fillers(tx, entry.poll.id, entry.seat.seat_id)[:1]
    return first == [entry.person.id]


def result_facts(tx: Tx, poll: Poll) -> ResultFacts | None:
    """The frozen result of a closed poll."""
    if poll.state != "closed" or poll.result is None:
        return None
    seats = {line.seat_id: seat.name for line, seat, _ in polls.seats_of(tx, poll.id)}
    published = poll.published_at is not None
    facts = frozen(poll.id, poll.title, poll.result, published, option_facts(tx, poll), seats)
    return replace(facts, notes={**facts.notes, **lot_note(tx, poll), **poll.afterwards})


def is_void(poll: Poll) -> bool:
    """Whether coordination set the poll's result aside."""
    return "void" in poll.afterwards


def frozen(
    poll: int,
    title: Words,
    result: Mapping[str, Any],
    published: bool,
    options: Sequence[OptionFacts],
    seats: Mapping[int, Words],
) -> ResultFacts:
    """Read a stored result (JSON) back; it names seats by their ids."""
    dominant = result["dominant"]
    return ResultFacts(
        poll=poll,
        title=title,
        method=result["method"],
        settings=result["settings"],
        options=tuple(options),
        secret=result["secret"],
        roll_call=result["roll_call"],
        formal=result["formal"],
        published=published,
        withheld=result["withheld"],
        seats=result["seats"],
        cast=result["cast"],
        late=result["late"],
        needed=result["needed"],
        rules=result["rules"],
        counts=result["counts"],
        closes_at=datetime.fromisoformat(result["closes_at"]),
        closed_at=datetime.fromisoformat(result["closed_at"]),
        early=result["early"],
        digest=result["digest"],
        receipts=tuple(result["receipts"]),
        excluded=tuple(seats.get(seat, {}) for seat in result["excluded"]),
        excluded_options=tuple(
            (seats.get(seat, {}), option) for seat, option in result["excluded_options"]
        ),
        recorded=result["recorded"],
        groups=tuple(GroupFacts(g["group"], g["cast"], g["counts"]) for g in result["groups"]),
        dominant=(dominant[0], dominant[1]) if dominant else None,
        roll=tuple((seats.get(seat, {}), value) for seat, value in result["roll"]),
        notes=result["notes"],
    )


def overviews(tx: Tx, poll: Poll) -> Answers:
    """The pinned overviews of the body's channels name running polls: they are out of date."""
    return [Redraw("channel", channel) for channel in polls.channels(tx, poll.body_id)]
