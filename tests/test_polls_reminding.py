"""Reminders: who gets one, when, how many at once, and what coordination learns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from storage import timers
from storage.models import Account, Person, Poll
from tests.polling import DEADLINE, GROUP, change_rules, close_poll, open_poll
from tests.test_polls_managed import manage, open_resolution
from tests.world import Somebody, Town

DAY_BEFORE = DEADLINE - timedelta(hours=24)
TWO_HOURS_BEFORE = DEADLINE - timedelta(hours=2)


def reminders(who: Somebody) -> list[str]:
    """The reminders in somebody's direct chat."""
    return [part for part in who.sees().split("\n\n") if "fehlt noch Ihre Stimme" in part]


def unreachable(town: Town, *keys: str) -> None:
    """These people have blocked the bot."""
    with town.db.begin() as tx:
        for key in keys:
            person = town.one(Person, key=key)
            theirs = Account.__table__.c.person_id == person.id  # type: ignore[attr-defined]
            tx.execute(update(Account).where(theirs).values(reachable=False))


# --- who and when -----------------------------------------------------------------------------


async def test_whoever_has_not_voted_is_reminded_twice_and_nobody_else(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    await town.until(DAY_BEFORE - timedelta(minutes=1))
    assert reminders(town.group_b) == []
    await town.until(DAY_BEFORE)
    assert reminders(town.group_a) == [] and len(reminders(town.group_b)) == 1
    seen = town.group_b.newest()
    assert "Ilmbrück: In 1 Abstimmung fehlt noch Ihre Stimme." in seen
    assert "bis Di., 19.01.2027, 18:00 Uhr" in seen
    await town.group_b.press("Abstimmen: ")
    await town.group_b.press("Photovoltaik")
    assert town.group_b.toast.startswith("Gespeichert")
    await town.until(TWO_HOURS_BEFORE)
    assert len(reminders(town.group_b)) == 1 and len(reminders(town.school)) == 2
    await town.until(DEADLINE)
    assert len(reminders(town.school)) == 2


async def test_a_deputy_hears_of_it_only_where_the_holder_cannot_be_reached(town: Town) -> None:
    unreachable(town, "sg-11")
    await open_poll(town)
    await town.until(DAY_BEFORE)
    assert reminders(town.group_a_deputy) == [] and len(reminders(town.group_a)) == 1
    (told,) = reminders(town.sports_club_deputy)
    assert "fehlt noch Ihre Stimme" in told
    assert "in Vertretung für" in town.sports_club_deputy.newest()


async def test_a_seat_whose_deputy_has_voted_is_left_in_peace(town: Town) -> None:
    await open_poll(town)
    await town.group_a_deputy.press("Photovoltaik")
    await town.until(DAY_BEFORE)
    assert reminders(town.group_a) == reminders(town.group_a_deputy) == []


async def test_who_is_out_for_a_conflict_of_interest_is_not_asked_to_vote(town: Town) -> None:
    await open_resolution(town)
    await town.school.press("persönlich beteiligt")
    await town.school.press("Ja, eintragen")
    await town.until(DAY_BEFORE)
    assert reminders(town.school) == [] and len(reminders(town.group_a)) == 1


async def test_several_polls_that_end_within_the_hour_are_one_message(town: Town) -> None:
    await open_poll(town)
    await open_resolution(town)
    await town.until(DAY_BEFORE)
    (told,) = reminders(town.group_a)
    assert "In 2 Abstimmungen" in told
    assert len([b for b in town.group_a.buttons() if b.startswith("Abstimmen: ")]) == 2
    await town.group_a.press("Abstimmen: Die Stadt kauft")
    await town.group_a.press("Ja")
    await town.until(TWO_HOURS_BEFORE)
    assert len(reminders(town.group_a)) == 2 and "In 1 Abstimmung" in reminders(town.group_a)[1]


async def test_nobody_is_disturbed_at_night_or_on_a_sunday(town: Town) -> None:
    await open_poll(town)
    await manage(town.coordination, "Frist verlängern")
    await town.coordination.says("25.01.2027 9:00")
    await town.coordination.press("Ja, verlängern")
    saturday = datetime(2027, 1, 23, 18, 59, tzinfo=UTC)
    await town.until(saturday - timedelta(minutes=1))
    assert reminders(town.group_a) == []
    await town.until(saturday)
    assert len(reminders(town.group_a)) == 1, "Monday 7:00 and Sunday 9:00 are both quiet"
    await town.until(datetime(2027, 1, 25, 7, 59, tzinfo=UTC))
    assert len(reminders(town.group_a)) == 1


# --- what may go wrong ------------------------------------------------------------------------


async def test_after_a_new_deadline_the_old_time_passes_without_a_word(town: Town) -> None:
    await open_poll(town)
    await manage(town.coordination, "Frist verlängern")
    await town.coordination.says("22.01.2027 18:00")
    await town.coordination.press("Ja, verlängern")
    await town.until(DEADLINE)
    assert reminders(town.group_a) == []
    await town.until(DAY_BEFORE + timedelta(days=3))
    assert len(reminders(town.group_a)) == 1


async def test_a_reminder_that_comes_late_says_so_and_past_the_deadline_there_is_none(
    town: Town,
) -> None:
    await open_poll(town)
    town.now = DAY_BEFORE + timedelta(hours=14)
    town.restart()
    await town.until(town.now)
    assert len(reminders(town.group_a)) == 1
    assert "kommt später als geplant" in town.group_a.newest()
    town.now = DEADLINE + timedelta(minutes=5)
    town.restart()
    await town.until(town.now)
    assert len(reminders(town.group_a)) == 1


async def test_a_reminder_that_was_missed_waits_for_the_morning(town: Town) -> None:
    await open_poll(town)
    town.now = DAY_BEFORE + timedelta(hours=5)
    town.restart()
    await town.until(town.now)
    assert reminders(town.group_a) == []
    await town.until(datetime(2027, 1, 19, 7, 0, tzinfo=UTC))
    assert len(reminders(town.group_a)) == 1 and "später als geplant" in town.group_a.newest()


async def test_two_timers_that_fire_together_make_one_message(town: Town) -> None:
    await open_poll(town)
    await open_resolution(town)
    town.now = DAY_BEFORE + timedelta(hours=1)
    # Both become events before the first is handled.
    assert await town.db.write(lambda tx: timers.fire(tx, town.now)) == 2
    await town.settle()
    assert len(reminders(town.group_a)) == 1


async def test_a_poll_that_is_over_leaves_no_reminder(town: Town) -> None:
    await open_poll(town)
    await close_poll(town)
    await town.until(DEADLINE)
    assert reminders(town.group_a) == []


# --- coordination -----------------------------------------------------------------------------


async def test_coordination_learns_what_is_missing_for_the_quorum(town: Town) -> None:
    unreachable(town, "sg-16")
    await open_poll(town)
    for who in (town.group_a, town.group_b):
        await who.press("Photovoltaik")
    await town.until(DAY_BEFORE)
    seen = town.coordination.newest()
    assert "noch 8 Stimmen bis zur Beschlussfähigkeit, noch 1 Tag." in seen
    assert "Für 1 Sitz ohne Stimme kann der Bot niemanden erreichen: " in seen
    await town.until(TWO_HOURS_BEFORE)
    assert town.coordination.newest() == seen, "the forecast comes a day before, once"


async def test_coordination_reminds_by_hand_but_not_again_within_six_hours(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    await manage(town.coordination, "Jetzt erinnern")
    assert "18 Personen sind eben erinnert worden, für 18 Sitze" in town.coordination.newest()
    assert len(reminders(town.group_b)) == 1 and reminders(town.group_a) == []
    await manage(town.coordination, "Jetzt erinnern")
    assert "Wieder erinnern können Sie ab" in town.coordination.toast
    await town.pass_time(hours=6)
    await manage(town.coordination, "Jetzt erinnern")
    assert len(reminders(town.group_b)) == 2
    await town.until(datetime(2027, 1, 12, 21, 0, tzinfo=UTC))
    await manage(town.coordination, "Jetzt erinnern")
    assert "erinnert der Bot niemanden" in town.coordination.toast
    assert "Mi., 13.01.2027, 08:00 Uhr" in town.coordination.toast


async def test_of_a_secret_poll_nobody_learns_who_or_how_few_have_voted(town: Town) -> None:
    await open_poll(town, secret=True)
    await town.traders.press("Photovoltaik")
    unreachable(town, "sg-16", "sg-18")
    await manage(town.coordination, "Jetzt erinnern")
    seen = town.coordination.newest()
    assert "ab 3 Stimmen" in seen and "18" not in seen and "17" not in seen
    unreached = seen.split("niemanden erreichen: ")[1]
    assert "Ob diese Sitze abgestimmt haben, bleibt geheim" in unreached
    await town.until(DAY_BEFORE)
    assert "wie viele Stimmen fehlen, steht hier ab 3 Stimmen" in town.coordination.newest()
    assert town.one(Poll).secrecy == "secret" and "Beschlussfähigkeit" not in town.group_a.sees(
        GROUP
    )


async def test_with_no_quorum_there_is_only_the_turnout(town: Town) -> None:
    change_rules(town, quorum="none")
    await open_poll(town)
    await town.until(DAY_BEFORE)
    assert "0 von 19 Sitzen haben abgestimmt; noch 1 Tag." in town.coordination.newest()
