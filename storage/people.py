"""Questions about people: who is behind an account, with which role, and where to reach them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, select, update

from storage import tenancy
from storage.db import Tx
from storage.models import Account, Body, Channel, Membership, Municipality, Person

_account: Any = Account.__table__  # type: ignore[attr-defined]
_membership: Any = Membership.__table__  # type: ignore[attr-defined]
_body: Any = Body.__table__  # type: ignore[attr-defined]
_person: Any = Person.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Known:
    """An account's person in one municipality."""

    account: Account
    person: Person
    municipality: Municipality
    several: bool = False
    """Whether the account serves somebody in another municipality too."""


# What every event asks is built once: building a statement takes longer than the database needs.
_BEHIND = (
    select(Account, Person, Municipality)
    .join(Person, Person.id == Account.person_id)  # type: ignore[arg-type]
    .join(Municipality, Municipality.id == Account.municipality_id)  # type: ignore[arg-type]
    .where(
        _account.c.platform == bindparam("platform"),
        _account.c.external_id == bindparam("account"),
    )
    .order_by(_account.c.used_at.desc(), _account.c.id.desc())
    .limit(2)
)
_BEHIND_IN_TOWN = _BEHIND.where(_account.c.municipality_id == bindparam("town"))
_BODIES = (
    select(_body.c.kind, _membership.c.role)
    .join(_body, _body.c.id == _membership.c.body_id)
    .where(
        _membership.c.person_id == bindparam("person"),
        (_membership.c.start_date.is_(None)) | (_membership.c.start_date <= bindparam("today")),
        (_membership.c.end_date.is_(None)) | (_membership.c.end_date >= bindparam("today")),
    )
)


def behind(tx: Tx, platform: str, external_id: str, municipality_id: int | None) -> Known | None:
    """The person behind an account: in the given municipality, or in the one used last."""
    asked = {"platform": platform, "account": external_id, "town": municipality_id}
    statement = _BEHIND if municipality_id is None else _BEHIND_IN_TOWN
    with tenancy.across(tx):
        rows = tx.execute(statement, asked).all()
    if not rows:
        return None
    account, person, municipality = rows[0]
    return Known(account, person, municipality, several=len(rows) > 1)


def bodies_of(tx: Tx, person_id: int, today: date) -> dict[str, str]:
    """The bodies a person belongs to today: kind of body to role in it."""
    rows = tx.execute(_BODIES, {"person": person_id, "today": today})
    return {row.kind: row.role for row in rows}


def reachable(tx: Tx, person_id: int, prefer: str | None = None) -> Account | None:
    """The account with a direct chat that the person used last (on ``prefer``, if there)."""
    return tx.execute(
        select(Account)
        .where(
            _account.c.person_id == person_id,
            _account.c.direct.is_not(None),
            _account.c.reachable.is_(True),
        )
        .order_by(
            (_account.c.platform == prefer).desc(),
            _account.c.used_at.desc(),
            _account.c.id.desc(),
        )
        .limit(1)
    ).scalar_one_or_none()


def directs(tx: Tx, person_ids: Collection[int], platform: str) -> list[str]:
    """The direct chats of these people on a platform."""
    rows = tx.execute(
        select(_account.c.direct)
        .where(
            _account.c.platform == platform,
            _account.c.person_id.in_(sorted(person_ids)),
            _account.c.direct.is_not(None),
        )
        .distinct()
    )
    return [row[0] for row in rows]


def seen_in_direct(tx: Tx, account: Account, direct: str, now: datetime) -> None:
    """Remember the direct chat that an account used, and that it can be reached there."""
    if account.direct != direct or not account.reachable:
        account.direct, account.reachable = direct, True
        account.used_at = now
    elif (now - account.used_at).total_seconds() > 60:
        # Writing it at every press would double the work of a vote.
        account.used_at = now


def unreachable(tx: Tx, platform: str, direct: str) -> None:
    """The platform said that the person blocked or left the bot."""
    with tenancy.across(tx):
        tx.execute(
            update(_account)
            .where(_account.c.platform == platform, _account.c.direct == direct)
            .values(reachable=False)
        )


