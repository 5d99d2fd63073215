"""Periods: what a municipality keeps how long, enforced at night, told in numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from bot import loading
from bot.importing import ImportRefused, read_municipality
from bot.scheduler import Scheduler
from handlers.privacy.actions import OWN_NOTICE
from storage import erasing, invitations, retention
from storage.models import (
    Ballot,
    Invitation,
    Membership,
    Municipality,
    Outbox,
    Person,
    Poll,
    Posted,
    RollSeat,
    Timer,
    WebMessage,
)
from storage.retention import Periods
from tests.polling import close_poll, open_poll
from tests.test_privacy import set_up
from tests.world import DEMO, Town


async def nights(town: Town, days: int) -> None:
    """Let days go by, and one night come."""
    town.now += timedelta(days=days)
    scheduler = Scheduler(town.db, town.clock, town.app.arrived.set)
    await scheduler._tidy()
    await town.until(town.now)


def leaves(town: Town, key: str) -> int:
    """Today is somebody's last day; returns their id."""
    with town.db.begin() as tx:
        person = tx.execute(select(Person).filter_by(key=key)).scalar_one()
        for row in tx.execute(select(Membership).filter_by(person_id=person.id)).scalars():
            row.end_date = town.now.date()
        return int(person.id)


async def test_open_ballots_go_two_months_after_the_close_and_totals_stay(any_town: Town) -> None:
    town = any_town
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    await close_poll(town)
    result = town.one(Poll).result
    await nights(town, 59)
    assert len(town.all(Ballot)) == 1
    await nights(town, 2)
    assert town.all(Ballot) == [] and town.one(Poll).result == result
    assert sum(seat.voted_as is not None for seat in town.all(RollSeat)) == 1


async def test_running_votes_are_left_alone(town: Town) -> None:
    set_up(town, **{retention.SETTING: dict.fromkeys(("ballots", "cards"), 1)})
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    cards = len(town.all(Posted))
    await nights(town, 3)
    assert len(town.all(Ballot)) == 1 and len(town.all(Posted)) == cards


async def test_who_left_half_a_year_ago_becomes_anonymous_and_coordination_hears_a_number(
    any_town: Town,
) -> None:
    town = any_town
    id = leaves(town, "sg-08")
    await nights(town, 183)
    assert not erasing.is_erased(town.one(Person, id=id))
    await nights(town, 1)
    assert erasing.is_erased(town.one(Person, id=id))
    report = town.coordination.newest()
    assert "1 ausgeschiedene Person, jetzt anonym" in report and "Fraktion" not in report
    assert "ausgeschiedene" not in town.group_b.newest()
    with town.db.read() as tx:
        at, counts = retention.last(tx, town.id) or pytest.fail("no report was kept")
    assert at == town.now and counts.former_members == 1


async def test_whoever_comes_back_is_not_erased(town: Town) -> None:
    id = leaves(town, "sg-08")
    with town.db.begin() as tx:
        for row in tx.execute(select(Membership).filter_by(person_id=id)).scalars():
            row.start_date, row.end_date = town.now.date() + timedelta(days=100), None
    await nights(town, 400)
    assert not erasing.is_erased(town.one(Person, id=id))


async def test_deliveries_invitations_and_the_web_chat_have_their_periods(town: Town) -> None:
    await town.group_a.says("/hilfe")
    with town.db.begin() as tx:
        person = tx.execute(select(Person).filter_by(key="sg-08")).scalar_one()
        invitations.create(tx, person.id, town.id, town.now, 14)
    await nights(town, 89)
    assert town.all(Outbox, place="sg-08") and town.all(Invitation)
    await nights(town, 2)
    assert not town.all(Outbox, place="sg-08") and town.all(Invitation)
    await nights(town, 14)
    assert not town.all(Invitation) and town.all(WebMessage, place="sg-08")
    await nights(town, 76)
    assert not town.all(WebMessage, place="sg-08")


async def test_cards_of_a_closed_vote_are_forgotten(town: Town) -> None:
    await open_poll(town)
    await close_poll(town)
    assert town.all(Posted, board_kind="ballot") and town.all(Posted, board_kind="poll")
    await nights(town, 91)
    for kind in ("ballot", "poll", "result"):
        assert not town.all(Posted, board_kind=kind), kind


async def test_coordination_hears_of_it_once_a_month(town: Town) -> None:
    set_up(town, **{retention.SETTING: {"deliveries": 1}})
    heard = []
    for _ in range(31):
        await town.group_a.says("/hilfe")
        before = town.coordination.newest()
        await nights(town, 2)
        heard.append(town.coordination.newest() != before)
    assert sum(heard) in (2, 3)
    assert "Löschfristen" in town.coordination.newest() or any(heard)


async def test_each_municipality_has_its_own_periods(town: Town) -> None:
    set_up(town, **{retention.SETTING: {"web_messages": 3}})
    await town.group_a.says("/hilfe")
    await town.neighbour.says("/hilfe")
    await nights(town, 4)
    assert not town.all(WebMessage, place="sg-08") and town.all(WebMessage, place="tw-01")


async def test_the_night_is_an_event_of_each_town(town: Town) -> None:
    await Scheduler(town.db, town.clock, town.app.arrived.set)._tidy()
    nightly = [timer for timer in town.all(Timer) if timer.key.startswith("retention:")]
    assert len(nightly) == len(town.all(Municipality)) == 2
    await town.until(town.now)
    # What is left is the next day on which somebody comes or goes.
    assert all(timer.due_at > town.now for timer in town.all(Timer))
    with town.db.read() as tx:
        assert all(retention.last(tx, row.id) for row in town.all(Municipality))


# --- settings ------------------------------------------------------------------------------


def file_with(part: str) -> str:
    return (DEMO / "tannwiesen.yaml").read_text("utf-8") + "\n" + part


def load(town: Town, text: str) -> dict[str, Any]:
    with town.db.begin() as tx:
        loading.load(tx, read_municipality(text), town.now)
    return dict(town.one(Municipality, slug="tannwiesen").settings)


async def test_the_file_of_a_municipality_sets_periods_and_notice(town: Town) -> None:
    part = "retention: {web_messages: 30, ballots: 10}\nprivacy: {de: Eigene Worte.}\n"
    settings = load(town, file_with(part))
    periods = Periods.of(settings)
    assert (periods.web_messages, periods.ballots, periods.deliveries) == (30, 10, 90)
    assert settings[OWN_NOTICE] == {"de": "Eigene Worte."}
    assert "Eigene Worte." in await town.neighbour.says("/datenschutz")
    back = load(town, file_with(""))
    assert Periods.of(back) == Periods() and not back[OWN_NOTICE]


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ("retention: {ballots: 0}", "retention.ballots"),
        ("retention: {ballots: ewig}", "retention.ballots"),
        ("retention: {former_members: 99999}", "retention.former_members"),
        ("retention: {alles: 3}", "retention.alles"),
        ("privacy: {en: Only English.}", "privacy.de"),
    ],
)
def test_periods_that_make_no_sense_are_named_in_a_line(part: str, place: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        read_municipality(file_with(part))
    [line] = refused.value.errors
    assert line.startswith(f"{place}: ") and "\n" not in line
