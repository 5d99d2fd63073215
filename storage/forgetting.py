"""Making the database forget what was deleted: freed pages, old row versions, the log.

The wish is a row, so that a process that ends in between still does it at its next start.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from storage.db import Tx
from storage.models import PlatformState

_OWED = ("database", "pages_to_forget")

_LINKS = (
    "ballot", "ballot_key", "roll_seat", "roll_person", "inbox", "web_message",
    "person", "account", "notice_shown", "invitation", "code_trial", "membership", "seat",
    "seat_filler", "outbox", "posted", "dialog", "platform_state", "audit_event", "web_session",
)  # fmt: skip
"""Tables in which a secret ballot or its way into the box has stood, or an erased person
(PostgreSQL keeps old row versions in the table until it is rewritten)."""


class StillRead(Exception):
    """A reader keeps SQLite's log from being emptied: try again a little later."""


def owe(tx: Tx) -> None:
    """Have it done once this transaction is committed."""
    if tx.get(PlatformState, _OWED) is None:
        tx.add(PlatformState(platform=_OWED[0], name=_OWED[1], value="1"))


def is_owed(tx: Tx) -> bool:
    """Whether it is still to be done."""
    return tx.get(PlatformState, _OWED) is not None


def settled(tx: Tx) -> None:
    """It is done."""
    row = tx.get(PlatformState, _OWED)
    if row is not None:
        tx.delete(row)


def forget(connection: Connection) -> None:
    """Do it, outside a transaction (``Database.alone``). Raises StillRead (SQLite only)."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("VACUUM"))
        if connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).scalar_one():
            raise StillRead("a reader holds the write-ahead log")
        return
    for table in _LINKS:
        connection.execute(text(f"VACUUM FULL {table}"))
