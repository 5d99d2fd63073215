"""Questions about and changes to quick polls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.db import Tx
from storage.models import Channel, NativePoll, QuickPoll, QuickVote

_quick: Any = QuickPoll.__table__  # type: ignore[attr-defined]
_native: Any = NativePoll.__table__  # type: ignore[attr-defined]
_vote: Any = QuickVote.__table__  # type: ignore[attr-defined]
_channel: Any = Channel.__table__  # type: ignore[attr-defined]


def open_(tx: Tx, quick: QuickPoll, channels: list[int]) -> list[NativePoll]:
    """Store a quick poll that is asked in these channels."""
    tx.add(quick)
    tx.flush()
    asked = [
        NativePoll(
            municipality_id=quick.municipality_id, quick_poll_id=quick.id, channel_id=channel
        )
        for channel in channels
    ]
    tx.add_all(asked)
    tx.flush()
    return asked


def get(tx: Tx, quick_id: int, municipality_id: int) -> QuickPoll | None:
    """A quick poll of this municipality; another's is as good as none."""
    return tx.execute(
        select(QuickPoll).where(
            _quick.c.id == quick_id, _quick.c.municipality_id == municipality_id
        )
    ).scalar_one_or_none()


def locked(tx: Tx, quick_id: int) -> QuickPoll | None:
    """A quick poll, locked until the end of the transaction (PostgreSQL)."""
    return tx.execute(
        select(QuickPoll)
        .where(_quick.c.id == quick_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def native(tx: Tx, native_id: int) -> NativePoll | None:
    """One channel's part of a quick poll."""
    return tx.get(NativePoll, native_id)


def natives(tx: Tx, quick_id: int) -> list[tuple[NativePoll, Channel]]:
    """All channels' parts of a quick poll."""
    rows = tx.execute(
        select(NativePoll, Channel)
        .join(_channel, _channel.c.id == _native.c.channel_id)
        .where(_native.c.quick_poll_id == quick_id)
        .order_by(_native.c.id)
    )
    return [(native, channel) for native, channel in rows]


def by_foreign(tx: Tx, platform: str, foreign_id: str) -> tuple[NativePoll, QuickPoll] | None:
    """The quick poll behind a platform's own."""
    row = tx.execute(
        select(NativePoll, QuickPoll)
        .join(_quick, _quick.c.id == _native.c.quick_poll_id)
        .join(_channel, _channel.c.id == _native.c.channel_id)
        .where(_native.c.foreign_id == foreign_id, _channel.c.platform == platform)
    ).first()
    return None if row is None else (row[0], row[1])


def vote(tx: Tx, quick: QuickPoll, person_id: int, option: int, native_id: int | None) -> None:
    """A person's answer in place of the one they gave before, wherever that was."""
    insert = sqlite.insert if tx.get_bind().dialect.name == "sqlite" else postgresql.insert
    changed = {"option": option, "native_poll_id": native_id}
    tx.execute(
        insert(_vote)
        .values(
            quick_poll_id=quick.id,
            person_id=person_id,
            municipality_id=quick.municipality_id,
            **changed,
        )
        .on_conflict_do_update(index_elements=["quick_poll_id", "person_id"], set_=changed)
    )


def take_back(tx: Tx, quick_id: int, person_id: int, native_id: int | None) -> bool:
    """Take an answer back where it was given; a later one from elsewhere stands."""
    where = _vote.c.native_poll_id == native_id if native_id else _vote.c.native_poll_id.is_(None)
    gone = tx.execute(
        delete(_vote).where(
            _vote.c.quick_poll_id == quick_id, _vote.c.person_id == person_id, where
        )
    )
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def chosen_by(tx: Tx, quick_id: int, person_id: int) -> int | None:
    """The position that a person chose."""
    return tx.execute(
        select(_vote.c.option).where(
            _vote.c.quick_poll_id == quick_id, _vote.c.person_id == person_id
        )
    ).scalar_one_or_none()


def counts(tx: Tx, quick: QuickPoll) -> list[int]:
    """How many people chose each option, in the options' order."""
    if quick.counts is not None:
        return list(quick.counts)
    rows = tx.execute(
        select(_vote.c.option, func.count().label("number"))
        .where(_vote.c.quick_poll_id == quick.id)
        .group_by(_vote.c.option)
    )
    found = {row.option: row.number for row in rows}
    return [found.get(position, 0) for position in range(len(quick.options))]


def running(tx: Tx, municipality_id: int) -> list[QuickPoll]:
    """Quick polls that can still be answered, by deadline."""
    return list(
        tx.execute(
            select(QuickPoll)
            .where(_quick.c.municipality_id == municipality_id, _quick.c.closed_at.is_(None))
            .order_by(_quick.c.closes_at, _quick.c.id)
        ).scalars()
    )


def drop_old_votes(tx: Tx, municipality_id: int, closed_before: datetime) -> int:
    """Who chose what in polls closed before then; the counts stay. Returns how many went."""
    over = select(_quick.c.id).where(
        _quick.c.municipality_id == municipality_id, _quick.c.closed_at < closed_before
    )
    gone = tx.execute(delete(_vote).where(_vote.c.quick_poll_id.in_(over)))
    return int(gone.rowcount)  # type: ignore[attr-defined]
