"""What is measured; each function returns lines of the table."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from tests.benchmarks.contenders import BASELINE, CONCURRENT, OURS, Contender, contender
from tests.benchmarks.processes import CHECKOUT, Bot, environment
from tests.benchmarks.slow_disk import PAUSE_MS, available, slow_disk
from tests.benchmarks.table import Row, Value, percentile, value
from tests.benchmarks.tallies import measured


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rounds: int = 10
    votes: int = 1_000
    """In a round."""
    paced: int = 200
    """Votes of a round at ``RATE``."""
    waiting: int = 10_000
    starts: int = 5


WHOLE, QUICK = Size(), Size(rounds=3, votes=300, paced=60, waiting=1_000, starts=2)
RATE = 20.0
"""Votes a second at which the time of one is measured: a meeting in which everybody votes."""


@dataclass
class Rounds:
    """What a bot showed in its rounds of votes."""

    contender: Contender
    bot: Bot
    votes: int
    per_second: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    resident: list[float] = field(default_factory=list)
    stored: int = 0
    edits: int = 0

    def start(self) -> None:
        """Get ready."""
        self.contender.ready()
        self.stored, self.edits = self.bot.stored(), self.contender.api.edits()

    def go(self) -> None:
        """One round: all votes at once, until the last is confirmed."""
        before = self.bot.processor()
        times = self.contender.vote(self.votes)
        took = max(answered for _, answered in times) - max(pressed for pressed, _ in times)
        self.per_second.append(self.votes / took)
        self.processor.append((self.bot.processor() - before) / self.votes * 1000)
        self.contender.api.quiet()
        self.resident.append(self.bot.resident())

    def end(self) -> None:
        """Per 1,000 votes: bytes stored and messages edited."""
        thousands = len(self.per_second) * self.votes / 1000
        self.stored = round((self.bot.stored() - self.stored) / thousands)
        self.edits = round((self.contender.api.edits() - self.edits) / thousands)


def votes(size: Size) -> list[Row]:
    """Votes a second, processor time, memory and disk. The bots take turns, round by round."""
    ours, baseline = _rounds((OURS, BASELINE), size.rounds, size.votes)
    _, concurrent = _rounds((OURS, CONCURRENT), 3, size.votes // 3)
    speed = value(ours.per_second, "/s")
    first, last = f"{size.votes:,}", f"{size.votes * size.rounds:,}"
    return [
        Row("confirmed votes, all at once", speed, value(baseline.per_second, "/s"), True,
            "goal: 3 times"),
        Row("the same, baseline with concurrent_updates", speed,
            value(concurrent.per_second, "/s"), True),
        Row("processor time a vote", value(ours.processor, "ms", 2),
            value(baseline.processor, "ms", 2)),
        Row(f"memory after {last} votes", _last(ours), _last(baseline)),
        Row(f"memory, growth since {first} votes", _growth(ours), _growth(baseline)),
        Row("database, growth per 1,000 votes", _one(ours.stored / 1024, "KiB"),
            _one(baseline.stored / 1024, "KiB")),
        Row("messages edited per 1,000 votes, all at once", _one(ours.edits, ""),
            _one(baseline.edits, "")),
    ]  # fmt: skip


def slowly(size: Size) -> list[Row]:
    """Votes a second where the disk is slow (Linux with a C compiler)."""
    if not available():
        return []
    with slow_disk() as environment:
        ours, baseline = _rounds((OURS, BASELINE), 3, size.votes, environment)
    return [
        Row(
            f"confirmed votes, all at once, disk {PAUSE_MS} ms slower",
            value(ours.per_second, "/s"), value(baseline.per_second, "/s"), True, "goal: 3 times",
        ),
    ]  # fmt: skip


def _rounds(
    names: Sequence[str], rounds: int, number: int, environment: Mapping[str, str] | None = None
) -> list[Rounds]:
    """Rounds of votes with these bots, in turn."""
    with ExitStack() as stack:
        every = []
        for name in names:
            made = stack.enter_context(contender(name))
            running = stack.enter_context(made.running(**(environment or {})))
            every.append(Rounds(made, running, number))
        for one in every:
            one.start()
        for _ in range(rounds):
            for one in every:
                one.go()
        for one in every:
            one.end()
        return every


def _one(number: float, unit: str, digits: int = 0) -> Value:
    return value([number], unit, digits)


def _last(rounds: Rounds) -> Value:
    return _one(rounds.resident[-1], "MiB")


def _growth(rounds: Rounds) -> Value:
    return _one(rounds.resident[-1] - rounds.resident[0], "MiB", 1)


def latency(size: Size) -> list[Row]:
    """How long one vote takes to be confirmed while 20 come every second."""
    found: dict[str, list[list[float]]] = {}
    edits: dict[str, float] = {}
    with ExitStack() as stack:
        every = [stack.enter_context(contender(name)) for name in (OURS, BASELINE)]
        for one in every:
            stack.enter_context(one.running())
            one.ready()
            found[one.name] = []
        before = {one.name: one.api.edits() for one in every}
        for _ in range(3):
            for one in every:
                one.api.ask("pace", presses=one.presses.next(size.paced), rate=RATE)
                times = one.api.answers(size.paced)
                found[one.name].append([(answered - pressed) * 1000 for pressed, answered in times])
        for one in every:
            one.api.quiet()
            edits[one.name] = (one.api.edits() - before[one.name]) / (3 * size.paced) * 1000

    def shown(name: str, of: Callable[[list[float]], float]) -> Value:
        return value([of(block) for block in found[name]], "ms", 1)

    def worst(block: list[float]) -> float:
        return percentile(block, 0.99)

    return [
        Row(f"one vote at {RATE:.0f} votes/s, median", shown(OURS, median),
            shown(BASELINE, median)),
        Row(f"one vote at {RATE:.0f} votes/s, p99", shown(OURS, worst), shown(BASELINE, worst)),
        Row(f"messages edited per 1,000 votes at {RATE:.0f} votes/s", _one(edits[OURS], ""),
            _one(edits[BASELINE], "")),
    ]  # fmt: skip


def backlog(size: Size) -> list[Row]:
    """From the start of the process until everything that waited is handled and answered."""

    def took(name: str) -> Value:
        with contender(name) as made:
            made.api.ask("queue", presses=made.presses.next(size.waiting))
            with made.running() as bot:
                times = made.api.answers(size.waiting)
            return _one(max(answered for _, answered in times) - bot.started_at, "s", 1)

    return [Row(f"{size.waiting:,} waiting updates, from the start", took(OURS), took(BASELINE))]


def start(size: Size) -> list[Row]:
    """From the start of the process until its first answer."""

    def took(name: str) -> Value:
        found = []
        with contender(name) as made:
            for _ in range(size.starts):
                made.api.ask("queue", presses=made.presses.next(1))
                with made.running() as bot:
                    [(_, answered)] = made.api.answers(1)
                    found.append(answered - bot.started_at)
                    made.api.quiet()
        return value(found, "s", 2)

    return [Row("cold start to the first answer", took(OURS), took(BASELINE))]


def imports(size: Size) -> list[Row]:
    """How long commands take that do nothing else."""

    def took(*words: str) -> Value:
        found = []
        for _ in range(2 * size.starts + 1):
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, *words],
                cwd=CHECKOUT, env=environment(), check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            found.append((time.perf_counter() - began) * 1000)
        return value(found[1:], "ms")

    helping = took("-m", "bot", "--help")
    return [
        Row("python -m bot --help (baseline: python -c pass)", helping, took("-c", "pass"),
            goal="goal: under 300 ms"),
        Row("the same (baseline: import telegram.ext)", helping, took("-c", "import telegram.ext")),
    ]  # fmt: skip


def many(size: Size) -> list[Row]:
    """How long one vote takes while one poll runs, and while a hundred do."""

    def took(running: int) -> Value:
        found = []
        with contender(OURS, running) as made, made.running():
            made.ready()
            for _ in range(3):
                made.api.ask("pace", presses=made.presses.next(size.paced), rate=RATE)
                times = made.api.answers(size.paced)
                found.append(median((answered - pressed) * 1000 for pressed, answered in times))
        return value(found, "ms", 1)

    return [Row("one vote with 100 open polls (baseline: with 1)", took(100), took(1))]


def tallies(size: Size) -> list[Row]:
    """How long the methods of voting count."""
    return measured(min(size.rounds, 5))


MEASURES: dict[str, Callable[[Size], list[Row]]] = {
    "votes": votes,
    "slow-disk": slowly,
    "latency": latency,
    "backlog": backlog,
    "start": start,
    "imports": imports,
    "many": many,
    "tallies": tallies,
}
