"""What recorded ballots and drawings of lots keep of a person: who did what, for which seat."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from storage.db import Tx
from storage.models import LotDrawing, Poll, Recording, RollPerson, Seat
from storage.traces import Kept, Row, Traces

_poll: Any = Poll.__table__  # type: ignore[attr-defined]
_seat: Any = Seat.__table__  # type: ignore[attr-defined]
_line: Any = RollPerson.__table__  # type: ignore[attr-defined]
_lot: Any = LotDrawing.__table__  # type: ignore[attr-defined]
_recording: Any = Recording.__table__  # type: ignore[attr-defined]


def _recordings(tx: Tx, whose: Traces) -> list[Row]:
    """Those that the person recorded or confirmed, or that were recorded for them."""
    me = whose.person.id
    rows = tx.execute(
        select(
            _poll.c.title,
            _seat.c.name,
            _recording.c.recorded_at,
            _recording.c.recorded_by,
            _recording.c.confirmed_by,
        )
        .join(_poll, _poll.c.id == _recording.c.poll_id)
        .join(_seat, _seat.c.id == _recording.c.seat_id)
        .outerjoin(_line, _line.c.id == _recording.c.entry_id)
        .where(
            (_recording.c.recorded_by == me)
            | (_recording.c.confirmed_by == me)
            | (_line.c.person_id == me)
        )
        .order_by(_recording.c.id)
    )
    return [
        {"poll": title, "seat": seat, "at": at, "role": _part(me, by, confirmed)}
        for title, seat, at, by, confirmed in rows
    ]


def _part(me: int, recorded_by: int | None, confirmed_by: int | None) -> str:
    if recorded_by == me:
        return "recorded"
    return "confirmed" if confirmed_by == me else "recorded_for_me"


def _forget_recordings(tx: Tx, whose: Traces, now: datetime) -> None:
    me = whose.person.id
    for column in ("recorded_by", "confirmed_by"):
        tx.execute(update(_recording).where(_recording.c[column] == me).values({column: None}))
    mine = select(_line.c.id).where(_line.c.person_id == me)
    theirs = _recording.c.entry_id.in_(mine)
    waiting = _recording.c.state.in_(("draft", "unconfirmed"))
    tx.execute(update(_recording).where(theirs, waiting).values(state="withdrawn"))
    tx.execute(update(_recording).where(theirs).values(entry_id=None, value={}))


def _drawings(tx: Tx, whose: Traces) -> list[Row]:
    me = whose.person.id
    rows = tx.execute(
        select(_poll.c.title, _lot.c.announced_at, _lot.c.announced)
        .join(_poll, _poll.c.id == _lot.c.poll_id)
        .where((_lot.c.announced_by == me) | (_lot.c.drawn_by == me))
        .order_by(_lot.c.poll_id)
    )
    return [{"poll": title, "at": at, "text": words} for title, at, words in rows]


def _forget_drawings(tx: Tx, whose: Traces, now: datetime) -> None:
    for column in ("announced_by", "drawn_by"):
        theirs = _lot.c[column] == whose.person.id
        tx.execute(update(_lot).where(theirs).values({column: None}))


KEPT = (
    # Found by the roll's lines: they go before those.
    Kept("recording", "privacy.of_recording", _recordings, _forget_recordings),
    Kept("lot_drawing", "privacy.of_lots", _drawings, _forget_drawings),
)
