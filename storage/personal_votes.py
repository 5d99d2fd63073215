"""What the tables of polls keep of a person: lines on voter rolls, ballots, polls they opened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from storage import polls
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
    tx.execute(update(_poll).where(_poll.c.opened_by == whose.person.id).values(opened_by=None))


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
        ballot = polls.ballot_of(tx, poll, line.seat_id)
        labels = {str(o.id): o.label for o in polls.options(tx, poll.id)}
        for option, dots in (ballot.value if ballot is not None else {}).items():
            if dots:
                found.append({"poll": poll.title, "option": labels.get(option), "number": dots})
    return found


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
    polls.withdraw(tx, poll, seat.seat_id)
    late = poll.settings.get("late", [])
    if seat.seat_id in late:
        poll.settings = {**poll.settings, "late": [s for s in late if s != seat.seat_id]}


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
