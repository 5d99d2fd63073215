"""The demo: an invented town in the web chat, on this machine only.

Its database is made at the first start; every later one goes on where the last was ended.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot import answers
from bot.importing import read_municipality
from bot.importing_yaml import read_yaml
from bot.loading import Summary, load
from handlers.chat import Due, Event, Place, PlaceKind
from handlers.polls.opening import Plan, publish
from handlers.router import Context, Role, Routes
from storage import polls, rosters
from storage.db import Database, Tx
from storage.loading import web_account
from storage.models import Measure, Municipality, Person
from storage.upgrading import upgrade

HERE = Path(__file__).resolve().parent

TOWNS = ("ilmbrueck", "tannwiesen")

DATABASE = "demo.sqlite3"

OPEN_FOR = timedelta(days=7)
"""How long the first vote stays open, at least; it ends in the evening."""

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
    """The demo's database; an empty one is filled with both towns and the first vote.

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
    loaded = [load(tx, read_municipality(_text(f"{town}.yaml")), now) for town in TOWNS]
    for town in loaded:
        for key, person_id in town.people.items():
            web_account(tx, person_id, key, now)
    _open_first_vote(tx, routes, loaded[0], now)


def _open_first_vote(tx: Tx, routes: Routes, loaded: Summary, now: datetime) -> None:
    planned: Any = read_yaml(_text("polls.yaml"))
    first = planned["planned"][0]
    town = tx.get_one(Municipality, loaded.municipality_id)
    place = Place("demo", "demo", PlaceKind.CHANNEL)
    ctx = Context(tx, routes, Event(place, None, Due("", now), now), now, now)
    ctx.municipality = town
    ctx.person, ctx.role = tx.get_one(Person, loaded.people["sg-01"]), Role.COORDINATION
    bodies = {body.kind: body.id for body in polls.bodies(tx, town.id)}
    plan = Plan(
        first["question"],
        tuple(_option(tx, town.id, code) for code in first["options"]),
        first["dots_per_seat"],
        first["max_dots_per_option"],
        bodies["steering_group"],
        _evening(now + OPEN_FOR, town.timezone),
        first["secrecy"],
    )
    _, said = publish(ctx, plan)
    answers.keep(ctx, said)


def _option(tx: Tx, town: int, code: str) -> tuple[dict[str, str], int]:
    measure = tx.query(Measure).filter_by(municipality_id=town, code=code).one()
    return measure.title, measure.id


def _evening(at: datetime, zone: str) -> datetime:
    local = at.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date(), time(18), ZoneInfo(zone)).astimezone(UTC)


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
