"""Accounts of a person, and taking one away with all that it could still reach."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from storage import channel_members, web_access, webchat
from storage.db import Tx
from storage.models import (
    Account,
    Dialog,
    Outbox,
    Poll,
    Posted,
    RollPerson,
    RollSeat,
    WebMessage,
)
from storage.personal_chats import drop_deliveries

_account: Any = Account.__table__  # type: ignore[attr-defined]
_dialog: Any = Dialog.__table__  # type: ignore[attr-defined]
_outbox: Any = Outbox.__table__  # type: ignore[attr-defined]
_posted: Any = Posted.__table__  # type: ignore[attr-defined]
_message: Any = WebMessage.__table__  # type: ignore[attr-defined]
_poll: Any = Poll.__table__  # type: ignore[attr-defined]
_entry: Any = RollPerson.__table__  # type: ignore[attr-defined]
_roll: Any = RollSeat.__table__  # type: ignore[attr-defined]


def accounts_of(tx: Tx, person_id: int) -> list[Account]:
    """A person's accounts, in the order of linking."""
    return list(
        tx.execute(
            select(Account).where(_account.c.person_id == person_id).order_by(_account.c.id)
        ).scalars()
    )


def account(tx: Tx, account_id: int, municipality_id: int) -> Account | None:
    """An account of this municipality; another's is as good as none."""
    return tx.execute(
        select(Account).where(
            _account.c.id == account_id, _account.c.municipality_id == municipality_id
        )
    ).scalar_one_or_none()


def unlink(tx: Tx, gone: Account) -> None:
    """From now on the account is a stranger's: devices, dialogs, cards and mail of it end."""
    town = gone.municipality_id
    if gone.platform == web_access.PLATFORM:
        web_access.end_of_account(tx, gone)
    tx.execute(
        delete(Dialog).where(
            _dialog.c.platform == gone.platform,
            _dialog.c.account == gone.external_id,
            _dialog.c.municipality_id == town,
        )
    )
    if gone.direct is not None:
        _clear(tx, gone.platform, gone.direct, town)
    channel_members.cut_off(tx, gone)
    tx.delete(gone)
    tx.flush()


def _clear(tx: Tx, platform: str, direct: str, town: int) -> None:
    """What stands in the direct chat answers nobody; what is under way to it does not arrive."""
    tx.execute(
        update(_posted)
        .where(
            _posted.c.platform == platform,
            _posted.c.place == direct,
            _posted.c.municipality_id == town,
        )
        .values(gone=True, stale_at=None, actions=[], labels=[])
    )
    drop_deliveries(
        tx,
        _outbox.c.platform == platform,
        _outbox.c.place == direct,
        _outbox.c.municipality_id == town,
        _outbox.c.state == "queued",
    )
    if platform == web_access.PLATFORM:
        # Nobody else keeps this conversation, and nobody can come back to it.
        webchat.drop(tx, _message.c.place == direct, _message.c.municipality_id == town)


def voted_while_linked(tx: Tx, person_id: int, since: datetime) -> list[tuple[Poll, int]]:
    """Polls of that time with a ballot that this person's position cast, and seats that voted.

    When a ballot was cast is not kept: the poll only has to have been open at some time since.
    """
    turnout = (
        select(func.count(_roll.c.voted_as))
        .where(_roll.c.poll_id == _poll.c.id)
        .correlate(_poll)
        .scalar_subquery()
    )
    mine = (
        select(_entry.c.poll_id)
        .join(
            _roll,
            (_roll.c.poll_id == _entry.c.poll_id)
            & (_roll.c.seat_id == _entry.c.seat_id)
            & (_roll.c.voted_as == _entry.c.position),
        )
        .where(_entry.c.person_id == person_id)
    )
    rows = tx.execute(
        select(Poll, turnout)
        .where(
            _poll.c.id.in_(mine),
            (_poll.c.closed_at.is_(None)) | (_poll.c.closed_at >= since),
        )
        .order_by(_poll.c.id)
    )
    return [(poll, int(voted)) for poll, voted in rows]
