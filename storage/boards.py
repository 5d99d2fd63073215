"""Cards that stand in chats: their buttons, and which live ones are out of date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, bindparam, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.db import Tx
from storage.models import Posted

BETWEEN_DRAWINGS = timedelta(seconds=2)
"""A board is drawn at most this often, so that many votes make one edit."""

BETWEEN_OWN_DRAWINGS = timedelta(seconds=0.7)
"""The same for a personal board: one person's taps in a row, who wants to see them."""

_table: Any = Posted.__table__  # type: ignore[attr-defined]

# Built once: building a statement takes longer than SQLite needs for it.
_STALE = (
    update(_table)
    .where(
        _table.c.board_kind == bindparam("kind"),
        _table.c.board_id == bindparam("board"),
        _table.c.gone.is_(False),
    )
    .values(stale_at=bindparam("now"))
)
_STALE_FOR_ONE = _STALE.where(_table.c.board_viewer == bindparam("viewer"))
_CLAIM = (
    select(Posted)
    .where(
        _table.c.platform == bindparam("platform"),
        _table.c.stale_at.is_not(None),
        (_table.c.redraw_at.is_(None)) | (_table.c.redraw_at <= bindparam("now")),
    )
    .order_by(_table.c.stale_at)
    .limit(bindparam("most"))
)
_CLAIM_LOCKED = _CLAIM.with_for_update(skip_locked=True)
_DRAWN = (
    update(_table)
    .where(_table.c.id == bindparam("copy"))
    .values(
        actions=bindparam("actions"),
        labels=bindparam("labels"),
        stale_at=case(
            (_table.c.stale_at == bindparam("claimed_at", type_=_table.c.stale_at.type), None),
            else_=_table.c.stale_at,
        ),
        unpin=case((bindparam("unpinned", type_=Boolean()), False), else_=_table.c.unpin),
    )
)
_NEXT = (
    select(_table.c.redraw_at, _table.c.stale_at)
    .where(_table.c.platform == bindparam("platform"), _table.c.stale_at.is_not(None))
    .order_by(func.coalesce(_table.c.redraw_at, _table.c.stale_at))
    .limit(1)
)


def put(tx: Tx, posted: Posted) -> None:
    """Remember a card that was sent, or what it shows now if its message is known."""
    names = ("municipality_id", "platform", "place", "message", "person_id", "language")
    shown = ("board_kind", "board_id", "board_viewer", "actions", "labels")
    state = ("gone", "stale_at", "redraw_at", "unpin")
    values = {name: getattr(posted, name) for name in (*names, *shown, *state)}
    insert = sqlite.insert if tx.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(_table).values(**values)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["platform", "place", "message"],
            set_={name: statement.excluded[name] for name in values},
        )
    )


def mark_stale(tx: Tx, changed: Iterable[tuple[str, int, int | None]], now: datetime) -> None:
    """Every copy of these boards is out of date: kind, id, and whose copy (None: all of them)."""
    rows = [{"kind": k, "board": id, "viewer": viewer, "now": now} for k, id, viewer in changed]
    for statement, of_one in ((_STALE, False), (_STALE_FOR_ONE, True)):
        meant = [row for row in rows if (row["viewer"] is not None) is of_one]
        if meant:
            tx.connection().execute(statement, meant)


def speak(tx: Tx, person_id: int, language: str, now: datetime) -> None:
    """Live cards in a person's direct chats are drawn in another language from now on."""
    theirs = (
        _table.c.person_id == person_id,
        _table.c.board_kind.is_not(None),
        _table.c.gone.is_(False),
        _table.c.language != language,
    )
    tx.execute(update(_table).where(*theirs).values(language=language, stale_at=now))


def claim(tx: Tx, platform: str, busy: Iterable[str], now: datetime, most: int) -> list[Posted]:
    """Stale copies outside the busy places, one a place, whose time to be drawn has come.

    They stay marked until ``drawn``, so that a crash in between loses no change.
    """

    taken = set(busy)
    if most <= 0:
        return []
    locking = tx.get_bind().dialect.name == "postgresql"
    asked = {"platform": platform, "now": now, "most": 4 * (most + len(taken))}
    rows: list[Posted] = []
    for row in tx.execute(_CLAIM_LOCKED if locking else _CLAIM, asked).scalars():
        if row.place not in taken:
            taken.add(row.place)
            rows.append(row)
    for row in rows:
        row.redraw_at = drawn_next(now, row.board_viewer)
    return rows


