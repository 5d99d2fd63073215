"""The bot that is killed: ``python -m tests.kill.victim``, with a listening socket as its input.

This process imports everything once and then only forks: each connection to the socket brings an
order (a line of JSON, see ``Order``), and a child lives by it until it is killed. The child says on
that connection what becomes of it: ``pid 17``, ``ready http://…``, ``killed sent``, ``broken …``;
the connection ends with it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from json import dumps, loads
from pathlib import Path
from typing import Any

# Not used here: loaded before the fork, so that no life spends its time on it.
import psycopg  # noqa: F401
import typst  # noqa: F401

from bot.demo.people import people_of
from bot.drawing import drawing
from bot.platforms import Platform
from bot.platforms.matrix import Login, Matrix
from bot.platforms.telegram import Telegram
from bot.platforms.telegram.limits import Limit
from bot.platforms.web import WebChat
from bot.platforms.web.server import WebServer
from bot.running import running
from handlers.features import ROUTERS
from handlers.router import Routes
from storage import boards
from storage.db import Database
from tests.kill.points import Fuse, WatchedDatabase, WatchedPlatform

Clock = Callable[[], datetime]

# Live cards are drawn every two seconds at most, which no life would see the end of.
boards.BETWEEN_DRAWINGS = boards.BETWEEN_OWN_DRAWINGS = timedelta(milliseconds=50)


@dataclass(frozen=True)
class Order:
    """One life. It begins at ``now`` (ISO, with zone) and ends at the ``nth`` passing of a point.

    ``about``: what the platform needs to know. Log lines from WARNING up go to ``log``.
    """

    platform: str
    about: dict[str, str]
    database: str
    poll: int
    now: str
    log: str
    point: str | None = None
    nth: int = 1

    def line(self) -> bytes:
        """As it is sent."""
        return dumps(asdict(self)).encode() + b"\n"


def telegram(order: Order, db: Database, clock: Clock) -> tuple[Platform, WebServer | None]:
    """Telegram by polling, without the seconds of waiting that its limits would cost each life."""
    made = Telegram(order.about["token"], clock, base_url=order.about["url"])
    made.pace.private = made.pace.group = Limit(1000, 1.0)
    return made, None


def web(order: Order, db: Database, clock: Clock) -> tuple[Platform, WebServer | None]:
    """The web chat on a free port."""
    chat = WebChat(db, drawing(ROUTES, clock), clock, people=people_of(db, clock))
    return chat, WebServer("127.0.0.1", 0, [chat])


def matrix(order: Order, db: Database, clock: Clock) -> tuple[Platform, WebServer | None]:
    """Matrix, with the device's keys in a folder."""
    about = dict(order.about)
    store = Path(about.pop("store"))
    return Matrix(db, clock, Login(**about), store=store), None


ROUTES = Routes(ROUTERS)
PLATFORMS = {"telegram": telegram, "web": web, "matrix": matrix}


async def live(order: Order, told: socket.socket) -> None:
    """Be the bot until killed, or until whoever gave the order is gone."""
    began, start = time.monotonic(), datetime.fromisoformat(order.now)

    def clock() -> datetime:
        return start + timedelta(seconds=time.monotonic() - began)

    def say(words: str) -> None:
        told.sendall(words.encode() + b"\n")

    db = Database(order.database)
    platform, server = PLATFORMS[order.platform](order, db, clock)
    fuse = Fuse(order.point, order.nth, say)
    WatchedDatabase(db, fuse, order.poll)
    WatchedPlatform(platform, fuse)
    async with running(db, ROUTES, [platform], clock, server=server) as bot:
        told.setblocking(False)
        asyncio.get_running_loop().add_reader(told, os._exit, 0)
        say(f"ready {server.address if server else '-'}")
        await bot.until_broken()


def child(order: Order, told: socket.socket) -> None:
    """A life; never returns."""
    told.sendall(f"pid {os.getpid()}\n".encode())
    logging.basicConfig(
        filename=order.log, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        asyncio.run(live(order, told))
    except BaseException:
        told.sendall(f"broken {traceback.format_exc()!r}\n".encode())
    finally:
        os._exit(1)


def main(listening: socket.socket) -> None:
    """Fork a life for each order, until the one who gives them ends this."""
    parent = os.getppid()
    listening.settimeout(1.0)
    # What was imported is left alone by the children's collectors, and so its memory is shared.
    gc.freeze()
    children: set[int] = set()
    while os.getppid() == parent:
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            continue
        # Only now: until its end was seen on the connection, nobody else may have its number.
        children -= {pid for pid in children if os.waitpid(pid, os.WNOHANG)[0]}
        order = Order(**loads(_line(connection)))
        if len(os.listdir("/proc/self/task")) > 1:
            raise RuntimeError("there are threads before the fork")
        pid = os.fork()
        if pid == 0:
            listening.close()
            child(order, connection)
        children.add(pid)
        connection.close()


def _line(connection: socket.socket) -> Any:
    got = b""
    while not got.endswith(b"\n"):
        got += connection.recv(65536)
    return got


if __name__ == "__main__":
    main(socket.socket(fileno=sys.stdin.fileno()))
