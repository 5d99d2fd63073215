"""Polls and the clock: in time, too late, down at the deadline."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from bot.platforms.web.checks import Pressed
from storage import timers
from storage.models import (
    Poll,
)
from tests.polling import (
    DEADLINE,
    GROUP,
    ballots,
    change_rules,
    first_option,
    open_poll,
)
from tests.world import Town


async def test_the_poll_closes_at_its_deadline_by_itself(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    await town.until(DEADLINE - timedelta(seconds=1))
    assert town.one(Poll).state == "open"
    await town.until(DEADLINE)
    assert town.one(Poll).state == "closed"
    assert "Ende der Abstimmung: Di., 19.01.2027, 18:00 Uhr." in town.group_a.sees(GROUP)


async def test_a_press_at_the_closing_instant_is_counted_or_refused_never_both(town: Town) -> None:
    await open_poll(town)
    message, action = town.group_a.button("Photovoltaik")
    town.now = DEADLINE - timedelta(microseconds=1)
    await town.chat.pressed(town.group_a.who, Pressed(str(uuid.uuid4()), "direct", message, action))
    await town.until(DEADLINE)
    assert town.group_a.toast.startswith("Gespeichert")
    await town.group_a.presses(message, action)
    assert "beendet" in town.group_a.toast
    assert town.one(Poll).result["cast"] == 1


async def test_ballots_that_waited_while_the_bot_was_down_count_and_are_named(town: Town) -> None:
    await open_poll(town)
    message, action = town.group_a.button("Photovoltaik")
    town.now = DEADLINE + timedelta(hours=1)
    town.restart()
    await town.group_a.presses(message, action)
    assert town.group_a.toast.startswith("Gespeichert")
    await town.until(town.now)
    result = town.one(Poll).result
    assert (result["cast"], result["late"]) == (1, 1)
    seen = town.group_a.sees(GROUP)
    assert (
        "kam noch 1 Stimme dazu" in seen and "Ende der Abstimmung: Di., 19.01.2027, 19:00" in seen
    )


async def test_after_the_deadline_a_running_bot_takes_no_ballot(town: Town) -> None:
    await open_poll(town)
    message, action = town.group_a.button("Photovoltaik")
    town.now = DEADLINE
    await town.group_a.presses(message, action)
    assert "seit Di., 19.01.2027, 18:00 Uhr beendet" in town.group_a.toast
    assert ballots(town) == []


async def test_a_poll_ends_with_the_last_seat_where_the_rules_say_so(town: Town) -> None:
    change_rules(town, close_when_all_voted=True)
    await open_poll(town)
    for n in range(3, 22):
        who = town.somebody(f"sg-{n:02}")
        await who.presses(*first_option(who))
    await town.pass_time(minutes=9)
    await town.school.press("Wärmeplanung")
    await town.pass_time(minutes=9)
    assert town.one(Poll).state == "open", "whoever changes their mind has ten more minutes"
    await town.pass_time(minutes=1)
    assert town.one(Poll).state == "closed"
    assert "Alle Sitze haben abgestimmt; damit endete" in town.group_a.sees(GROUP)


async def test_a_late_ballot_that_is_withdrawn_is_not_counted_as_late(town: Town) -> None:
    await open_poll(town)
    await town.group_b.press("Photovoltaik")
    late, early = town.group_a.button("Photovoltaik"), town.group_b.button("Wärmeplanung")
    town.now = DEADLINE + timedelta(hours=1)
    town.restart()
    await town.group_a.presses(*late)
    await town.group_a.press("Stimme zurückziehen")
    await town.group_b.presses(*early)
    await town.until(town.now)
    result = town.one(Poll).result
    assert (result["cast"], result["late"]) == (1, 0)


async def test_a_deadline_outlives_a_fault_and_a_clock_that_is_set_back(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    with town.db.begin() as tx:
        poll = tx.get_one(Poll, town.one(Poll).id)
        kept, poll.method = poll.method, "gone"
    await town.until(DEADLINE)
    assert town.one(Poll).state == "open" and "fault" in caplog.text
    with town.db.begin() as tx:
        tx.get_one(Poll, poll.id).method = kept
    await town.pass_time(minutes=1)
    assert town.one(Poll).state == "closed"


async def test_a_clock_that_is_set_back_between_firing_and_closing_closes_all_the_same(
    town: Town,
) -> None:
    await open_poll(town)
    town.now = DEADLINE
    await town.db.write(lambda tx: timers.fire(tx, town.now))
    town.now = DEADLINE - timedelta(milliseconds=300)
    await town.settle()
    assert town.one(Poll).state == "closed"
