"""After a secret poll, a copy of everything that is stored tells nobody who voted how.

An honest attacker (``tests/attacker.py``) tries every way it knows on real elections; what it gets
right must be what chance would give it. Where the close does less than it does, it wins.
"""

from __future__ import annotations

import json
import logging
import random
import secrets
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import column, create_engine, delete, inspect, select, text
from sqlalchemy.pool import NullPool

from bot import answers
from bot.platforms.web.checks import Pressed, Spoken
from handlers.chat import Answers, Due, Event, Place, PlaceKind
from handlers.polls import closing
from handlers.polls.actions import Vote
from handlers.polls.opening import Plan, publish
from handlers.router import Context, Role, pack
from storage import ballots, polls
from storage.db import Database, Tx
from storage.models import Ballot, BallotKey, Municipality, Person, Poll, RollPerson
from tests import world
from tests.attacker import WAYS, Loot, Voter, by_transactions, hits_by_chance, most_by_chance
from tests.postgres import BOT, Server
from tests.world import MORNING, Town

VOTERS = 16
OPTIONS = tuple(f"Maßnahme {letter}" for letter in "ABCDEFGH")
DOTS = 3

BALLOTS = list(combinations(range(1, len(OPTIONS) + 1), DOTS))
"""All ways to place three dots on eight options: no two voters vote alike."""

FALSE_ALARM = 1e-8
"""How probable it is that an attacker who knows nothing exceeds the bound, for each way it tries:
with all ways and both databases less than once in a million runs."""


class Elections:
    """Secret polls in one town, one after the other, and what lies about after each."""

    def __init__(self, town: Town, log: pytest.LogCaptureFixture, seed: int) -> None:
        self.town, self.log, self.chance = town, log, random.Random(seed)

    async def hold(self) -> tuple[Loot, dict[int, tuple[int, ...]]]:
        """A poll from its opening to its close; returns the loot, and who voted how."""
        self.log.clear()
        poll, options = self._open()
        await self.town.settle()
        voters = self._voters(poll)
        truth = dict(
            zip((v.seat for v in voters), self.chance.sample(BALLOTS, VOTERS), strict=True)
        )
        for number, voter in enumerate(voters):
            await self._vote(voter, options, truth[voter.seat], typed=is_typed(number))
            if number % 8 == 7:
                await self.town.settle()
        self.town.pages.close()
        await self.town.until(self._closes_at(poll))
        return self._loot(poll, options, voters), truth

    def _open(self) -> tuple[int, list[int]]:
        town, now = self.town, self.town.now
        with town.db.begin() as tx:
            row = tx.get_one(Municipality, town.id)
            body = next(b for b in polls.bodies(tx, row.id) if b.kind == "steering_group")
            nowhere = Place("test", "test", PlaceKind.CHANNEL)
            ctx = Context(tx, town.routes, Event(nowhere, None, Due("", now), now), now, now)
            ctx.municipality, ctx.role = row, Role.COORDINATION
            ctx.person = tx.execute(select(Person).filter_by(key="sg-01")).scalar_one()
            plan = Plan(
                "dots", {"dots": DOTS, "max_per_option": 1}, {"de": "Geheim"},
                tuple(({"de": option}, None) for option in OPTIONS),
                body.id, now + timedelta(hours=1), secrecy="secret",
            )  # fmt: skip
            poll, said = publish(ctx, plan)
            answers.keep(ctx, said)
            return poll.id, polls.option_ids(tx, poll.id)

    def _closes_at(self, poll: int) -> datetime:
        at: datetime = self.town.one(Poll, id=poll).closes_at
        return at

    def _voters(self, poll: int) -> list[Voter]:
        """Sixteen of those who hold a seat, in the order in which they will vote."""
        people = {p.id: p.key for p in self.town.all(Person)}
        lines = self.town.all(RollPerson, poll_id=poll, position=0)
        chosen = self.chance.sample(lines, VOTERS)
        return [Voter(x.seat_id, x.id, x.person_id, people[x.person_id]) for x in chosen]

    async def _vote(
        self, voter: Voter, options: Sequence[int], ballot: Sequence[int], *, typed: bool
    ) -> None:
        """Each is handled before the next comes; cards are drawn anew every few votes."""
        chat = self.town.chat
        if typed:
            await chat.said(voter.key, Spoken(str(uuid.uuid4()), "direct", _typed(ballot)))
        else:
            messages = self.town.somebody(voter.key).messages()
            card = next(m["id"] for m in reversed(messages) if len(m["buttons"]) >= len(OPTIONS))
            for number in ballot:
                packed = pack(Vote(voter.entry, options[number - 1], 0, 0))
                await chat.pressed(voter.key, Pressed(str(uuid.uuid4()), "direct", card, packed))
        while await self.town.app.work():
            await self.town.app.settle()

    def _loot(self, poll: int, options: list[int], voters: Sequence[Voter]) -> Loot:
        rows, files = copied(self.town.db)
        files["log"] = self.log.text.encode()
        box = [row for row in rows.pop("ballot") if row["poll_id"] == poll]
        result = next(row["result"] for row in rows["poll"] if row["id"] == poll)
        return Loot(voters, options, box, rows, files, result["receipts"])


