"""The server and the bots, each a process of its own, as in real life."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CHECKOUT = Path(__file__).resolve().parent.parent.parent
WITHIN = 600.0
"""Seconds after which something awaited counts as not happening."""

_CALLED_BY_BOTS = ("sendMessage", "editMessageText", "answerCallbackQuery", "pinChatMessage")


def environment() -> dict[str, str]:
    """Ours without the settings of an installed bot."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("GNK_")}
    return {**mine, "PYTHONPATH": str(CHECKOUT)}


class Api:
    """The Bot API server, steered over HTTP."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    def ask(self, what: str, **given: Any) -> Any:
        """Have something done (``tests.benchmarks.server.Stopwatch``)."""
        words = {"Content-Type": "application/json"}
        with closing(HTTPConnection(urlsplit(self.url).netloc, timeout=WITHIN)) as server:
            server.request("POST", f"/control/{what}", json.dumps(given), words)
            answer = server.getresponse()
            said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{what}: {said.decode()}")
        return json.loads(said)

    def calls(self) -> dict[str, int]:
        """How often each method was called so far."""
        counts: dict[str, int] = self.ask("counts")
        return counts

    def edits(self) -> int:
        """How many messages were changed so far."""
        return self.calls().get("editMessageText", 0)

    def answers(self, number: int) -> list[tuple[float, float]]:
        """Wait for answers to presses: when each was pressed and answered."""
        times: list[tuple[float, float]] = self.ask("answers", number=number, within=WITHIN)
        return times

    def quiet(self, seconds: float = 1.5, most: float = 20.0) -> None:
        """Wait until the bot calls nothing more, boards and all."""
        last, since, began = self.calls(), time.monotonic(), time.monotonic()
        while time.monotonic() - since < seconds and time.monotonic() - began < most:
            time.sleep(0.25)
            now = self.calls()
            if any(now.get(name) != last.get(name) for name in _CALLED_BY_BOTS):
                last, since = now, time.monotonic()


@contextmanager
def api() -> Iterator[Api]:
    """A fresh server."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.server"],
        cwd=CHECKOUT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if process.stdout is None:
            raise RuntimeError("no output")
        yield Api(**json.loads(process.stdout.readline()))
    finally:
        _end(process)


class Bot:
    """A running bot."""

    def __init__(self, process: subprocess.Popen[bytes], started_at: float, db: Path) -> None:
        self.process, self.started_at, self.db = process, started_at, db

    def resident(self) -> float:
        """Its memory in MiB."""
        asked = ["ps", "-o", "rss=", "-p", str(self.process.pid)]
        said = subprocess.run(asked, capture_output=True, text=True, check=True)
        return int(said.stdout) / 1024

    def processor(self) -> float:
        """Seconds of processor time so far, where the system tells it exactly (Linux), else 0."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        if not stat.exists():
            return 0.0
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stored(self) -> int:
        """Bytes of its database."""
        with closing(sqlite3.connect(self.db)) as db:
            pages, size = (db.execute(f"PRAGMA page_{n}").fetchone()[0] for n in ("count", "size"))
        return int(pages) * int(size)


@contextmanager
def bot(command: list[str], folder: Path, db: Path, **more: str) -> Iterator[Bot]:
    """A bot for as long as the block lasts; what it says goes to ``bot.log`` in the folder.

    ``more`` is added to its environment.
    """
    with (folder / "bot.log").open("ab") as log:
        started_at = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment(), **more},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Bot(process, started_at, db)
        if process.poll() is not None:
            raise RuntimeError((folder / "bot.log").read_text()[-2000:])
    finally:
        _end(process)


def _end(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