def channel_at(tx: Tx, platform: str, external_id: str) -> Channel | None:
    """The bound channel at a place."""
    channel: Any = Channel.__table__  # type: ignore[attr-defined]
    here = channel.c.platform == platform, channel.c.external_id == external_id
    with tenancy.across(tx):
        return tx.execute(select(Channel).where(*here)).scalar_one_or_none()


# --- linking accounts ----------------------------------------------------------------------


def linked(tx: Tx, platform: str, external_id: str, municipality_id: int) -> Account | None:
    """The account in a municipality, if it serves somebody there."""
    theirs = (
        _account.c.platform == platform,
        _account.c.external_id == external_id,
        _account.c.municipality_id == municipality_id,
    )
    with tenancy.across(tx):
        return tx.execute(select(Account).where(*theirs)).scalar_one_or_none()


def accounts_behind(tx: Tx, platform: str, external_id: str) -> list[tuple[Account, Municipality]]:
    """What an account is linked to, in the order of linking: one person a municipality."""
    question = (
        select(Account, Municipality)
        .join(Municipality, Municipality.id == Account.municipality_id)  # type: ignore[arg-type]
        .where(_account.c.platform == platform, _account.c.external_id == external_id)
        .order_by(_account.c.id)
    )
    with tenancy.across(tx):
        return [(account, municipality) for account, municipality in tx.execute(question)]


def link(
    tx: Tx, person: Person, platform: str, external_id: str, direct: str, now: datetime
) -> Account:
    """Make an account serve a person, and remember its direct chat."""
    account = Account(
        municipality_id=person.municipality_id,
        person_id=person.id,
        platform=platform,
        external_id=external_id,
        direct=direct,
        linked_at=now,
        used_at=now,
    )
    tx.add(account)
    tx.flush()
    return account


def use(tx: Tx, chosen: Account, now: datetime) -> None:
    """From now on the account acts in this municipality, when it serves people in several."""
    with tenancy.across(tx):
        tx.execute(
            update(_account)
            .where(
                _account.c.platform == chosen.platform,
                _account.c.external_id == chosen.external_id,
                _account.c.id != chosen.id,
                _account.c.used_at >= now,
            )
            .values(used_at=now - timedelta(seconds=1))
        )
        chosen.used_at = now


def town(tx: Tx, municipality_id: int) -> Municipality:
    """A municipality that is known to exist."""
    found: Municipality = tx.execute(
        select(Municipality).where(Municipality.id == municipality_id)  # type: ignore[arg-type]
    ).scalar_one()
    return found


# --- lists ---------------------------------------------------------------------------------


def members(tx: Tx, municipality_id: int, today: date) -> list[tuple[Person, bool]]:
    """Everybody who belongs to a body today, by key, and whether an account is linked."""
    has_account = exists().where(_account.c.person_id == _person.c.id)
    rows = tx.execute(
        select(Person, has_account)
        .where(_person.c.municipality_id == municipality_id, _belongs(today))
        .order_by(_person.c.key)
    )
    return [(person, bool(known)) for person, known in rows]


def coordination(tx: Tx, municipality_id: int, today: date) -> list[Person]:
    """The people of a municipality's coordination today."""
    return list(
        tx.execute(
            select(Person)
            .where(
                _person.c.municipality_id == municipality_id,
                _belongs(today, _body.c.kind == "coordination"),
            )
            .order_by(_person.c.id)
        ).scalars()
    )


def member(tx: Tx, person_id: int, municipality_id: int) -> Person | None:
    """A person of this municipality; another's is as good as none."""
    return tx.execute(
        select(Person).where(
            _person.c.id == person_id, _person.c.municipality_id == municipality_id
        )
    ).scalar_one_or_none()


def _belongs(today: date, *which: Any) -> Any:
    return exists().where(
        _membership.c.person_id == _person.c.id,
        _membership.c.body_id == _body.c.id,
        (_membership.c.start_date.is_(None)) | (_membership.c.start_date <= today),
        (_membership.c.end_date.is_(None)) | (_membership.c.end_date >= today),
        *which,
    )
