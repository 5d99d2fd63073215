"""The program as operators call it: set up, run, import, back up."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.db import Database
from storage.upgrading import upgrade
from tests.platforms.botapi import buttons
from tests.platforms.botapi import running as bot_api
from tests.program import (
    CODE,
    DEMO,
    MINIMAL,
    WITHIN,
    asked,
    bot,
    environment,
    running,
    said_in_a_line,
    until,
)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the bot was set up without any platform."""
    folder = tmp_path_factory.mktemp("prepared")
    assert bot(folder, *MINIMAL).returncode == 0
    return folder


@pytest.fixture
def installed(prepared: Path, tmp_path: Path) -> Path:
    """A copy of such a folder."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    return tmp_path


# --- help ----------------------------------------------------------------------------------


def test_help_loads_nothing_that_takes_time(tmp_path: Path) -> None:
    shown = bot(tmp_path, "--help")
    assert shown.returncode == 0
    for command in ("demo", "init", "run", "import", "doctor", "backup"):
        assert command in shown.stdout
    heavy = "sqlalchemy, pydantic, telegram, nio, aiohttp, alembic, typst"
    code = (
        f"import sys\nimport bot.cli\nprint([m for m in '{heavy}'.split(', ') if m in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


# --- set up --------------------------------------------------------------------------------


def test_set_up_without_questions(tmp_path: Path) -> None:
    done = bot(tmp_path, *MINIMAL)
    assert done.returncode == 0, done.stderr
    assert len(CODE.findall(done.stdout)) == 2
    path = tmp_path / "gnk-bot.toml"
    for private in (path, tmp_path / "data" / "gnk-bot.sqlite3"):
        assert private.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(tmp_path / "data" / "gnk-bot.sqlite3") as db:
        assert db.execute("SELECT slug, name FROM municipality").fetchall() == [
            ("musterdorf", "Gemeinde Musterdorf")
        ]
    db.close()
    said_in_a_line(bot(tmp_path, "run"), "nichts eingerichtet", "[telegram]")


def test_set_up_by_answers(tmp_path: Path) -> None:
    answers = ["", "", "Stadt Überlauf", "", "", "de,en", "Das Bauamt hilft.", "", "", "n"]
    done = bot(tmp_path, "init", given="\n".join(answers) + "\n")
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(tmp_path / "data" / "gnk-bot.sqlite3") as db:
        slug, contact = db.execute("SELECT slug, contact FROM municipality").fetchone()
    db.close()
    assert slug == "ueberlauf" and json.loads(contact) == {"de": "Das Bauamt hilft."}


def test_settings_are_not_overwritten_unasked_and_the_town_stays(tmp_path: Path) -> None:
    assert bot(tmp_path, "init", "-y", "--file", str(DEMO / "tannwiesen.yaml")).returncode == 0
    before = (tmp_path / "gnk-bot.toml").read_bytes()
    said_in_a_line(bot(tmp_path, *MINIMAL), "--force")
    assert (tmp_path / "gnk-bot.toml").read_bytes() == before
    again = bot(tmp_path, "init", "-y", "--force", "--web-port", "8123")
    assert again.returncode == 0, again.stderr
    assert "8123" in (tmp_path / "gnk-bot.toml").read_text()
    with sqlite3.connect(tmp_path / "data" / "gnk-bot.sqlite3") as db:
        assert db.execute("SELECT slug FROM municipality").fetchall() == [("tannwiesen",)]
    db.close()


async def test_ctrl_c_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, "init") as process:
        assert process.process.stdin is not None
        process.process.stdin.write(b"\n\nStadt Halbwegs\n")
        await process.process.stdin.drain()
        await process.asks("Kurzname [halbwegs]: ")
        # Python may miss one that comes in the very moment in which it begins to read.
        ended = asyncio.create_task(process.process.wait())
        while not ended.done():
            process.process.send_signal(signal.SIGINT)
            await asyncio.wait([ended], timeout=0.5)
        # A second one, in the middle of ending, ends it at once.
        assert await ended in (130, -signal.SIGINT)
        await process.says("Abgebrochen.")
    assert "Abgebrochen." in process.output and "Traceback" not in process.output
    assert os.listdir(tmp_path) == []


async def test_a_token_that_telegram_does_not_take_is_said_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    async with bot_api() as api:
        wrong = api.token[:-3] + "xxx"
        words = [*MINIMAL, "--telegram-api", api.url]
        ended = await asyncio.to_thread(bot, tmp_path, *words, GNK_TELEGRAM__TOKEN=wrong)
    said_in_a_line(ended, "telegram.token")
    assert wrong not in ended.stderr
    assert os.listdir(tmp_path) == []


# --- run -----------------------------------------------------------------------------------


async def test_from_nothing_to_a_linked_member_on_telegram(tmp_path: Path) -> None:
    async with bot_api() as api:
        done = await asyncio.to_thread(
            bot, tmp_path, *MINIMAL, "--telegram-api", api.url, GNK_TELEGRAM__TOKEN=api.token
        )
        assert done.returncode == 0, done.stderr
        link = re.search(r"https://t\.me/(\S+)\?start=(\S+)", done.stdout)
        assert link is not None, done.stdout
        async with running(tmp_path, "run") as process:
            assert "SQLite" in await process.says("Datenbank:")
            assert "Gemeinde Musterdorf" in await process.says("Kommunen:")
            assert f"@{link[1]}" in await process.says("Telegram:")
            anna = api.user(52_000_001)
            anna.says(f"/start {link[2]}")
            await anna.reads("Gemeinde Musterdorf", within=WITHIN)
            anna.presses(buttons(anna.sees()[-1])[0]["text"])
            path = tmp_path / "data" / "gnk-bot.sqlite3"

            def linked() -> bool:
                with sqlite3.connect(path) as db:
                    number = db.execute("SELECT count(*) FROM account").fetchone()[0]
                db.close()
                return bool(number)

            await until(linked)
            checked = await asyncio.to_thread(bot, tmp_path, "doctor")
            assert f"verbunden als @{link[1]}" in checked.stdout
            assert await process.stop() == 0
        assert "Beendet." in process.output
        for secret in (api.token, api.token.partition(":")[2]):
            assert secret not in process.output + checked.stdout + done.stdout


async def test_telegram_calls_us_by_its_webhook(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    async with bot_api() as api:
        await asyncio.to_thread(
            bot, tmp_path, *MINIMAL, "--telegram-api", api.url, GNK_TELEGRAM__TOKEN=api.token
        )
        hook = {
            "GNK_TELEGRAM__MODE": "webhook",
            "GNK_TELEGRAM__WEBHOOK_URL": f"http://127.0.0.1:{port}",
            "GNK_TELEGRAM__WEBHOOK_SECRET": "only-telegram-knows-this",
            "GNK_WEB__PORT": port,
        }
        async with running(tmp_path, "run", **hook) as process:
            await process.says("Telegram:")
            stranger = api.user(52_000_002)
            stranger.says("/start")
            await until(lambda: bool(stranger.sees()))
            assert await process.stop() == 0


async def test_two_at_once_on_the_same_data_are_refused(installed: Path) -> None:
    async with running(installed, "run", GNK_WEB__PORT="0") as process:
        address = (await process.says("Webserver:")).split()[1]
        assert (await asyncio.to_thread(asked, address, "/health"))[0] == 200
        status, page = await asyncio.to_thread(asked, address, "/api/demo")
        assert status != 200 and "sg-" not in page
        second = await asyncio.to_thread(bot, installed, "run", GNK_WEB__PORT="0")
        said_in_a_line(second, "läuft schon")
        began = time.monotonic()
        assert await process.stop(signal.SIGINT) == 0
        assert time.monotonic() - began < 5


async def test_a_taken_port_is_said_in_a_line(installed: Path) -> None:
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = str(server.sockets[0].getsockname()[1])
    ended = await asyncio.to_thread(bot, installed, "run", GNK_WEB__PORT=port)
    server.close()
    said_in_a_line(ended, "web.port", port)


@pytest.mark.postgres
async def test_it_runs_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    done = await asyncio.to_thread(
        bot, tmp_path, *MINIMAL, "--web-port", "8080", "--database", postgres_url
    )
    assert done.returncode == 0 and len(CODE.findall(done.stdout)) == 2, done.stderr
    async with running(tmp_path, "run", GNK_WEB__PORT="0") as process:
        assert "PostgreSQL" in await process.says("Datenbank:")
        await process.says("Webserver:")
        assert await process.stop() == 0
    told = bot(tmp_path, "backup", "safe")
    assert told.returncode == 0 and "pg_dump" in told.stdout
    assert not (tmp_path / "safe").exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql+psycopg://gnk:geheim@127.0.0.1:1/gnk", "Die Datenbank lässt sich nicht"),
        ("sqlite:////proc/nowhere/x.sqlite3", "/proc/nowhere: "),
    ],
)
def test_a_database_out_of_reach_is_said_in_a_line(installed: Path, url: str, words: str) -> None:
    ended = bot(installed, "run", GNK_DATABASE=url, GNK_WEB__PORT="0")
    said_in_a_line(ended, words)
    assert "geheim" not in ended.stderr


def test_a_newer_database_is_left_alone(installed: Path) -> None:
    with sqlite3.connect(installed / "data" / "gnk-bot.sqlite3") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    said_in_a_line(bot(installed, "run", GNK_WEB__PORT="0"), "9999", "neuere Version")
    assert bot(installed, "doctor").returncode == 1


def test_without_settings_it_says_how_to_begin(tmp_path: Path) -> None:
    for command in (["run"], ["import", "x.yaml"], ["backup", "x"]):
        said_in_a_line(bot(tmp_path, *command), "gnk-bot.toml", "gnk-bot init")


# --- import and backup ---------------------------------------------------------------------


def test_import_says_what_changed_and_what_is_wrong(installed: Path) -> None:
    file = installed / "town.yaml"
    file.write_text((DEMO / "tannwiesen.yaml").read_text("utf-8"), "utf-8")
    first = bot(installed, "import", str(file))
    assert first.returncode == 0 and "Landgemeinde Tannwiesen: eingelesen." in first.stdout
    assert re.search(r"Personen: \d+ neu", first.stdout)
    assert "schon auf diesem Stand" in bot(installed, "import", str(file)).stdout
    file.write_text(file.read_text("utf-8").replace("institution: gemeinderat", "institution: x"))
    wrong = bot(installed, "import", str(file))
    assert wrong.returncode == 1
    assert "„x“ gibt es nicht unter institutions." in wrong.stderr
    assert "Traceback" not in wrong.stderr
    missing = bot(installed, "import", "nowhere.yaml")
    assert missing.returncode == 1 and "lässt sich nicht lesen" in missing.stderr


def test_a_backup_is_whole_private_and_never_written_over_another(installed: Path) -> None:
    store = installed / "data" / "matrix"
    store.mkdir()
    (store / "seeds.json").write_text("{}")
    with sqlite3.connect(store / "keys.db") as keys:
        keys.execute("CREATE TABLE k (v)")
    keys.close()
    done = bot(installed, "backup", "safe")
    assert done.returncode == 0, done.stderr
    safe = installed / "safe"
    assert safe.stat().st_mode & 0o777 == 0o700
    assert sorted(p.name for p in (safe / "matrix").iterdir()) == ["keys.db", "seeds.json"]
    restored = Database(f"sqlite:///{safe / 'gnk-bot.sqlite3'}")
    upgrade(restored)
    with restored.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM person")).scalar_one() == 2
    restored.close()
    again = bot(installed, "backup", "safe")
    assert again.returncode == 1 and "gibt es schon" in again.stderr
    assert [p.name for p in installed.glob(".*")] == []
