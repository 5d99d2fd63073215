"""What the tables of polls keep of a person: lines on voter rolls, ballots, polls they opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from storage import ballots, polls
from storage.db import Tx
from storage.models import Ballot, Poll, RollPerson, RollSeat, Seat
from storage.traces import Kept, Row, Traces

_poll: Any = Poll.__table__  # type: ignore[attr-defined]
_roll: Any = RollSeat.__table__  # type: ignore[attr-defined]
_line: Any = RollPerson.__table__  # type: ignore[attr-defined]
_ballot: Any = Ballot.__table__  # type: ignore[attr-defined]
_seat: Any = Seat.__table__  # type: ignore[attr-defined]


def _opened(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(
        select(Poll).where(_poll.c.opened_by == whose.person.id).order_by(_poll.c.id)
    ).scalars()
    return [{"poll": p.title, "at": p.opens_at} for p in rows]


def _not_opened_by(tx: Tx, whose: Traces, now: datetime) -> None:
    for column in ("opened_by", "confirmed_by", "published_by"):
        theirs = _poll.c[column] == whose.person.id
        tx.execute(update(_poll).where(theirs).values({column: None}))


def _recorded(tx: Tx, whose: Traces) -> list[Row]:
    me = whose.person.id
    rows = tx.execute(
        select(_poll.c.title, _seat.c.name, _roll.c.recorded_by)
        .join(_roll, _roll.c.poll_id == _poll.c.id)
        .join(_seat, _seat.c.id == _roll.c.seat_id)
        .where((_roll.c.recorded_by == me) | (_roll.c.confirmed_by == me))
        .order_by(_poll.c.id, _seat.c.id)
    )
    return [
        {"poll": title, "seat": name, "role": "recorded" if by == me else "confirmed"}
        for title, name, by in rows
    ]


def _not_recorded_by(tx: Tx, whose: Traces, now: datetime) -> None:
    for column in ("recorded_by", "confirmed_by"):
        theirs = _roll.c[column] == whose.person.id
        tx.execute(update(_roll).where(theirs).values({column: None}))


def _lines(tx: Tx, whose: Traces) -> list[tuple[Poll, RollPerson, RollSeat, dict[str, str]]]:
    rows = tx.execute(
        select(Poll, RollPerson, RollSeat, _seat.c.name)
        .join(_line, _line.c.poll_id == _poll.c.id)
        .join(_roll, (_roll.c.poll_id == _line.c.poll_id) & (_roll.c.seat_id == _line.c.seat_id))
        .join(_seat, _seat.c.id == _line.c.seat_id)
        .where(_line.c.person_id == whose.person.id)
        .order_by(_poll.c.id, _line.c.position)
    )
    return [(poll, line, seat, name) for poll, line, seat, name in rows]


def _line_rows(tx: Tx, whose: Traces) -> list[Row]:
    return [
        {
            "poll": poll.title,
            "poll_state": poll.state,
            "secrecy": poll.secrecy,
            "seat": name,
            "position": line.position,
            "voted": seat.voted_as is not None,
            "voted_by_me": seat.voted_as == line.position,
            "until": poll.closed_at or poll.closes_at,
        }
        for poll, line, seat, name in _lines(tx, whose)
    ]


def _drop_lines(tx: Tx, whose: Traces, now: datetime) -> None:
    tx.execute(delete(_line).where(_line.c.person_id == whose.person.id))


def _ballot_rows(tx: Tx, whose: Traces) -> list[Row]:
    """Own ballots that stand under the own seat; a secret one is never looked up."""
    found: list[Row] = []
    for poll, line, seat, _ in _lines(tx, whose):
        if poll.secrecy == "secret" or seat.voted_as != line.position:
            continue
        ballot = ballots.ballot_of(tx, poll, line.seat_id)
        labels = {str(o.id): o.label for o in polls.options(tx, poll.id)}
        for option, said in _answers(ballot.value if ballot is not None else {}, labels):
            found.append({"poll": poll.title, "option": option, "text": said})
    return found


def _answers(
    value: Any, labels: Mapping[str, dict[str, str]], option: dict[str, str] | None = None
) -> list[tuple[dict[str, str] | None, str]]:
    """What a ballot of any method says, flat: option and answer."""
    if isinstance(value, dict):
        parts = [(labels.get(str(key), option), part) for key, part in value.items()]
        return [one for inner, part in parts for one in _answers(part, labels, inner)]
    if isinstance(value, list):
        # A list of options is an order.
        placed = [(labels.get(str(part)), place, part) for place, part in enumerate(value, 1)]
        return [
            one
            for inner, place, part in placed
            for one in ([(inner, f"{place}.")] if inner else _answers(part, labels, option))
        ]
    return [(option, str(value))]


def _drop_ballots(tx: Tx, whose: Traces, now: datetime) -> None:
    """Withdraw those of running polls; of closed ones the totals are frozen already.

    A roll call is public by its nature: there the seat's ballot stays with the seat.
    """
    for poll, line, seat, _ in _lines(tx, whose):
        if poll.state == "open":
            entry = polls.entry(tx, line.id, lock=True)
            if entry is not None and entry.poll.state == "open":
                _withdraw(tx, entry)
                continue
        if poll.secrecy == "open" and seat.voted_as == line.position:
            tx.execute(
                delete(_ballot).where(
                    _ballot.c.poll_id == poll.id, _ballot.c.voter == str(line.seat_id)
                )
            )


def _withdraw(tx: Tx, entry: polls.Entry) -> None:
    poll, seat = entry.poll, entry.seat
    if seat.voted_as != entry.person.position:
        return
    ballots.withdraw(tx, poll, seat.seat_id)
    if seat.seat_id in poll.late:
        poll.late = [s for s in poll.late if s != seat.seat_id]


def touched(tx: Tx, person_id: int) -> tuple[list[int], list[int]]:
    """Running polls in which a person stands on the roll, and the lines of those seats' others."""
    mine = (
        select(_line.c.poll_id, _line.c.seat_id)
        .join(_poll, _poll.c.id == _line.c.poll_id)
        .where(_line.c.person_id == person_id, _poll.c.state == "open")
        .subquery()
    )
    rows = tx.execute(
        select(mine.c.poll_id, _line.c.id)
        .join(_line, (_line.c.poll_id == mine.c.poll_id) & (_line.c.seat_id == mine.c.seat_id))
        .where(_line.c.person_id != person_id)
    ).all()
    running = tx.execute(select(mine.c.poll_id).distinct()).scalars()
    return sorted(running), sorted(line for _, line in rows)


def drop_old_ballots(tx: Tx, municipality_id: int, closed_before: datetime) -> int:
    """Open ballots of polls closed before then; their totals are frozen. Returns how many went.

    Roll calls stay by seat, secret ballots have no seat any more.
    """
    over = select(_poll.c.id).where(
        _poll.c.municipality_id == municipality_id,
        _poll.c.secrecy == "open",
        _poll.c.state != "open",
        _poll.c.closed_at < closed_before,
    )
    gone = tx.execute(delete(_ballot).where(_ballot.c.poll_id.in_(over)))
    return int(gone.rowcount)  # type: ignore[attr-defined]


KEPT = (
    Kept("poll", "privacy.of_polls", _opened, _not_opened_by),
    Kept("roll_seat", "privacy.of_recorded", _recorded, _not_recorded_by),
    # Ballots are found by the roll's lines: they go first.
    Kept(
        "ballot",
        "privacy.of_ballots",
        _ballot_rows,
        _drop_ballots,
        note="privacy.note_ballots",
        stays="privacy.stays_results",
    ),
    Kept("roll_person", "privacy.of_rolls", _line_rows, _drop_lines, note="privacy.note_rolls"),
)
