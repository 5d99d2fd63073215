"""How often the bot is killed, and by what chance: ``pytest tests/kill --kills 999 --kill-seed 7``.

The options exist only where this folder is named on the command line; everywhere else the defaults
hold.
"""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.kill.lives import Zygote, zygote
from tests.kill.story import KILLS

USUAL = 216
"""Kills in an ordinary run of the tests, Matrix and PostgreSQL not counted."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=USUAL, help="how often the bot is killed")
    parser.addoption("--kill-seed", type=int, default=None, help="for the same choices again")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """As many votes as it takes for that many kills, alternating between the platforms."""
    if "number" in metafunc.fixturenames:
        votes = -(-metafunc.config.getoption("--kills", USUAL) // (2 * KILLS))
        metafunc.parametrize("number", range(votes))


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Chance by the seed that is printed, different in each test."""
    seed = request.config.getoption("--kill-seed", None)
    seed = secrets.randbelow(10**6) if seed is None else seed
    print(f"the same choices again: --kill-seed {seed}")
    return random.Random(f"{seed} {request.node.name}")


@pytest.fixture(scope="session")
def mother() -> Iterator[Zygote]:
    """Where all lives come from."""
    with zygote() as made:
        yield made


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Iterator[Counter[str]]:
    """Where a test counts its kills, as ``telegram sent``; it goes with the test's report."""
    counted: Counter[str] = Counter()
    yield counted
    request.node.user_properties.append(("kills", dict(counted)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Where the bot was killed how often."""
    counted: Counter[str] = Counter()
    for report in (r for reports in terminalreporter.stats.values() for r in reports):
        if getattr(report, "when", "") == "teardown":
            counted.update(dict(report.user_properties).get("kills", {}))
    for platform in sorted({name.split()[0] for name in counted}):
        points = {n.split()[1]: c for n, c in sorted(counted.items()) if n.split()[0] == platform}
        words = ", ".join(f"{point} {number}" for point, number in points.items())
        terminalreporter.write_line(f"killed on {platform} {sum(points.values())} times: {words}")
