"""Where people stand in multi-step dialogs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from storage.db import Tx
from storage.models import Dialog

_table: Any = Dialog.__table__  # type: ignore[attr-defined]


def running(tx: Tx, platform: str, place: str, account: str) -> Dialog | None:
    """The dialog that this account is in at this place."""
    return tx.execute(
        select(Dialog).where(
            _table.c.platform == platform, _table.c.place == place, _table.c.account == account
        )
    ).scalar_one_or_none()


def start(tx: Tx, dialog: Dialog) -> Dialog:
    """Begin a dialog; one that was under way here is left."""
    stop(tx, dialog.platform, dialog.place, dialog.account)
    tx.add(dialog)
    tx.flush()
    return dialog


def stop(tx: Tx, platform: str, place: str, account: str) -> bool:
    """Leave the dialog; returns whether there was one."""
    gone = tx.execute(
        delete(Dialog).where(
            _table.c.platform == platform, _table.c.place == place, _table.c.account == account
        )
    )
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def forget(tx: Tx, before: datetime) -> int:
    """Drop dialogs that nobody touched since ``before``."""
    gone = tx.execute(delete(Dialog).where(_table.c.touched_at < before))
    return int(gone.rowcount)  # type: ignore[attr-defined]
