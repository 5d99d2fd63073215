"""What all tests share: a database with all tables, and a town that lives in one."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.db import Database
from storage.upgrading import upgrade
from tests import world
from tests.postgres import Server, postgres_server, postgres_template, postgres_url

__all__ = ["postgres_server", "postgres_template", "postgres_url"]

# Needs a library of another language, which nobody has to have: a check to be asked for by hand.
collect_ignore = [] if os.environ.get("GNK_JS_SDK") else ["platforms/test_matrix_strict_clients.py"]

_BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.sqlite3"
    db = Database(f"sqlite:///{path}")
    upgrade(db)
    db.close()
    return path


@pytest.fixture(params=_BOTH)
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with all tables: once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "bot.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: Server = request.getfixturevalue("postgres_server")
    url = server.create(request.getfixturevalue("postgres_template"))
    yield url
    server.drop(url)


@pytest.fixture
def db(db_url: str) -> Iterator[Database]:
    """A database with all tables: once on SQLite, once on PostgreSQL."""
    opened = Database(db_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def town_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file in which Ilmbrück and Tannwiesen are settled."""
    path = tmp_path_factory.mktemp("town") / "town.sqlite3"
    shutil.copy(sqlite_template, path)
    opened = Database(f"sqlite:///{path}")
    with opened.begin() as tx:
        world.settle(tx, world.MORNING)
    opened.close()
    return path


@pytest.fixture
async def town(town_template: Path, tmp_path: Path) -> AsyncIterator[world.Town]:
    """Ilmbrück on SQLite."""
    path = tmp_path / "town.sqlite3"
    shutil.copy(town_template, path)
    opened = Database(f"sqlite:///{path}")
    async with world.living(opened) as living:
        yield living
    opened.close()


@pytest.fixture
async def any_town(db: Database) -> AsyncIterator[world.Town]:
    """Ilmbrück, once on SQLite and once on PostgreSQL."""
    with db.begin() as tx:
        world.settle(tx, world.MORNING)
    async with world.living(db) as living:
        yield living
