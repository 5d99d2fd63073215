"""Personal one-time codes: made, redeemed once, and guarded against guessing."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage import tenancy
from storage.db import Tx
from storage.models import CodeTrial, Invitation, Person

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without letters and digits that look alike (I L O 0 1)."""

MOST_WRONG = 5
PAUSE = timedelta(minutes=15)
"""After so many wrong codes an account has to wait this long."""

_invitation: Any = Invitation.__table__  # type: ignore[attr-defined]
_person: Any = Person.__table__  # type: ignore[attr-defined]
_trial: Any = CodeTrial.__table__  # type: ignore[attr-defined]


def create(tx: Tx, person_id: int, municipality_id: int, now: datetime, days: int = 14) -> str:
    """Make a code for a person, such as ``ABCD-EFGH-JKMN``; it replaces their unused ones."""
    revoke(tx, person_id, now)
    letters = [secrets.choice(ALPHABET) for _ in range(12)]
    code = "-".join("".join(letters[at : at + 4]) for at in (0, 4, 8))
    tx.add(
        Invitation(
            municipality_id=municipality_id,
            person_id=person_id,
            code_hash=_hash(code),
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    tx.flush()
    return code


def revoke(tx: Tx, person_id: int, now: datetime) -> None:
    """Unused codes of a person stop working."""
    tx.execute(
        update(_invitation)
        .where(
            _invitation.c.person_id == person_id,
            _invitation.c.used_at.is_(None),
            _invitation.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def valid(tx: Tx, code: str, now: datetime) -> Invitation | None:
    """The invitation that a code stands for, unused; ``None`` for any other code."""
    with tenancy.across(tx):
        return tx.execute(select(Invitation).where(*_usable(code, now))).scalar_one_or_none()


def redeem(tx: Tx, code: str, now: datetime) -> Invitation | None:
    """Use a code up; ``None`` if it is unknown, used, revoked or expired.

    One statement decides, so that of two who try at once only one gets it.
    """
    statement = (
        update(Invitation)
        .where(*_usable(code, now))
        .values(used_at=now)
        .returning(Invitation)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    with tenancy.across(tx):
        return tx.execute(statement).scalar_one_or_none()


def used_by(tx: Tx, code: str) -> int | None:
    """Whose invitation this was, if it was used."""
    return tx.execute(
        select(_invitation.c.person_id).where(
            _invitation.c.code_hash == _hash(code), _invitation.c.used_at.is_not(None)
        )
    ).scalar_one_or_none()


def is_known(tx: Tx, code: str) -> bool:
    """Whether the code was ever given out: a link that was used or has expired is no guess."""
    found = select(_invitation.c.id).where(_invitation.c.code_hash == _hash(code))
    with tenancy.across(tx):
        return tx.execute(found).first() is not None


def unused(
    tx: Tx, municipality_id: int, now: datetime, *, since: datetime | None = None
) -> list[tuple[Invitation, Person]]:
    """Invitations that nobody used, with their people; the next to expire first.

    Those that are valid now; with ``since`` also those that expired after it.
    """
    rows = tx.execute(
        select(Invitation, Person)
        .join(_person, _person.c.id == _invitation.c.person_id)
        .where(
            _invitation.c.municipality_id == municipality_id,
            _invitation.c.used_at.is_(None),
            _invitation.c.revoked_at.is_(None),
            _invitation.c.expires_at > (now if since is None else since),
        )
        .order_by(_invitation.c.expires_at, _person.c.key)
    )
    return [(invitation, person) for invitation, person in rows]


def waiting(tx: Tx, person_id: int, now: datetime) -> Invitation | None:
    """The invitation that a person has not used yet."""
    return tx.execute(
        select(Invitation).where(
            _invitation.c.person_id == person_id,
            _invitation.c.used_at.is_(None),
            _invitation.c.revoked_at.is_(None),
            _invitation.c.expires_at > now,
        )
    ).scalar_one_or_none()


def _usable(code: str, now: datetime) -> tuple[Any, ...]:
    return (
        _invitation.c.code_hash == _hash(code),
        _invitation.c.used_at.is_(None),
        _invitation.c.revoked_at.is_(None),
        _invitation.c.expires_at > now,
    )


def _hash(code: str) -> str:
    return hashlib.sha256(f"invitation:{meant(code)}".encode()).hexdigest()


def meant(code: str) -> str:
    """The code without what people type around it: capitals and digits only, at most 24."""
    return re.sub(r"[^A-Z0-9]", "", code.upper())[:24]


# --- guessing ------------------------------------------------------------------------------


def paused_until(tx: Tx, platform: str, external_id: str, now: datetime) -> datetime | None:
    """When this account may try a code again, if it has to wait."""
    row = tx.execute(
        select(_trial.c.last_at).where(
            _trial.c.platform == platform,
            _trial.c.external_id == external_id,
            _trial.c.wrong >= MOST_WRONG,
            _trial.c.last_at > now - PAUSE,
        )
    ).first()
    return None if row is None else row[0] + PAUSE


def wrong_code(tx: Tx, platform: str, external_id: str, now: datetime) -> int:
    """Count a wrong code; returns how many there were of late. Older counts are forgotten."""
    tx.execute(delete(_trial).where(_trial.c.last_at <= now - PAUSE))
    upsert = sqlite.insert if tx.get_bind().dialect.name == "sqlite" else postgresql.insert
    counted = tx.execute(
        upsert(_trial)
        .values(platform=platform, external_id=external_id, wrong=1, last_at=now)
        .on_conflict_do_update(
            index_elements=["platform", "external_id"],
            set_={"wrong": _trial.c.wrong + 1, "last_at": now},
        )
        .returning(_trial.c.wrong)
    )
    return int(counted.scalar_one())


def right_code(tx: Tx, platform: str, external_id: str) -> None:
    """Forget the wrong codes of an account."""
    tx.execute(
        delete(_trial).where(_trial.c.platform == platform, _trial.c.external_id == external_id)
    )
