"""The bot is killed with SIGKILL at named points; nothing is lost, doubled or wrongly confirmed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlmodel import select

from storage.db import Database
from storage.models import Outbox
from tests.platforms import botapi
from tests.platforms.botapi import Server, shown
from tests.platforms.botapi.faults import Kind
from tests.platforms.botapi.town import ANNA
from tests.platforms.webtown import counted

START = 30.0
"""Seconds within which a process is ready on a busy machine."""


@asynccontextmanager
async def bot(server: Server, path: Path) -> AsyncIterator[None]:
    """The bot as a process, killed at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.platforms.botapi.bot", server.url, server.token, str(path),
        stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2], env=dict(os.environ),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        said = await asyncio.wait_for(process.stdout.readline(), START)
        assert said == b"ready\n"
        yield
    finally:
        process.kill()
        await process.communicate()


def votes(path: Path) -> tuple[int, list[str]]:
    """The votes counted, and the states of what was to be said."""
    db = Database(f"sqlite:///{path}")
    with db.read() as tx:
        rows = tx.exec(select(Outbox).order_by(Outbox.id))  # type: ignore[arg-type]
        states = [row.state for row in rows]
        number = counted(tx)
    db.close()
    return number, states


@pytest.mark.kill
@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("hold_after", "getUpdates"),
        ("hold", "getUpdates"),
        ("hold", "answerCallbackQuery"),
        ("hold_after", "answerCallbackQuery"),
        ("hold", "editMessageMedia"),
        ("hold_after", "editMessageMedia"),
    ],
)
async def test_every_press_is_counted_once_wherever_the_bot_is_killed(
    tmp_path: Path, kind: Kind, method: str
) -> None:
    path = tmp_path / "town.db"
    async with botapi.running() as server:
        anna = server.user(ANNA, "Anna Probe")
        async with bot(server, path):
            anna.says("/zaehlen")
            await anna.reads("Bisher gezählt: 0")
            await server.world.until(lambda: votes(path)[1] == ["sent"], START)
            anna.presses("Radweg")
            await anna.toast(within=START)
            fault = server.fault(kind, method)
            polls = server.world.counts["getUpdates"]
            anna.presses("Dach")
            if (kind, method) == ("hold_after", "getUpdates"):
                # The poll under way takes the first press; the one after it is to be held.
                await server.world.until(lambda: server.world.counts["getUpdates"] > polls, START)
            for _ in range(4):
                anna.presses("Dach")
            await server.world.until(fault.reached.is_set, START)
        server.faults.release()
        number, _ = votes(path)
        assert len(anna.user.toasts) <= number <= 6
        async with bot(server, path):
            await server.world.until(lambda: votes(path)[0] == 6, START)
            await anna.reads("Bisher gezählt: 6", within=START)
        assert votes(path)[0] == 6 and len(anna.sees()) == 1


@pytest.mark.kill
@pytest.mark.parametrize(("kind", "arrives"), [("hold", 0), ("hold_after", 1)])
async def test_a_message_under_way_at_the_kill_is_never_repeated_blindly(
    tmp_path: Path, kind: Kind, arrives: int
) -> None:
    path = tmp_path / "town.db"
    async with botapi.running() as server:
        anna = server.user(ANNA, "Anna Probe")
        fault = server.fault(kind, "sendMessage")
        async with bot(server, path):
            anna.says("/sag Vorher")
            await server.world.until(fault.reached.is_set, START)
            anna.says("/sag Nachher")
            await server.world.until(lambda: len(votes(path)[1]) == 2, START)
        server.faults.release()
        async with bot(server, path):
            await anna.reads("Nachher", within=START)
            await server.world.until(lambda: votes(path)[1] == ["unknown", "sent"], START)
        assert [shown(m) for m in anna.sees()] == ["Vorher"] * arrives + ["Nachher"]
