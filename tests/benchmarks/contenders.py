"""Who runs: our bot as operators start it, and the baseline."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import town
from tests.benchmarks.processes import Api, Bot, api, bot
from tests.benchmarks.town import CHOICES, GROUP, VOTERS, Presses

OURS, BASELINE, CONCURRENT = "GNK-Bot", "baseline", "baseline, concurrent"


@dataclass
class Contender:
    """A bot that is ready to be started, any number of times, and its server with the voters."""

    name: str
    api: Api
    presses: Presses
    command: list[str]
    folder: Path
    db: Path

    def running(self, **more: str) -> AbstractContextManager[Bot]:
        """The bot, started, with ``more`` in its environment; it takes a while to be ready."""
        return bot(self.command, self.folder, self.db, **more)

    def ready(self) -> None:
        """Wait until the started bot has answered a press and is at rest."""
        self.vote(1)
        self.api.quiet()

    def vote(self, number: int) -> list[tuple[float, float]]:
        """So many presses at once; returns when each was pressed and answered."""
        self.api.ask("queue", presses=self.presses.next(number))
        return self.api.answers(number)


@contextmanager
def contender(name: str, running: int = 1) -> Iterator[Contender]:
    """One of the bots in a folder of its own, its voters with their ballots before them; ours
    with so many running polls."""
    with TemporaryDirectory(prefix="gnk-bench-") as folder, api() as server:
        server.ask("voters", ids=VOTERS)
        if name == OURS:
            yield _ours(Path(folder), server, running)
        else:
            yield _baseline(name, Path(folder), server)


def _ours(folder: Path, server: Api, running: int) -> Contender:
    db = folder / "bot.sqlite3"
    data = town.settle(db, running)
    settings = folder / "gnk-bot.toml"
    settings.touch(mode=0o600)
    settings.write_text(
        f'database = "sqlite:///{db.name}"\ndata = "data"\n'
        f'[telegram]\ntoken = "{server.token}"\nbase_url = "{server.url}"\n',
        "utf-8",
    )
    if server.ask("group", title="Steuerungsgruppe", members=VOTERS, bot="administrator") != GROUP:
        raise RuntimeError("the group has another number than expected")
    command = [sys.executable, "-m", "bot", "run", "--config", settings.name]
    made = Contender(OURS, server, Presses(data), command, folder, db)
    with made.running():
        # The board goes to the group, and a ballot to everybody.
        while server.calls().get("sendMessage", 0) <= len(VOTERS):
            server.quiet(0.5)
        server.quiet()
    return made


def _baseline(name: str, folder: Path, server: Api) -> Contender:
    choices = [[f"Photovoltaik auf Dächern, Abschnitt {n}", f"vote:1:{n}"] for n in range(CHOICES)]
    text = "Ihr Stimmzettel: Klimaschutz und Energie\n" + "Sie haben 3 Klebepunkte. " * 10
    server.ask("ballots", ids=VOTERS, text=text, choices=choices)
    db = folder / "baseline.sqlite3"
    command = [sys.executable, "-m", "tests.benchmarks.baseline", server.url, server.token, str(db)]
    command += ["--concurrent"] if name == CONCURRENT else []
    data = {voter: [data for _, data in choices] for voter in VOTERS}
    return Contender(name, server, Presses(data), command, folder, db)
