"""A town's rooms under the limits that a homeserver comes with, and with those lifted.

What Synapse allows without being told otherwise: 10 events at once and then one in 5 seconds; 10
rooms at once and then one a minute; 5 invitations of the same person, then one in 333 seconds. A
space, five rooms and 25 people in all of them are 161 events: some 13 minutes. Here it is a slice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from bot.platforms.matrix.server import Login
from handlers.chat import (
    Done,
)
from handlers.tasks import BringIn, Inspect, MakeRoom
from storage import outbox
from tests.platforms.matrix.between import between
from tests.platforms.matrix.synapse import Synapse, require
from tests.platforms.matrix.town import Town, running

pytestmark = pytest.mark.synapse

BODIES = ("steuerung", "kern", "koordination", "energie", "verkehr")


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """A homeserver as it comes."""
    require()
    server = Synapse(tmp_path_factory.mktemp("strict"), strict=True)
    yield server
    server.stop()


async def done_of(town: Town, numbers: list[int], least: int | None = None) -> list[Done]:
    """Wait until these tasks are done (or that many of them); what became of them."""
    async with asyncio.timeout(60):
        while True:
            done = [d for n in numbers if (d := town.works.became(n)) is not None]
            if len(done) >= (least or len(numbers)):
                return done
            await asyncio.sleep(0.05)


async def make(town: Town) -> list[str]:
    """Make the space and its rooms; their ids, the space first."""
    whole = await town.works.made(MakeRoom("ort", "Ilmbrück", "", space=True))
    rooms = [MakeRoom(f"ort-{body}", body.title(), "", inside=whole) for body in BODIES]
    done = await done_of(town, [await town.works.begin("*", room) for room in rooms])
    assert all(d.well and d.told == {"missing": []} for d in done), done
    return [whole, *(d.ref or "" for d in done)]


async def test_the_usual_limits_make_it_slow_and_nothing_fails(
    strict: Synapse, tmp_path: Path
) -> None:
    bot, login = strict.usual_user("gnk-bot"), strict.usual_user("anna")
    async with between(strict.address) as way:
        slow = Login(way.address, bot.user_id, bot.access_token, bot.device_id)
        async with running(tmp_path, slow) as town:
            begun = monotonic()
            places = await make(town)
            numbers = [await town.works.begin(place, BringIn(login.user_id)) for place in places]
            assert all(d.well for d in await done_of(town, numbers, 5))
            # 16 events, of which 10 cost nothing.
            assert 20 < monotonic() - begun < 60
            # The sixth invitation of the same person has to wait for minutes, in the outbox.
            await town.until(lambda: put_off(town) > 100)
            [waiting] = [n for n in numbers if town.works.became(n) is None]
            # Being refused may cost an invitation: the pace is kept beforehand.
            assert way.count("/invite") == len(numbers)
            # What goes elsewhere does not wait for it.
            elsewhere = places[numbers.index(waiting) - 1]
            seen = (await town.works.do(elsewhere, Inspect())).told["members"]
            assert list(seen) == [login.user_id]


def put_off(town: Town) -> float:
    """Seconds until the next delivery."""
    with town.db.read() as tx:
        due = outbox.next_due(tx, "matrix")
    return (due - town.app.clock()).total_seconds() if due else 0.0


async def test_without_limits_a_whole_town_is_brought_in_at_once(
    strict: Synapse, tmp_path: Path
) -> None:
    bot = strict.user("gnk-bot")  # with ``override_ratelimit``, as docs/operators.md says
    people = [strict.usual_user(f"person{n}").user_id for n in range(25)]
    async with running(tmp_path, bot) as town:
        rooms = (await make(town))[1:]
        numbers = [await town.works.begin(room, BringIn(who)) for who in people for room in rooms]
        assert all(d.well for d in await done_of(town, numbers))
        for room in rooms:
            members = (await town.works.do(room, Inspect())).told["members"]
            assert set(members) == set(people)
