"""Lives of the bot, seen from the test: begun by an order, ended by a kill."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kill.victim import Order

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN = 30.0
"""Seconds for the bot's imports, and for one life to come up, on a busy machine."""


class Zygote:
    """The process that forks lives; they begin by a connection to its socket."""

    def __init__(self, address: Path, process: subprocess.Popen[bytes]) -> None:
        self.address, self.process = address, process

    async def life(self, order: Order) -> Life:
        """A new life; returns once it has a process."""
        async with asyncio.timeout(STARTS_WITHIN):
            reader, writer = await asyncio.open_unix_connection(str(self.address))
            writer.write(order.line())
            await writer.drain()
            word, _, pid = (await reader.readline()).decode().partition(" ")
        if word != "pid":
            raise RuntimeError(f"the zygote has ended ({self.process.poll()})")
        return Life(order, int(pid), reader, writer)


@contextmanager
def zygote() -> Iterator[Zygote]:
    """A zygote for as long as the block lasts; it does not outlive this process."""
    folder = Path(tempfile.mkdtemp(prefix="gnk-kill-"))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "orders"))
        listening.listen()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.kill.victim"], stdin=listening.fileno(), cwd=ROOT
        )
    try:
        yield Zygote(folder / "orders", process)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


class Life:
    """One process of the bot."""

    def __init__(
        self, order: Order, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.order, self.pid = order, pid
        self.began = time.monotonic()
        self.address = ""
        self.killed_at: str | None = None
        """The point at which it ended, ``idle`` if it had nothing more to do."""
        self.ready, self.ended = asyncio.Event(), asyncio.Event()
        self._reader, self._writer = reader, writer
        self._hearing = asyncio.create_task(self._hear())

    async def _hear(self) -> None:
        try:
            while line := await self._reader.readline():
                word, _, rest = line.decode().strip().partition(" ")
                match word:
                    case "ready":
                        self.address = rest
                        self.ready.set()
                    case "killed":
                        self.killed_at = rest
                    case "broken":
                        raise AssertionError(f"the bot broke off: {rest}")
        finally:
            self.ended.set()
            self.ready.set()

    async def until(self, what: str, holds: Callable[[], bool], within: float) -> bool:
        """Wait until something holds; False if the life ends first."""
        limit = time.monotonic() + within
        while not self.ended.is_set():
            if self.ready.is_set() and holds():
                return True
            assert time.monotonic() < limit, f"waited {within} s for this: {what}"
            await asyncio.sleep(0.01)
        return False

    async def up(self) -> bool:
        """Wait until it answers; False if it ended before."""
        async with asyncio.timeout(STARTS_WITHIN):
            await self.ready.wait()
        return not self.ended.is_set()

    async def kill(self) -> str:
        """End it by SIGKILL if it lives still; returns the point at which it ended."""
        if not self.ended.is_set():
            # It may have ended by itself meanwhile; the zygote keeps its number until we are done.
            os.kill(self.pid, signal.SIGKILL)
        await self._hearing
        self._writer.close()
        self.killed_at = self.killed_at or "idle"
        return self.killed_at
