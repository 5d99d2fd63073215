"""Which account saw which version of the privacy notice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from storage.db import Tx
from storage.models import NoticeShown

_table: Any = NoticeShown.__table__  # type: ignore[attr-defined]


def shown(
    tx: Tx, platform: str, external_id: str, municipality_id: int, version: str, now: datetime
) -> None:
    """Record that an account saw a version of a municipality's notice; the first time counts."""
    upsert = sqlite.insert if tx.get_bind().dialect.name == "sqlite" else postgresql.insert
    tx.execute(
        upsert(_table)
        .values(
            platform=platform,
            external_id=external_id,
            municipality_id=municipality_id,
            version=version,
            shown_at=now,
        )
        .on_conflict_do_nothing()
    )


def versions(tx: Tx, platform: str, external_id: str, municipality_id: int) -> set[str]:
    """The versions of a municipality's notice that an account saw."""
    rows = tx.execute(
        select(_table.c.version).where(
            _table.c.platform == platform,
            _table.c.external_id == external_id,
            _table.c.municipality_id == municipality_id,
        )
    )
    return set(rows.scalars())
