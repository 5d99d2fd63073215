"""Sessions of the web chat: begun with an invitation, bound to a device, ended at any time."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, select, update

from storage import tenancy
from storage.db import Tx
from storage.models import Account, WebSession

PLATFORM = "web"

PREFIX = "w-"
"""What accounts of devices begin with: no channel, and nobody of the demo."""

TOUCHED = timedelta(hours=1)
"""A session's use is written at most this often."""

_session: Any = WebSession.__table__  # type: ignore[attr-defined]
_account: Any = Account.__table__  # type: ignore[attr-defined]


def new_account() -> str:
    """An account id that nobody can guess."""
    return PREFIX + secrets.token_urlsafe(16)


def begin(tx: Tx, account: Account, now: datetime, lasts: timedelta) -> str:
    """Bind a device to an account; returns the cookie, of which only the hash is kept."""
    cookie = secrets.token_urlsafe(32)
    tx.add(
        WebSession(
            municipality_id=account.municipality_id,
            person_id=account.person_id,
            account=account.external_id,
            cookie_hash=_hash(cookie),
            created_at=now,
            used_at=now,
            expires_at=now + lasts,
        )
    )
    tx.flush()
    return cookie


def behind(tx: Tx, cookie: str, now: datetime) -> WebSession | None:
    """The session of a cookie, if it has not expired."""
    return tx.execute(
        select(WebSession).where(
            _session.c.cookie_hash == _hash(cookie), _session.c.expires_at > now
        )
    ).scalar_one_or_none()


def wants_touch(session: WebSession, now: datetime) -> bool:
    """Whether the last use that is written down is long ago."""
    return now - session.used_at >= TOUCHED


def touch(tx: Tx, cookie: str, now: datetime, lasts: timedelta) -> None:
    """The device was used: its session lasts from now on."""
    session = behind(tx, cookie, now)
    if session is not None:
        session.used_at, session.expires_at = now, now + lasts


def end(tx: Tx, cookie: str) -> None:
    """Forget a device."""
    tx.execute(delete(WebSession).where(_session.c.cookie_hash == _hash(cookie)))


def end_of_account(tx: Tx, account: Account) -> None:
    """An account is being unlinked: its devices stay with its other municipality, or end."""
    with tenancy.across(tx):
        other = tx.execute(
            select(Account)
            .where(
                _account.c.platform == PLATFORM,
                _account.c.external_id == account.external_id,
                _account.c.id != account.id,
            )
            .order_by(_account.c.id)
            .limit(1)
        ).scalar_one_or_none()
        if other is None:
            tx.execute(delete(WebSession).where(_session.c.account == account.external_id))
            return
        tx.execute(
            update(WebSession)
            .where(
                _session.c.account == account.external_id,
                _session.c.municipality_id == account.municipality_id,
            )
            .values(municipality_id=other.municipality_id, person_id=other.person_id)
        )


def resumable(tx: Tx, person_id: int, now: datetime) -> Account | None:
    """The person's web account that no device uses any more.

    Never one that serves another municipality too: its coordination did not renew anything.
    """
    other = _account.alias()
    live = exists().where(_session.c.account == _account.c.external_id, _session.c.expires_at > now)
    elsewhere = exists().where(
        other.c.platform == PLATFORM,
        other.c.external_id == _account.c.external_id,
        other.c.id != _account.c.id,
    )
    return tx.execute(
        select(Account)
        .where(
            _account.c.person_id == person_id,
            _account.c.platform == PLATFORM,
            _account.c.external_id.startswith(PREFIX),
            ~live,
            ~elsewhere,
        )
        .order_by(_account.c.used_at.desc())
        .limit(1)
    ).scalar_one_or_none()


def forget(tx: Tx, now: datetime) -> int:
    """Drop expired sessions; returns how many."""
    gone = tx.execute(delete(WebSession).where(_session.c.expires_at <= now))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _hash(cookie: str) -> str:
    return hashlib.sha256(f"web session:{cookie}".encode()).hexdigest()
