"""What an adapter must remember between two runs: a sync token, which rooms are direct chats."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.db import Tx
from storage.models import PlatformState

_table: Any = PlatformState.__table__  # type: ignore[attr-defined]


def get(tx: Tx, platform: str, name: str) -> str | None:
    """What is remembered under this name."""
    return tx.execute(
        select(_table.c.value).where(_table.c.platform == platform, _table.c.name == name)
    ).scalar_one_or_none()


def under(tx: Tx, platform: str, prefix: str) -> dict[str, str]:
    """Everything whose name begins with ``prefix``, by the rest of the name."""
    rows = tx.execute(
        select(_table.c.name, _table.c.value).where(
            _table.c.platform == platform, _table.c.name.startswith(prefix, autoescape=True)
        )
    )
    return {name.removeprefix(prefix): value for name, value in rows}


def put(tx: Tx, platform: str, name: str, value: str) -> None:
    """Remember it, in place of what was there."""
    insert = sqlite.insert if tx.get_bind().dialect.name == "sqlite" else postgresql.insert
    tx.execute(
        insert(_table)
        .values(platform=platform, name=name, value=value)
        .on_conflict_do_update(index_elements=["platform", "name"], set_={"value": value})
    )


def drop(tx: Tx, platform: str, name: str) -> None:
    """Forget it."""
    tx.execute(delete(_table).where(_table.c.platform == platform, _table.c.name == name))
