"""The way out: what goes wrong with one delivery stays with that one, and no change is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta

import pytest
from sqlalchemy import event

from bot.platforms import Delivered, Delivery, Outcome, Retry, Unknown
from handlers.chat import Command, Press, Said
from storage import outbox
from storage.models import Outbox, Posted
from storage.outbox import Draft
from tests.messenger import Meeting, Messenger
from tests.polling import open_poll
from tests.world import Town


async def test_a_row_that_cannot_be_prepared_stands_in_nobodys_way(town: Town) -> None:
    spoiled = Draft("web", town.group_a.who, "card", {"no": "card"}, "de")
    with town.db.begin() as tx:
        outbox.put(tx, [spoiled], town.now)
    assert "Sprache" in await town.group_a.says("/sprache")
    row = town.all(Outbox)[0]
    assert (row.state, row.error) == ("failed", "cannot be prepared: KeyError")


async def test_what_was_sent_leaves_no_content_behind(town: Town) -> None:
    await town.group_a.says("/hilfe")
    assert [(row.state, row.content) for row in town.all(Outbox)] == [("sent", {})]


class _Slow(Messenger):
    """A platform on which something happens while the next card is on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Meeting | None = None
        self.press = ""

    async def deliver(self, delivery: Delivery) -> Outcome:
        meeting, self.meanwhile = self.meanwhile, None
        if meeting is not None:
            await self._press(meeting)
        return await super().deliver(delivery)

    async def _press(self, meeting: Meeting) -> None:
        deliveries = meeting.deliveries
        deliveries.stopping = True
        await meeting.happens("group_a", Press(self.press), message="1")
        deliveries.stopping = False


async def test_a_vote_while_the_ballot_is_on_its_way_is_shown_on_it(town: Town) -> None:
    await open_poll(town)
    slow = _Slow()
    meeting = Meeting(town.db, slow)
    meeting.link("group_a")
    await meeting.types("group_a", "/offen")
    await meeting.presses("group_a", "Abstimmen")
    slow.press = slow.shown[-1].actions[0]
    await meeting.types("group_a", "/offen")
    slow.meanwhile = meeting
    await meeting.presses("group_a", "Abstimmen")
    meeting.passes(seconds=3)
    await meeting.settle()
    newest = [s for s in slow.shown if s.board is not None and s.board.kind == "ballot"][-1]
    assert "●○" in newest.labels[0]


class _Failing(Messenger):
    """A platform that answers with what it is told to."""

    def __init__(self, *outcomes: Outcome) -> None:
        super().__init__()
        self.outcomes = list(outcomes)

    async def deliver(self, delivery: Delivery) -> Outcome:
        outcome = self.outcomes.pop(0) if self.outcomes else Delivered("")
        return await super().deliver(delivery) if isinstance(outcome, Delivered) else outcome


async def test_what_was_refused_before_it_was_sent_is_tried_again_when_asked(town: Town) -> None:
    meeting = Meeting(town.db, _Failing(Retry(timedelta(seconds=30), "429")))
    meeting.link("group_a")
    assert await meeting.types("group_a", "/hilfe") == ""
    meeting.passes(seconds=29)
    await meeting.settle()
    assert meeting.messenger.shown == []
    meeting.passes(seconds=1)
    await meeting.settle()
    assert len(meeting.messenger.shown) == 1


async def test_what_may_have_been_sent_is_never_repeated(town: Town) -> None:
    meeting = Meeting(town.db, _Failing(Unknown("no answer")))
    meeting.link("group_a")
    await meeting.types("group_a", "/hilfe")
    meeting.passes(hours=1)
    await meeting.settle()
    assert meeting.messenger.shown == []
    assert [row.state for row in town.all(Outbox)] == ["unknown"]
    assert await meeting.types("group_a", "/hilfe"), "what follows is not held up"


async def test_a_board_in_a_lost_place_is_let_go(town: Town) -> None:
    await open_poll(town)
    meeting = Meeting(town.db)
    meeting.link("group_a")
    await meeting.types("group_a", "/offen")
    await meeting.presses("group_a", "Abstimmen")
    meeting.messenger.closed.add("d-group_a")
    await town.group_a.press("Photovoltaik")
    meeting.passes(seconds=10)
    await meeting.settle()
    gone = [p for p in town.all(Posted) if p.place == "d-group_a" and p.board_kind == "ballot"]
    assert [p.gone for p in gone] == [True]


async def test_an_outage_of_an_hour_delays_and_loses_nothing(town: Town) -> None:
    refusals = [Retry(timedelta(seconds=5), "no connection") for _ in range(30)]
    meeting = Meeting(town.db, _Failing(*refusals))
    meeting.link("group_a")
    await meeting.types("group_a", "/hilfe")
    for _ in range(200):
        meeting.passes(seconds=60)
        await meeting.settle()
    assert len(meeting.messenger.shown) == 1


async def test_words_that_a_database_cannot_hold_are_answered_and_block_nobody(
    any_town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    town = any_town
    meeting = Meeting(town.db)
    meeting.link("group_a")
    await meeting.happens("group_a", Command("hilfe", "a\0b"))
    await meeting.happens("group_a", Said("ein\0geheimes\0Wort"))
    assert "Sprache" in await meeting.types("group_a", "/sprache")
    assert "geheimes" not in caplog.text


async def test_a_database_that_is_unable_for_a_while_loses_no_outcome(town: Town) -> None:
    """Another program holds the database while the bot has just delivered something."""
    path = town.db.url.removeprefix("sqlite:///")
    sent = asyncio.Event()

    class Watched(Messenger):
        async def deliver(self, delivery: Delivery) -> Outcome:
            outcome = await super().deliver(delivery)
            holder.execute("BEGIN IMMEDIATE")
            sent.set()
            return outcome

    holder = sqlite3.connect(path, isolation_level=None)
    meeting = Meeting(town.db, Watched())
    meeting.link("group_a")
    event.listen(town.db.engine, "connect", _impatient)
    town.db.engine.dispose()
    talking = asyncio.create_task(meeting.types("group_a", "/hilfe"))
    await asyncio.wait_for(sent.wait(), 10)
    await asyncio.sleep(0.5)
    assert not talking.done()
    holder.execute("ROLLBACK")
    assert await asyncio.wait_for(talking, 15)
    assert [row.state for row in town.all(Outbox)] == ["sent"]
    holder.close()


def _impatient(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA busy_timeout = 100")
