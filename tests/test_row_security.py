"""Row-level security on PostgreSQL: the database itself keeps municipalities apart."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from bot.platforms.web.checks import Spoken
from handlers.chat import Answers, Card, Command, Say, Text
from handlers.features import ROUTERS
from handlers.router import Context, Role, Router, Routes
from storage import tenancy
from storage.db import Database
from storage.models import Municipality, Poll
from storage.upgrading import upgrade
from tests import world
from tests.neighbours import ILMBRUECK, TANNWIESEN, fill, mark, tables, tx_id
from tests.postgres import Server
from tests.world import Town, living

pytestmark = pytest.mark.postgres

careless = Router("careless")


@careless.command("allepolls", by=Role.ANYONE)
def every_poll(ctx: Context, typed: Command) -> Answers:
    """A handler whose WHERE was forgotten."""
    titles = ctx.tx.execute(text("SELECT title FROM poll ORDER BY id")).scalars().all()
    return [Say(Card((Text("plain", text=f"{len(titles)} {titles}"),)))]


@careless.command("ueberschreibe", by=Role.ANYONE)
def overwrite(ctx: Context, typed: Command) -> Answers:
    """A handler that changes whatever there is."""
    changed = ctx.tx.execute(text("UPDATE measure SET position = 99")).rowcount  # type: ignore[attr-defined]
    return [Say(Card((Text("plain", text=f"{changed} changed"),)))]


@careless.command("unterschiebe", by=Role.ANYONE)
def smuggle(ctx: Context, typed: Command) -> Answers:
    """A handler that writes into another municipality."""
    ctx.tx.execute(
        text("INSERT INTO body (municipality_id, kind, name) VALUES (:town, 'smuggled', '{}')"),
        {"town": int(typed.args)},
    )
    return [Say(Card((Text("plain", text="smuggled"),)))]


@careless.command("merke", by=Role.ANYONE)
def fetch(ctx: Context, typed: Command) -> Answers:
    """A handler that fetches by a bare id."""
    poll = ctx.tx.get(Poll, int(typed.args))
    return [Say(Card((Text("plain", text=str(poll and poll.title)),)))]


@pytest.fixture
def on_postgres(postgres_server: Server, postgres_template: str) -> Iterator[Database]:
    """A database with all tables on PostgreSQL."""
    url = postgres_server.create(postgres_template)
    db = Database(url)
    yield db
    db.close()
    postgres_server.drop(url)


@pytest.fixture
async def towns(on_postgres: Database) -> AsyncIterator[Town]:
    """Both municipalities with their votes, and careless handlers among the features."""
    with on_postgres.begin() as tx:
        world.settle(tx, world.MORNING)
        mark(tx)
    async with living(on_postgres) as town:
        town.routes = Routes([*ROUTERS, careless])
        town.restart()
        for side in (ILMBRUECK, TANNWIESEN):
            await fill(town, side)
        yield town


async def test_a_question_that_forgets_its_where_sees_one_municipality(towns: Town) -> None:
    here = await towns.neighbour.says("/allepolls")
    assert here.startswith("3 ") and "Tannzeichen" in here and "Ilmzeichen" not in here
    there = await towns.coordination.says("/allepolls")
    assert there.startswith("3 ") and "Ilmzeichen" in there and "Tannzeichen" not in there
    assert (await towns.somebody("gast").says("/allepolls")).startswith("0 ")


async def test_a_change_that_forgets_its_where_changes_one_municipality(towns: Town) -> None:
    with towns.db.read() as tx:
        counted = dict(
            tx.execute(text("SELECT municipality_id, count(*) FROM measure GROUP BY 1")).all()
        )
        town = tx_id(tx, TANNWIESEN)
    assert await towns.neighbour.says("/ueberschreibe") == f"{counted[town]} changed"
    assert await towns.somebody("gast").says("/ueberschreibe") == "0 changed"
    with towns.db.read() as tx:
        changed = tx.execute(
            text("SELECT DISTINCT municipality_id FROM measure WHERE position = 99")
        )
        assert [row[0] for row in changed] == [town]


async def test_nothing_is_written_into_another_municipality(towns: Town) -> None:
    answer = await towns.neighbour.says(f"/unterschiebe {towns.id}")
    assert "smuggled" not in answer and answer, "the person is told that something went wrong"
    with towns.db.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM body WHERE kind = 'smuggled'")).scalar() == 0
    # What comes after the fault is handled as always, in the same municipality.
    assert "Tannzeichen" in await towns.neighbour.says("/allepolls")


async def test_what_one_event_loaded_is_not_found_by_the_next(towns: Town) -> None:
    """Both are in one batch, on one session."""
    poll = next(p for p in towns.all(Poll) if p.municipality_id == towns.id)
    for who, id in (("sg-01", "a" * 8), ("tw-01", "b" * 8)):
        await towns.chat.said(who, Spoken(f"{id}-0000-4000-8000-000000000000", "direct",
                                          f"/merke {poll.id}"))  # fmt: skip
    await towns.settle()
    assert "Ilmzeichen" in towns.coordination.newest()
    assert towns.neighbour.newest() == "None"


async def test_the_view_of_one_event_never_meets_the_next_transaction(towns: Town) -> None:
    await towns.neighbour.says("/allepolls")
    await towns.neighbour.says("/unterschiebe 1")
    for _ in range(6):
        with towns.db.read() as tx:
            assert len(tx.execute(text("SELECT id FROM municipality")).all()) == 2
    with towns.db.begin() as tx:
        tenancy.enter(tx, towns.id)
        assert len(tx.execute(text("SELECT id FROM municipality")).all()) == 1
    with towns.db.begin() as tx:
        assert tx.execute(text("SELECT current_setting('gnk.municipality')")).scalar() == "*"


def test_every_table_of_municipalities_is_protected(on_postgres: Database) -> None:
    with on_postgres.read() as tx:
        protected = set(
            tx.execute(
                text(
                    "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid"
                    " WHERE c.relrowsecurity AND c.relforcerowsecurity"
                )
            ).scalars()
        )
    missing = {"municipality", *(table.name for table in tables())} - protected
    assert not missing, f"no row-level security on {', '.join(sorted(missing))}: see revision 0004"


def test_another_program_sees_nothing_until_it_says_whose_rows(
    on_postgres: Database, postgres_server: Server
) -> None:
    with on_postgres.begin() as tx:
        world.settle(tx, world.MORNING)
    name = on_postgres.url.split("?")[0].rpartition("/")[2]
    with psycopg.connect(host=str(postgres_server.folder), user="gnk_bot", dbname=name) as other:
        assert other.execute("SELECT count(*) FROM person").fetchone() == (0,)
        other.execute("SELECT set_config('gnk.municipality', '*', true)")
        assert other.execute("SELECT count(*) FROM person").fetchone() != (0,)


def test_options_of_the_address_are_kept(on_postgres: Database) -> None:
    db = Database(on_postgres.url + "&options=-c%20statement_timeout%3D12345")
    try:
        with db.read() as tx:
            assert tx.execute(text("SHOW statement_timeout")).scalar() == "12345ms"
            assert tx.execute(text("SHOW gnk.municipality")).scalar() == "*"
    finally:
        db.close()


def test_a_savepoint_that_is_rolled_back_takes_its_view_along(on_postgres: Database) -> None:
    with on_postgres.begin() as tx:
        world.settle(tx, world.MORNING)
    with on_postgres.begin() as tx:
        town = tx_id(tx, TANNWIESEN)
        with suppress(ProgrammingError), tx.begin_nested():
            tenancy.enter(tx, town)
            tx.execute(text("UPDATE municipality SET id = 77"))
            raise AssertionError("a municipality was given away")
        assert len(tx.execute(text("SELECT id FROM municipality")).all()) == 2
        tenancy.leave(tx)
        tx.add(Municipality(slug="third", name="Third"))
    upgrade(on_postgres)


@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="pg_dump is missing")
def test_a_backup_holds_all_municipalities_and_can_be_restored(
    on_postgres: Database, postgres_server: Server, tmp_path: Path
) -> None:
    """As ``gnk-bot backup`` says it, by the bot's own role."""
    with on_postgres.begin() as tx:
        world.settle(tx, world.MORNING)
    name = on_postgres.url.split("?")[0].rpartition("/")[2]
    where = [f"--host={postgres_server.folder}", "--username=gnk_bot"]
    dump = [f"--file={tmp_path / 'gnk-bot.dump'}", "--enable-row-security", "--format=custom"]
    env = {**os.environ, "PGOPTIONS": "-c gnk.municipality=*"}
    subprocess.run(["pg_dump", *dump, *where, name], env=env, check=True, timeout=60)
    url = postgres_server.create()
    fresh = url.split("?")[0].rpartition("/")[2]
    restore = ["pg_restore", *where, f"--dbname={fresh}", "--no-comments"]
    subprocess.run([*restore, tmp_path / "gnk-bot.dump"], check=True, timeout=60)
    restored = Database(url)
    try:
        for db in (on_postgres, restored):
            with db.read() as tx:
                counted = tx.execute(
                    text("SELECT municipality_id, count(*) FROM person GROUP BY 1")
                )
                assert len(counted.all()) == 2
        with restored.begin() as tx:
            tenancy.enter(tx, tx_id(tx, TANNWIESEN))
            assert len(tx.execute(text("SELECT id FROM municipality")).all()) == 1
    finally:
        restored.close()
        postgres_server.drop(url)
