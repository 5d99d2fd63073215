"""Who there is, over all municipalities: for the demo's choice of people and for ``init``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from storage.db import Tx
from storage.models import Account, Body, Institution, Membership, Municipality, Person

_account: Any = Account.__table__  # type: ignore[attr-defined]
_membership: Any = Membership.__table__  # type: ignore[attr-defined]
_body: Any = Body.__table__  # type: ignore[attr-defined]
_person: Any = Person.__table__  # type: ignore[attr-defined]
_institution: Any = Institution.__table__  # type: ignore[attr-defined]
_town: Any = Municipality.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Listed:
    """A person with their town, institution and the bodies they belong to (kind to role)."""

    id: int
    municipality_id: int
    town: str
    key: str
    name: Mapping[str, str]
    institution: Mapping[str, str]
    language: str
    bodies: Mapping[str, str]


def roster(tx: Tx, today: date) -> list[Listed]:
    """Everybody, in the order in which they were written."""
    bodies: dict[int, dict[str, str]] = defaultdict(dict)
    for person, kind, role in tx.execute(
        select(_membership.c.person_id, _body.c.kind, _membership.c.role)
        .join(_body, _body.c.id == _membership.c.body_id)
        .where(
            (_membership.c.start_date.is_(None)) | (_membership.c.start_date <= today),
            (_membership.c.end_date.is_(None)) | (_membership.c.end_date >= today),
        )
    ):
        bodies[person][kind] = role
    rows = tx.execute(
        select(
            _person.c.id,
            _person.c.municipality_id,
            _town.c.slug,
            _person.c.key,
            _person.c.name,
            _institution.c.name,
            _person.c.language,
        )
        .join(_town, _town.c.id == _person.c.municipality_id)
        .outerjoin(_institution, _institution.c.id == _person.c.institution_id)
        .order_by(_person.c.id)
    )
    return [
        Listed(id, town, slug, key, name, institution or {}, language, bodies[id])
        for id, town, slug, key, name, institution, language in rows
    ]


def towns(tx: Tx) -> list[Municipality]:
    """All municipalities."""
    return list(tx.execute(select(Municipality).order_by(_town.c.id)).scalars())


def has_account(tx: Tx, person_id: int) -> bool:
    """Whether a person has linked an account already."""
    found = select(_account.c.id).where(_account.c.person_id == person_id).limit(1)
    return tx.execute(found).first() is not None
