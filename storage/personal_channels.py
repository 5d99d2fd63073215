"""What is kept of a person's being in channels."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, false, or_, select

from storage import channel_members
from storage.db import Tx
from storage.models import Channel, ChannelMember
from storage.traces import Kept, Row, Traces

_channel: Any = Channel.__table__  # type: ignore[attr-defined]
_member: Any = ChannelMember.__table__  # type: ignore[attr-defined]


def _mine(whose: Traces) -> Any:
    found = [
        and_(_channel.c.platform == a.platform, _member.c.account == a.external_id)
        for a in whose.accounts
    ]
    return and_(_member.c.municipality_id == whose.person.municipality_id, or_(*found, false()))


def _rows(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(
        select(
            _channel.c.title,
            _channel.c.platform,
            _member.c.account,
            _member.c.state,
            _member.c.since,
        )
        .join(_channel, _channel.c.id == _member.c.channel_id)
        .where(_mine(whose))
        .order_by(_member.c.id)
    )
    return [
        {"channel": title, "platform": platform, "account": account, "in_channel": state,
         "since": since}
        for title, platform, account, state, since in rows
    ]  # fmt: skip


def _forget(tx: Tx, whose: Traces, now: datetime) -> None:
    """Whoever is inside is removed next, and their row goes with that; the others' goes now."""
    for account in whose.accounts:
        channel_members.cut_off(tx, account)
    outside = (
        select(_member.c.id)
        .join(_channel, _channel.c.id == _member.c.channel_id)
        .where(_mine(whose), _member.c.state.in_(("left", "failed", "asked")))
    )
    tx.execute(delete(_member).where(_member.c.id.in_(outside)))


KEPT = (
    Kept(
        "channel_member",
        "privacy.of_channels",
        _rows,
        _forget,
        note="privacy.note_channels",
        stays="privacy.stays_in_channels",
    ),
)
