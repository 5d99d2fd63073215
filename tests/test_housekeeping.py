"""What the night drops, and what it keeps."""

from __future__ import annotations

from datetime import timedelta

from storage import housekeeping, inbox, outbox
from storage.inbox import Arrival
from storage.models import CodeTrial, Inbox, Outbox, Posted
from storage.outbox import Draft
from tests.polling import open_poll
from tests.world import Town


def tidy(town: Town, **later: float) -> None:
    with town.db.begin() as tx:
        housekeeping.tidy(tx, town.now + timedelta(**later))


async def test_what_a_stranger_was_told_is_gone_after_two_nights(town: Town) -> None:
    stranger = town.somebody("fremd")
    await stranger.says("/start")
    await stranger.says("/beitreten ABCD-EFGH-JKMN")
    await town.group_a.says("/hilfe")
    tidy(town, hours=25)
    assert [row.place for row in town.all(Outbox)] == [town.group_a.who]
    assert {row.place for row in town.all(Posted)} == {town.group_a.who}
    assert town.all(CodeTrial) == [] and stranger.messages() == []


async def test_handled_events_go_after_a_week_and_waiting_ones_stay(town: Town) -> None:
    await town.group_a.says("/hilfe")
    with town.db.begin() as tx:
        inbox.put(tx, "elsewhere", [Arrival("1", "x", "{}")], town.now)
    tidy(town, days=6)
    assert len(town.all(Inbox)) == 2
    tidy(town, days=8)
    assert [row.platform for row in town.all(Inbox)] == ["elsewhere"]


async def test_what_could_not_be_read_goes_after_a_month(town: Town) -> None:
    with town.db.begin() as tx:
        inbox.put(tx, "web", [Arrival("1", "x", "no JSON")], town.now)
    await town.settle()
    tidy(town, days=29)
    assert [row.state for row in town.all(Inbox)] == [inbox.QUARANTINED]
    tidy(town, days=31)
    assert town.all(Inbox) == []


async def test_what_was_not_delivered_loses_its_content_after_a_week(town: Town) -> None:
    with town.db.begin() as tx:
        outbox.put(tx, [Draft("web", "x", "card", {"no": "card"}, "de", town.id)], town.now)
    await town.settle()
    tidy(town, days=6)
    assert town.one(Outbox).content == {"no": "card"}
    tidy(town, days=8)
    assert (town.one(Outbox).state, town.one(Outbox).content) == ("failed", {})


async def test_an_open_poll_is_none_of_the_nights_business(town: Town) -> None:
    await open_poll(town)
    before = len(town.all(Posted))
    tidy(town, days=1)
    assert len(town.all(Posted)) == before
