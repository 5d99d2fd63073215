"""Calling the program as operators do, in a folder of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http.client import HTTPConnection
from pathlib import Path

WITHIN = 40.0
"""Seconds after which something awaited counts as not happening."""

CHECKOUT = Path(__file__).resolve().parent.parent
DEMO = CHECKOUT / "bot" / "demo"
CODE = re.compile(r"[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}")
MINIMAL = ("init", "--yes", "--name", "Gemeinde Musterdorf")


def environment(**more: str) -> dict[str, str]:
    mine = {name: v for name, v in os.environ.items() if not name.startswith("GNK_")}
    return {**mine, "PYTHONPATH": str(CHECKOUT), **more}


def bot(
    folder: Path, *words: str, given: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Call the program in a folder of its own."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=folder, env=environment(**more), input=given, capture_output=True, text=True,
        timeout=WITHIN, check=False,
    )  # fmt: skip


def said_in_a_line(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.count("\n") == 1 and "Traceback" not in ended.stderr, ended.stderr
    for word in words:
        assert word in ended.stderr


class Process:
    """The program, running."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.output = ""

    async def says(self, wanted: str) -> str:
        """Read on until a line has ``wanted`` in it; returns the line."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WITHIN):
            while line := (await self.process.stdout.readline()).decode():
                self.output += line
                if wanted in line:
                    return line
        raise AssertionError(f"it never said {wanted!r}: {self.output}")

    async def asks(self, wanted: str) -> None:
        """Read on until ``wanted`` was printed, in a line that may not be ended yet."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WITHIN):
            while wanted not in self.output:
                self.output += (await self.process.stdout.readexactly(1)).decode()

    async def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        rest, _ = await asyncio.wait_for(self.process.communicate(), WITHIN)
        self.output += rest.decode()
        assert self.process.returncode is not None
        return self.process.returncode


@asynccontextmanager
async def running(folder: Path, *words: str, **more: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words,
        cwd=folder, env=environment(**more), stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield Process(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not true():  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.02)


def asked(address: str, path: str) -> tuple[int, str]:
    server = HTTPConnection(address.removeprefix("http://"), timeout=WITHIN)
    try:
        server.request("GET", path)
        answer = server.getresponse()
        return answer.status, answer.read().decode()
    finally:
        server.close()
