"""Creating a database and bringing it up to date.

A migration is one transaction, on SQLite too: a process that is killed in it leaves the database
as it was. Alembic is imported only where something has to be done.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from storage.db import Database

MIGRATIONS = Path(__file__).resolve().parent / "migrations"

_LOCK = 0x474E4B
"""Key of PostgreSQL's advisory lock: several processes may start at once, one migrates."""


class NewerDatabase(Exception):
    """The database was migrated by a newer version of the program; an older one would harm it."""

    def __init__(self, found: str, known: str) -> None:
        """``found`` is the database's version, ``known`` the newest that this program knows."""
        self.found, self.known = found, known
        super().__init__(f"the database has version {found}, this program knows up to {known}")


class BrokenReferences(Exception):
    """A migration left rows that refer to nothing; it was rolled back."""


def head() -> str:
    """The version of the database that this program works with."""
    return _versions()[-1]


def _versions() -> list[str]:
    """All versions, oldest first: revision ids are numbers that migration files begin with."""
    return sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("0*.py"))


def version(db: Database) -> str | None:
    """The version of the database; None for an empty one."""
    with db.engine.connect().execution_options(readonly=True) as connection:
        return _found(connection)


def _found(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def upgrade(db: Database) -> str:
    """Create the database or bring it up to date; returns its version. Harmless when repeated.

    Raises NewerDatabase, and changes nothing, where a newer program has been at work.
    """
    if version(db) == head():
        return head()
    if db.is_sqlite:
        _upgrade_sqlite(db)
    else:
        with db.engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            _migrate(connection)
    return head()


def _upgrade_sqlite(db: Database) -> None:
    with db.engine.connect().execution_options(bare=True) as connection:
        # Rebuilding a table drops the old one, which must not take others' rows along; the
        # switch has no effect inside a transaction.
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            _migrate(connection)
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise BrokenReferences
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    found = _found(connection)
    if found is not None and found not in _versions():
        raise NewerDatabase(found, head())
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