def is_typed(number: int) -> bool:
    """Two of three voters type their ballot, the others press its buttons."""
    return number % 3 > 0


def _typed(ballot: Sequence[int]) -> str:
    return " ".join(map(str, ballot))


# --- the copy ----------------------------------------------------------------------------------


def copied(db: Database) -> tuple[dict[str, list[dict[str, Any]]], dict[str, bytes]]:
    """All rows, in the order in which they lie in the file, and the files themselves."""
    return _of_sqlite(db) if db.is_sqlite else _of_postgres(db)


def _of_sqlite(db: Database) -> tuple[dict[str, list[dict[str, Any]]], dict[str, bytes]]:
    path = Path(db.url.removeprefix("sqlite:///"))
    files = {
        ending or "db": file.read_bytes()
        for ending in ("", "-wal", "-shm", "-journal")
        if (file := path.with_name(path.name + ending)).exists()
    }
    return _rows(db.url, "SELECT rowid AS place, * FROM {} ORDER BY rowid"), files


def _of_postgres(db: Database) -> tuple[dict[str, list[dict[str, Any]]], dict[str, bytes]]:
    """The files of its own tables and indexes, as whoever owns the machine reads them."""
    url = db.url.replace(f"{BOT}@", "gnk@")
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("CHECKPOINT"))
        data = Path(str(connection.execute(text("SHOW data_directory")).scalar_one()))
        found = connection.execute(
            text(
                "SELECT relname, pg_relation_filepath(oid) FROM pg_class"
                " WHERE relkind IN ('r', 'i', 't') AND oid >= 16384"
            )
        ).all()
    engine.dispose()
    folder = (data / found[0][1]).parent
    files = {file.name: file.read_bytes() for file in folder.iterdir() if _is_own(file, found)}
    asked = "SELECT ctid::text AS place, xmin::text::bigint AS xmin, * FROM {} ORDER BY ctid"
    return _rows(url, asked), files


def _is_own(file: Path, found: Sequence[Any]) -> bool:
    """Whether it belongs to the bot's tables, or to one that was thrown away."""
    number = file.name.split(".")[0].split("_")[0]
    return number.isdigit() and int(number) >= 16384


def _rows(url: str, asked: str) -> dict[str, list[dict[str, Any]]]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        made = {
            table: [
                {name: _parsed(value) for name, value in row.items()}
                for row in connection.execute(text(asked.format(table))).mappings()
            ]
            for table in inspect(engine).get_table_names()
        }
    engine.dispose()
    return made


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(value)
    return value


# --- what the attacker gets ---------------------------------------------------------------------


