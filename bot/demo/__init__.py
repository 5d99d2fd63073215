"""The demo: an invented town in the web chat, on this machine only.

Its database is made at the first start; every later one goes on where the last was ended.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.demo import votes
from bot.demo.votes import Votes
from bot.importing import read_municipality
from bot.importing_yaml import read_yaml
from bot.loading import load
from handlers.router import Routes
from storage import rosters
from storage.db import Database, Tx
from storage.loading import web_account
from storage.upgrading import upgrade

HERE = Path(__file__).resolve().parent

TOWNS = ("ilmbrueck", "tannwiesen")

DATABASE = "demo.sqlite3"

FIRST_PORT, LAST_PORT = 8080, 8099


def default_folder() -> Path:
    """``data/demo`` in a checkout; for an installed program, the user's own data folder."""
    checkout = HERE.parent.parent
    if (checkout / "pyproject.toml").exists():
        return checkout / "data" / "demo"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "gnk-bot" / "demo"
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "gnk-bot" / "demo"


def forget(folder: Path) -> None:
    """Delete what the demo made, and nothing else."""
    for ending in ("", "-wal", "-shm", "-journal"):
        (folder / f"{DATABASE}{ending}").unlink(missing_ok=True)


def open_database(folder: Path, routes: Routes, now: datetime) -> Database:
    """The demo's database; an empty one is filled with both towns and their votes.

    Raises storage.upgrading.NewerDatabase.
    """
    folder.mkdir(parents=True, exist_ok=True)
    db = Database(f"sqlite:///{folder / DATABASE}")
    try:
        upgrade(db)
        with db.begin() as tx:
            if not rosters.towns(tx):
                _fill(tx, routes, now)
    except BaseException:
        db.close()
        raise
    return db


def _fill(tx: Tx, routes: Routes, now: datetime) -> None:
    files = [votes.moved_in(read_municipality(_text(f"{town}.yaml")), now) for town in TOWNS]
    loaded = [load(tx, file, now) for file in files]
    for town in loaded:
        for key, person_id in town.people.items():
            web_account(tx, person_id, key, now)
    written: Any = read_yaml(_text("polls.yaml"))
    town_votes = Votes(tx, routes, loaded[0], now)
    for vote in written["past"]:
        town_votes.hold(vote)
    first, *later = written["planned"]
    town_votes.open_now(first)
    for vote in later:
        town_votes.plan(vote)


def _text(name: str) -> str:
    return (HERE / name).read_text("utf-8")


def free_port(host: str) -> int:
    """The first of the demo's usual ports that nobody uses; 0 (any) if all are taken."""
    for port in range(FIRST_PORT, LAST_PORT + 1):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    return 0


async def serve(
    db: Database,
    routes: Routes,
    host: str,
    port: int,
    clock: Callable[[], datetime],
    ready: Callable[[str], None],
) -> None:
    """Serve until cancelled. ``ready`` is told the address. Raises OSError for a taken port."""
    from bot.demo.people import people_of
    from bot.drawing import drawing
    from bot.menus import web_commands
    from bot.platforms.web import WebChat
    from bot.platforms.web.server import WebServer
    from bot.running import running

    chat = WebChat(
        db,
        drawing(routes, clock),
        clock,
        people=people_of(db, clock),
        commands=web_commands(routes, clock),
    )
    server = WebServer(host, port, [chat])
    async with running(db, routes, [chat], clock, server=server) as bot:
        ready(server.address)
        await bot.until_broken()
