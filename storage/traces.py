"""What a table keeps of a person: what it is called, how it is shown, how it is forgotten.

A feature that keeps something of people describes each of its tables by a ``Kept`` and adds it
to ``storage.personal_data``; a test demands it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, false, or_, select

from storage import tenancy
from storage.db import Tx
from storage.models import Account, Person

Row = dict[str, Any]
"""Field name to value. Words of the town's own are ``{"de": …}``, times are aware, the rest JSON.
Field names are those of ``handlers.privacy.documents.FIELDS``."""

_account: Any = Account.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Traces:
    """A person with what leads to them, read before anything is forgotten."""

    person: Person
    accounts: tuple[Account, ...]
    elsewhere: frozenset[int]
    """Ids of those accounts that serve somebody in another municipality too."""

    def directs(self, table: Any) -> Any:
        """The rows of a table with ``platform``, ``place`` in the person's direct chats.

        Of a chat that serves another municipality too, only this one's rows.
        """
        return _any(
            (table.c.platform == a.platform) & (table.c.place == a.direct) & self._mine(a, table)
            for a in self.accounts
            if a.direct is not None
        )

    def by_account(self, table: Any, column: str = "external_id") -> Any:
        """The rows of a table with ``platform`` and the account's own id in a column."""
        return _any(
            (table.c.platform == a.platform)
            & (table.c[column] == a.external_id)
            & self._mine(a, table)
            for a in self.accounts
        )

    def _mine(self, account: Account, table: Any) -> Any:
        if account.id not in self.elsewhere:
            return table.c.platform.is_not(None)
        if "municipality_id" not in table.c:
            return false()
        return table.c.municipality_id == self.person.municipality_id


def _any(conditions: Any) -> Any:
    found = list(conditions)
    return or_(*found) if found else false()


def traces(tx: Tx, person: Person) -> Traces:
    """Everything by which a person's rows are found."""
    accounts = tuple(
        tx.execute(
            select(Account).where(_account.c.person_id == person.id).order_by(_account.c.id)
        ).scalars()
    )
    other = _account.alias()
    shared = (
        select(_account.c.id)
        .join(
            other,
            and_(
                other.c.platform == _account.c.platform,
                other.c.external_id == _account.c.external_id,
                other.c.municipality_id != _account.c.municipality_id,
            ),
        )
        .where(_account.c.person_id == person.id)
    )
    with tenancy.across(tx):
        elsewhere = frozenset(tx.execute(shared).scalars())
    return Traces(person, accounts, elsewhere)


def nothing(tx: Tx, whose: Traces, now: datetime) -> None:
    """Forget nothing here: it goes with another table, or ``stays`` says why it remains."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One table's part of what is known of a person."""

    table: str
    words: str
    """Message id: what it is, as the heading of the person's own file."""
    export: Callable[[Tx, Traces], list[Row]]
    forget: Callable[[Tx, Traces, datetime], None]
    """Erase or anonymise it, in the transaction that erases the person."""
    note: str | None = None
    """Message id: what the reader of the file should know about it."""
    stays: str | None = None
    """Message id: what of it remains after ``forget``, and why; the warning shows it."""