async def attack(elections: Elections, number: int) -> Counter[str]:
    """How many voters each way finds right in so many elections."""
    ways = dict(WAYS)
    if not elections.town.db.is_sqlite:
        ways["transactions in the order of votes"] = by_transactions("votes")
        ways["transactions in the order of seats"] = by_transactions("seats")
    right: Counter[str] = Counter(dict.fromkeys(ways, 0))
    for _ in range(number):
        loot, truth = await elections.hold()
        assert sorted(loot.box) == sorted(truth.values()), "all have voted, and all is counted"
        for name, guess in ways.items():
            made = guess(loot)
            right[name] += sum(made[seat] == ballot for seat, ballot in truth.items())
    return right


def most(elections: int) -> int:
    """The most that an attacker who knows nothing gets right."""
    return most_by_chance(VOTERS, elections, FALSE_ALARM)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that is logged, down to the details."""
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.fixture
async def town_on_postgres(postgres_server: Server, postgres_template: str) -> AsyncIterator[Town]:
    """Ilmbrück on PostgreSQL."""
    url = postgres_server.create(postgres_template)
    db = Database(url)
    with db.begin() as tx:
        world.settle(tx, MORNING)
    async with world.living(db) as living:
        yield living
    db.close()
    postgres_server.drop(url)


async def test_nobody_is_found_out_better_than_by_chance(
    town: Town, log: pytest.LogCaptureFixture
) -> None:
    right = await attack(Elections(town, log, 7), 10)
    assert max(right.values()) <= most(10), right


@pytest.mark.postgres
async def test_nobody_is_found_out_on_postgresql_either(
    town_on_postgres: Town, log: pytest.LogCaptureFixture
) -> None:
    right = await attack(Elections(town_on_postgres, log, 8), 5)
    assert max(right.values()) <= most(5), right


# --- that it can be lost ------------------------------------------------------------------------


def _only_the_key_goes(tx: Tx, poll: Poll) -> None:
    tx.execute(delete(BallotKey))


def _the_key_stays(tx: Tx, poll: Poll) -> None:
    box = tx.execute(select(Ballot).where(column("poll_id") == poll.id)).scalars().all()
    for ballot, key in zip(box, sorted(secrets.token_hex(16) for _ in box), strict=True):
        ballot.key = key


def _nothing_is_forgotten(ctx: Context, poll: Poll) -> Answers:
    return []


async def test_the_attacker_wins_where_ballots_are_not_written_anew(
    town: Town, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ballots, "cut_loose", _only_the_key_goes)
    right = await attack(Elections(town, log, 9), 2)
    assert right["rows in the order of votes"] == 2 * VOTERS > most(2)


@pytest.mark.postgres
async def test_the_attacker_wins_by_the_transactions_of_postgresql(
    town_on_postgres: Town, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ballots, "cut_loose", _only_the_key_goes)
    right = await attack(Elections(town_on_postgres, log, 10), 1)
    assert right["transactions in the order of votes"] == VOTERS > most(1)


async def test_the_attacker_wins_where_the_key_stays(
    town: Town, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ballots, "cut_loose", _the_key_stays)
    right = await attack(Elections(town, log, 12), 2)
    assert right["a key left behind"] == 2 * VOTERS > most(2)


async def test_the_attacker_wins_where_words_and_freed_pages_stay(
    town: Town, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "forget", _nothing_is_forgotten)
    right = await attack(Elections(town, log, 11), 2)
    typed = 2 * len([n for n in range(VOTERS) if is_typed(n)])
    assert right["rows about people"] >= typed > most(2)
    assert right["neighbours"] >= typed


def test_chance_finds_one_voter_in_an_election() -> None:
    """The bound comes from exact counts: derangements sum to 1, and the mean is one voter."""
    for elections in (1, 6):
        total = hits_by_chance(VOTERS, elections)
        assert sum(total) == pytest.approx(1)
        assert sum(n * p for n, p in enumerate(total)) == pytest.approx(elections)
