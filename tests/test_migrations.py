"""Creating a database, bringing it up to date, and what happens when that is cut off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

import storage.models  # noqa: F401 - fills the metadata
from storage.db import Database
from storage.models import Municipality
from storage.upgrading import NewerDatabase, head, upgrade, version

_BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=_BOTH)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/b.sqlite3" if sqlite else request.getfixturevalue("postgres_url")
    db = Database(url)
    yield db
    db.close()


def test_a_migrated_database_is_what_the_tables_say(db: Database) -> None:
    with db.engine.connect().execution_options(readonly=True) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, SQLModel.metadata) == []


def test_an_empty_database_has_no_version_and_gets_the_newest(empty: Database) -> None:
    assert version(empty) is None
    assert upgrade(empty) == head() == version(empty)


def test_upgrading_twice_is_harmless(empty: Database) -> None:
    upgrade(empty)
    with empty.begin() as tx:
        tx.add(Municipality(slug="ilmbrueck", name="Ilmbrück"))
    upgrade(empty)
    with empty.read() as tx:
        assert tx.execute(text("SELECT name FROM municipality")).scalar_one() == "Ilmbrück"


def test_a_newer_database_is_refused_and_left_alone(db: Database) -> None:
    with db.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase) as refused:
        upgrade(db)
    assert (refused.value.found, refused.value.known) == ("9999", head())
    assert version(db) == "9999"


def test_references_hold_after_an_upgrade(empty: Database) -> None:
    upgrade(empty)
    with pytest.raises(Exception, match=r"(?i)foreign key"), empty.begin() as tx:
        tx.execute(
            text(
                "INSERT INTO body (id, municipality_id, kind, name)"
                " VALUES (1, 77, 'coordination', '{}')"
            )
        )


_KILLED = """
import os, signal, sys
from sqlalchemy import event
from storage.db import Database
from storage.upgrading import upgrade
db = Database(sys.argv[1])
@event.listens_for(db.engine, "before_cursor_execute")
def kill(connection, cursor, statement, parameters, context, many):
    if "CREATE TABLE poll_option" in statement:
        os.kill(os.getpid(), signal.SIGKILL)
upgrade(db)
"""


def test_a_migration_that_was_killed_can_be_done_again(empty: Database) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _KILLED, empty.url], timeout=60, env={**os.environ}, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    assert version(empty) is None
    with empty.engine.connect().execution_options(readonly=True) as connection:
        assert "municipality" not in inspect(connection).get_table_names()
    assert upgrade(empty) == head()