def drawn_next(now: datetime, viewer: int | None) -> datetime:
    """When a board that is drawn now may be drawn again."""
    return now + (BETWEEN_DRAWINGS if viewer is None else BETWEEN_OWN_DRAWINGS)


def drawn(tx: Tx, claimed: Posted, actions: Sequence[str], labels: Sequence[str]) -> None:
    """Record the buttons that a copy has now; what changed since ``claim`` keeps its mark."""
    now_shown = {"actions": list(actions), "labels": list(labels), "unpinned": claimed.unpin}
    tx.connection().execute(
        _DRAWN, {"copy": claimed.id, "claimed_at": claimed.stale_at, **now_shown}
    )


def unpin(tx: Tx, kind: str, id: int) -> None:
    """What these copies show is over: they are unpinned when they are drawn next."""
    tx.execute(
        update(_table)
        .where(
            _table.c.board_kind == kind,
            _table.c.board_id == id,
            _table.c.gone.is_(False),
        )
        .values(unpin=True)
    )


def again(tx: Tx, id: int, at: datetime, now: datetime) -> None:
    """A redrawing failed before it was done: try again at ``at``, unless it is gone meanwhile."""
    left = _table.c.id == id, _table.c.gone.is_(False)
    tx.execute(update(_table).where(*left).values(stale_at=now, redraw_at=at))


def gone(tx: Tx, id: int) -> None:
    """The copy cannot be edited any more (deleted, chat lost)."""
    tx.execute(update(_table).where(_table.c.id == id).values(gone=True, stale_at=None))


def close_place(tx: Tx, platform: str, place: str) -> None:
    """Others read here from now on: what is one person's is not drawn here any more."""
    personal = _table.c.board_viewer.is_not(None) | _table.c.person_id.is_not(None)
    here = _table.c.platform == platform, _table.c.place == place
    tx.execute(update(_table).where(*here, personal).values(gone=True, stale_at=None))


def next_redraw(tx: Tx, platform: str) -> datetime | None:
    """When the next stale copy may be drawn; in the past means now."""
    row = tx.execute(_NEXT, {"platform": platform}).first()
    return None if row is None else row[0] or row[1]


def at_message(tx: Tx, platform: str, place: str, message: str) -> Posted | None:
    """The card that a message is."""
    return tx.execute(
        select(Posted).where(
            _table.c.platform == platform, _table.c.place == place, _table.c.message == message
        )
    ).scalar_one_or_none()


def latest(tx: Tx, platform: str, place: str) -> Posted | None:
    """The newest card with buttons in a place: the one that a bare number answers."""
    sqlite_here = tx.get_bind().dialect.name == "sqlite"
    length = func.json_array_length if sqlite_here else func.jsonb_array_length
    return tx.execute(
        select(Posted)
        .where(
            _table.c.platform == platform,
            _table.c.place == place,
            _table.c.gone.is_(False),
            length(_table.c.actions) > 0,
        )
        .order_by(_table.c.id.desc())
        .limit(1)
    ).scalar_one_or_none()


def supersede(tx: Tx, newest: Posted) -> None:
    """Only the newest copy of a personal board in a place is drawn anew and answered."""
    tx.execute(
        update(_table)
        .where(
            _table.c.platform == newest.platform,
            _table.c.place == newest.place,
            _table.c.board_kind == newest.board_kind,
            _table.c.board_id == newest.board_id,
            _table.c.board_viewer == newest.board_viewer,
            _table.c.message != newest.message,
        )
        .values(gone=True, stale_at=None)
    )


def abandon(tx: Tx, platform: str, place: str) -> None:
    """The cards of a place cannot be changed any more: their messages belong to another one."""
    tx.execute(
        update(_table)
        .where(_table.c.platform == platform, _table.c.place == place)
        .values(gone=True, stale_at=None)
    )
