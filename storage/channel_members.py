"""Which accounts are in a channel, and who of the municipality is behind them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from storage.db import Tx
from storage.models import Account, Body, Channel, ChannelMember, Membership, Person

INSIDE = ("joined", "invited")

_account: Any = Account.__table__  # type: ignore[attr-defined]
_body: Any = Body.__table__  # type: ignore[attr-defined]
_channel: Any = Channel.__table__  # type: ignore[attr-defined]
_member: Any = ChannelMember.__table__  # type: ignore[attr-defined]
_membership: Any = Membership.__table__  # type: ignore[attr-defined]
_person: Any = Person.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Standing:
    """A person of the municipality: today's bodies (kind to role), accounts on a platform."""

    person: Person
    bodies: dict[str, str]
    accounts: list[Account]


def people_of(tx: Tx, municipality_id: int, platform: str, today: date) -> list[Standing]:
    """Everybody the municipality knows; of their accounts the one that was used last first."""
    bodies: dict[int, dict[str, str]] = defaultdict(dict)
    for person_id, kind, role in tx.execute(
        select(_membership.c.person_id, _body.c.kind, _membership.c.role)
        .join(_body, _body.c.id == _membership.c.body_id)
        .where(
            _membership.c.municipality_id == municipality_id,
            (_membership.c.start_date.is_(None)) | (_membership.c.start_date <= today),
            (_membership.c.end_date.is_(None)) | (_membership.c.end_date >= today),
        )
    ):
        bodies[person_id][kind] = role
    accounts: dict[int, list[Account]] = defaultdict(list)
    for account in tx.execute(
        select(Account)
        .where(_account.c.municipality_id == municipality_id, _account.c.platform == platform)
        .order_by(_account.c.used_at.desc(), _account.c.id.desc())
    ).scalars():
        accounts[account.person_id].append(account)
    rows = tx.execute(
        select(Person).where(_person.c.municipality_id == municipality_id).order_by(_person.c.id)
    ).scalars()
    return [Standing(p, bodies[p.id], accounts[p.id]) for p in rows]


def next_change(tx: Tx, municipality_id: int, today: date) -> date | None:
    """The first day after today on which somebody belongs who did not, or no longer does."""
    days = [
        tx.execute(
            select(func.min(column)).where(
                _membership.c.municipality_id == municipality_id, column >= after
            )
        ).scalar_one_or_none()
        for column, after in (
            (_membership.c.start_date, today + timedelta(days=1)),
            (_membership.c.end_date, today),
        )
    ]
    starts, ends = days
    after_end = ends + timedelta(days=1) if ends is not None else None
    return min((day for day in (starts, after_end) if day is not None), default=None)


# --- who is there --------------------------------------------------------------------------


def of_channel(tx: Tx, channel_id: int) -> list[ChannelMember]:
    """Everybody who is there, on the way in or out, or was and left."""
    return list(
        tx.execute(
            select(ChannelMember).where(_member.c.channel_id == channel_id).order_by(_member.c.id)
        ).scalars()
    )


def get(tx: Tx, member_id: int, municipality_id: int) -> ChannelMember | None:
    """A row of this municipality; another's is as good as none."""
    return tx.execute(
        select(ChannelMember).where(
            _member.c.id == member_id, _member.c.municipality_id == municipality_id
        )
    ).scalar_one_or_none()


def there(tx: Tx, channel: Channel, account: str) -> ChannelMember | None:
    """What is known of an account in a channel."""
    return tx.execute(
        select(ChannelMember).where(
            _member.c.channel_id == channel.id, _member.c.account == account
        )
    ).scalar_one_or_none()


def seen(
    tx: Tx,
    channel: Channel,
    account: str,
    state: str,
    now: datetime,
    *,
    name: str | None = None,
    belonged: bool = False,
) -> ChannelMember:
    """An account is in this state from now on. ``name``: of somebody nobody knows here."""
    row = there(tx, channel, account)
    if row is None:
        row = ChannelMember(
            municipality_id=channel.municipality_id,
            channel_id=channel.id,
            account=account,
            state=state,
            since=now,
        )
        tx.add(row)
    elif row.state != state:
        # Whoever was let in is let be; whoever goes is asked about anew.
        row.let_be = row.let_be and state in INSIDE
        row.state, row.since, row.told_at = state, now, None
    row.belonged = row.belonged or belonged
    row.name = (name or "")[:80] or None
    tx.flush()
    return row


def gone(tx: Tx, row: ChannelMember) -> None:
    """The account is not there, and need not be."""
    tx.delete(row)
    tx.flush()


def cut_off(tx: Tx, account: Account) -> None:
    """The account is nobody's from now on: whatever channel it is in, it belonged there once."""
    mine = select(_channel.c.id).where(
        _channel.c.platform == account.platform,
        _channel.c.municipality_id == account.municipality_id,
    )
    tx.execute(
        update(_member)
        .where(_member.c.account == account.external_id, _member.c.channel_id.in_(mine))
        .values(belonged=True, let_be=False, told_at=None, name=None)
    )


def channels_with(tx: Tx, person_id: int) -> list[Channel]:
    """The channels that one of the person's accounts is in, or invited to."""
    return list(
        tx.execute(
            select(Channel)
            .distinct()
            .join(_member, _member.c.channel_id == _channel.c.id)
            .join(
                _account,
                (_account.c.external_id == _member.c.account)
                & (_account.c.platform == _channel.c.platform)
                & (_account.c.municipality_id == _channel.c.municipality_id),
            )
            .where(
                _account.c.person_id == person_id,
                _channel.c.lost_at.is_(None),
                _member.c.state.in_(INSIDE),
            )
            .order_by(_channel.c.id)
        ).scalars()
    )
