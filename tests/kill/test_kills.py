"""The bot is killed with SIGKILL while people vote; nothing is lost, doubled or misreported."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from storage.db import Database
from tests import world
from tests.kill.lives import Zygote
from tests.kill.on_matrix import OnMatrix
from tests.kill.on_telegram import OnTelegram
from tests.kill.on_web import CHANNEL, OnWeb
from tests.kill.story import KILLS, goes
from tests.kill.victim import Order
from tests.kill.vote import COORDINATION, START, VOTERS, Vote, Way, open_vote
from tests.platforms import botapi
from tests.platforms.matrix.synapse import Synapse, online, synapse
from tests.postgres import Server

__all__ = ["synapse"]

pytestmark = pytest.mark.kill


async def vote_by(
    way: Way,
    db: Database,
    accounts: dict[str, list[tuple[str, str]]],
    places: list[str],
    folder: Path,
    mother: Zygote,
    chance: random.Random,
    record: Counter[str],
    kills: int = KILLS,
) -> None:
    """A vote, secret or open by chance, with accounts and channels as ``open_vote`` wants them."""
    secret = chance.random() < 0.4
    poll, options, lines, key = open_vote(
        db, accounts, places, platform=way.platform, secret=secret
    )
    vote = Vote(db, folder, mother, way, chance, secret, poll, options, lines, key)
    if isinstance(way, OnMatrix):
        way.options = options
    try:
        await goes(vote, kills)
    finally:
        if vote.life is not None:
            await vote.life.kill()
        name = way.platform if db.is_sqlite else f"{way.platform}-postgresql"
        record.update({f"{name} {point}": n for point, n in vote.kills.items()})
        log = folder / "log"
        said = log.read_text() if log.exists() else ""
        db.close()
    assert "ERROR" not in said, said


async def test_on_telegram_nothing_is_lost_or_doubled_however_often_the_bot_is_killed(
    number: int,
    mother: Zygote,
    town_template: Path,
    tmp_path: Path,
    chance: random.Random,
    record: Counter[str],
) -> None:
    shutil.copy(town_template, tmp_path / "bot.sqlite3")
    db = Database(f"sqlite:///{tmp_path / 'bot.sqlite3'}")
    async with botapi.running() as server:
        way = OnTelegram(server)
        places = [str(way.group.id)]
        await vote_by(way, db, way.accounts, places, tmp_path, mother, chance, record)


@pytest.mark.postgres
async def test_on_postgresql_nothing_is_lost_or_doubled_either(
    postgres_server: Server,
    postgres_template: str,
    mother: Zygote,
    tmp_path: Path,
    chance: random.Random,
    record: Counter[str],
) -> None:
    url = postgres_server.create(postgres_template)
    db = Database(url)
    with db.begin() as tx:
        world.settle(tx, world.MORNING)
    async with botapi.running() as server:
        way = OnTelegram(server)
        places = [str(way.group.id)]
        await vote_by(way, db, way.accounts, places, tmp_path, mother, chance, record)
    postgres_server.drop(url)


async def test_in_the_web_chat_nothing_is_lost_or_doubled_however_often_the_bot_is_killed(
    number: int,
    mother: Zygote,
    town_template: Path,
    tmp_path: Path,
    chance: random.Random,
    record: Counter[str],
) -> None:
    shutil.copy(town_template, tmp_path / "bot.sqlite3")
    db = Database(f"sqlite:///{tmp_path / 'bot.sqlite3'}")
    way = OnWeb(db)
    try:
        await vote_by(way, db, way.accounts, [CHANNEL], tmp_path, mother, chance, record)
    finally:
        await way.close()


@pytest.mark.synapse
async def test_on_matrix_nothing_is_lost_or_doubled_however_often_the_bot_is_killed(
    synapse: Synapse,
    mother: Zygote,
    town_template: Path,
    tmp_path: Path,
    chance: random.Random,
    record: Counter[str],
) -> None:
    shutil.copy(town_template, tmp_path / "bot.sqlite3")
    db = Database(f"sqlite:///{tmp_path / 'bot.sqlite3'}")
    bot = synapse.user("gnk-bot")
    async with (
        online(synapse.user("koordination"), tmp_path / "k") as office,
        online(synapse.user("fraktion-a"), tmp_path / "a") as group_a,
        online(synapse.user("fraktion-b"), tmp_path / "b") as group_b,
        online(synapse.user("sportverein"), tmp_path / "c") as sports_club,
    ):
        members = (office, group_a, group_b, sports_club)
        people = dict(zip((COORDINATION, *VOTERS), members, strict=False))
        way = OnMatrix(db, bot, tmp_path / "store", people)
        order = Order("matrix", way.about(), db.url, 0, START.isoformat(), str(tmp_path / "log"))
        life = await mother.life(order)
        try:
            await way.meet()
        finally:
            await life.kill()
        await vote_by(way, db, way.accounts, [way.channel], tmp_path, mother, chance, record)
