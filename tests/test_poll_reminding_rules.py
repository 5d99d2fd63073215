"""When members are reminded: at human hours, in time, and never twice for the same thing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.polls.reminding.rules import (
    AFTER_OPENING,
    BEFORE,
    TOGETHER,
    Reminder,
    bundle,
    easter,
    forecast,
    holidays,
    is_quiet,
    remind_at,
    reminders,
)
from handlers.polls.rules import seats_needed

BERLIN = ZoneInfo("Europe/Berlin")
DAY, TWO_HOURS = BEFORE
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = tuple(map(ZoneInfo, ("Europe/Berlin", "Europe/London", "America/Sao_Paulo", "UTC")))

moments = st.datetimes(datetime(2027, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them bare


def local(text: str, fold: int = 0) -> datetime:
    """A wall time in Thuringia as UTC: ``2027-03-26 18:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


def wall(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(BERLIN):%Y-%m-%d %H:%M}"


# --- quiet times ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "sunday"),
    [
        (1961, date(1961, 4, 2)),
        (2000, date(2000, 4, 23)),
        (2008, date(2008, 3, 23)),
        (2011, date(2011, 4, 24)),
        (2019, date(2019, 4, 21)),
        (2024, date(2024, 3, 31)),
        (2026, date(2026, 4, 5)),
        (2027, date(2027, 3, 28)),
        (2038, date(2038, 4, 25)),
        (2285, date(2285, 3, 22)),
    ],
)
def test_easter_is_when_the_calendars_say(year: int, sunday: date) -> None:
    assert easter(year) == sunday


@given(st.integers(1583, 4000))
def test_easter_is_a_sunday_between_22_march_and_25_april(year: int) -> None:
    assert easter(year).isoweekday() == 7
    assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)


def test_the_holidays_of_thuringia_in_2027() -> None:
    assert {f"{day:%d.%m.}": name for day, name in holidays(2027).items()} == {
        "01.01.": "Neujahr",
        "26.03.": "Karfreitag",
        "29.03.": "Ostermontag",
        "01.05.": "Tag der Arbeit",
        "06.05.": "Christi Himmelfahrt",
        "17.05.": "Pfingstmontag",
        "20.09.": "Weltkindertag",
        "03.10.": "Tag der Deutschen Einheit",
        "31.10.": "Reformationstag",
        "25.12.": "1. Weihnachtstag",
        "26.12.": "2. Weihnachtstag",
    }
    assert "Weltkindertag" not in holidays(2018).values()
    assert date(2027, 5, 27) not in holidays(2027), "Corpus Christi is one in few municipalities"


@pytest.mark.parametrize(
    ("at", "quiet"),
    [
        ("2027-01-12 07:59", True),
        ("2027-01-12 08:00", False),
        ("2027-01-12 19:59", False),
        ("2027-01-12 20:00", True),
        ("2027-01-16 12:00", False),  # a Saturday
        ("2027-01-17 12:00", True),  # a Sunday
        ("2027-09-20 12:00", True),  # Weltkindertag, a Monday
    ],
)
def test_quiet_are_nights_sundays_and_holidays(at: str, quiet: bool) -> None:
    assert is_quiet(datetime.fromisoformat(at)) is quiet


# --- reminders -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deadline", "a_day", "two_hours"),
    [
        # An ordinary Thursday.
        ("2027-01-14 18:00", "2027-01-13 18:00", "2027-01-14 16:00"),
        # Late in the evening.
        ("2027-01-14 23:59", "2027-01-13 19:59", "2027-01-14 19:59"),
        # Early in the morning: two hours before is night, so it is said the evening before.
        ("2027-01-14 09:00", "2027-01-13 09:00", "2027-01-13 19:59"),
        # Monday morning: the Sunday before is quiet.
        ("2027-01-18 09:00", "2027-01-16 19:59", "2027-01-16 19:59"),
        # Good Friday at 18:00, a holiday: both reminders come on Maundy Thursday.
        ("2027-03-26 18:00", "2027-03-25 18:00", "2027-03-25 19:59"),
        # Easter Sunday, with the change to summer time in its night.
        ("2027-03-28 18:00", "2027-03-27 18:00", "2027-03-27 19:59"),
        ("2027-03-28 03:30", "2027-03-25 19:59", "2027-03-27 19:59"),
        # Easter Tuesday in the morning: Monday and Sunday are quiet.
        ("2027-03-30 09:30", "2027-03-27 19:59", "2027-03-27 19:59"),
        # Reformation Day, a Sunday, with the change to winter time in its night.
        ("2027-10-31 18:00", "2027-10-30 18:00", "2027-10-30 19:59"),
        # The Monday after: the same wall time, 25 hours ahead, would be Sunday.
        ("2027-11-01 18:00", "2027-10-30 19:59", "2027-11-01 16:00"),
        # Christmas 2027: Saturday and Sunday.
        ("2027-12-27 09:00", "2027-12-24 19:59", "2027-12-24 19:59"),
    ],
)
def test_reminders_come_in_wall_time_and_move_ahead_of_quiet_time(
    deadline: str, a_day: str, two_hours: str
) -> None:
    assert wall(remind_at(LONG_AGO, local(deadline), BERLIN, DAY)) == a_day
    assert wall(remind_at(LONG_AGO, local(deadline), BERLIN, TWO_HOURS)) == two_hours


@pytest.mark.parametrize(
    ("deadline", "days", "reminder", "hours"),
    [
        ("2027-03-30 17:00", 3, "2027-03-27 17:00", 71),  # over Easter, an hour is skipped
        ("2027-11-01 17:00", 2, "2027-10-30 17:00", 49),  # an hour comes twice
    ],
)
def test_across_a_clock_change_the_clock_shows_the_same_time(
    deadline: str, days: int, reminder: str, hours: int
) -> None:
    at = remind_at(LONG_AGO, local(deadline), BERLIN, timedelta(days=days))
    assert at is not None and wall(at) == reminder
    assert local(deadline) - at == timedelta(hours=hours)


@given(moments, st.sampled_from(ZONES), st.sampled_from(BEFORE))
def test_a_reminder_is_never_quiet_never_late_and_as_close_as_allowed(
    closes_at: datetime, zone: ZoneInfo, before: timedelta
) -> None:
    closes_at = closes_at.replace(second=0, microsecond=0)
    at = remind_at(LONG_AGO, closes_at, zone, before)
    assert at is not None
    seen = at.astimezone(zone).replace(tzinfo=None)
    wanted = closes_at.astimezone(zone).replace(tzinfo=None) - before
    assert at < closes_at and seen <= wanted and not is_quiet(seen)
    minutes = int((wanted - seen) / timedelta(minutes=1))
    # Every minute in between is quiet.
    assert all(is_quiet(wanted - timedelta(minutes=m)) for m in range(minutes))


@given(moments, st.timedeltas(timedelta(minutes=1), timedelta(days=9)))
def test_nobody_is_reminded_within_an_hour_of_the_opening(
    opens_at: datetime, lasts: timedelta
) -> None:
    for at in reminders(opens_at, opens_at + lasts, BERLIN):
        assert opens_at + AFTER_OPENING <= at < opens_at + lasts


def test_a_poll_of_an_hour_reminds_nobody_and_one_of_an_afternoon_once() -> None:
    assert reminders(local("2027-01-14 10:00"), local("2027-01-14 11:00"), BERLIN) == ()
    afternoon = reminders(local("2027-01-14 12:00"), local("2027-01-14 18:00"), BERLIN)
    assert [wall(at) for at in afternoon] == ["2027-01-14 16:00"]


def test_two_reminders_on_the_same_minute_are_one() -> None:
    monday = reminders(LONG_AGO, local("2027-01-18 09:00"), BERLIN)
    assert [wall(at) for at in monday] == ["2027-01-16 19:59"]


# --- bundles -------------------------------------------------------------------------------

NOON = datetime(2027, 1, 14, 12, tzinfo=UTC)
due = st.lists(
    st.builds(
        Reminder,
        at=st.integers(0, 300).map(lambda minutes: NOON + timedelta(minutes=minutes)),
        person=st.integers(1, 4),
        poll=st.integers(1, 5),
    ),
    max_size=30,
)


def test_three_polls_that_end_together_are_one_message() -> None:
    ending = [
        Reminder(NOON + timedelta(minutes=m), 1, poll) for m, poll in ((0, 3), (10, 1), (30, 2))
    ]
    (only,) = bundle(ending)
    assert (only.at, only.polls) == (NOON, (3, 1, 2))


@given(due)
def test_everything_is_said_to_everybody_and_never_later_than_planned(
    wanted: list[Reminder],
) -> None:
    said = bundle(wanted)
    for one in wanted:
        about = [
            b.at for b in said if b.person == one.person and one.poll in b.polls and b.at <= one.at
        ]
        assert about and one.at - max(about) <= TOGETHER
    assert {(b.person, p) for b in said for p in b.polls} == {(r.person, r.poll) for r in wanted}


@given(due)
def test_nobody_gets_two_messages_within_half_an_hour(wanted: list[Reminder]) -> None:
    for person in range(1, 5):
        times = [b.at for b in bundle(wanted) if b.person == person]
        assert all(later - sooner > TOGETHER for sooner, later in pairwise(times))


# --- forecast ------------------------------------------------------------------------------


def test_three_more_and_two_days() -> None:
    needed = seats_needed("more_than_half", 19)
    seen = forecast(19, 7, needed, NOON + timedelta(days=2, hours=3, minutes=5), NOON)
    assert (seen.missing, seen.without_ballot, seen.days) == (3, 12, 2)
    assert (seen.hours, seen.minutes, seen.reached, seen.reachable) == (3, 5, False, True)


def test_after_the_deadline_nothing_is_left() -> None:
    seen = forecast(19, 10, 10, NOON, NOON + timedelta(days=1))
    assert (seen.missing, seen.days, seen.hours, seen.minutes, seen.reached) == (0, 0, 0, 0, True)


@given(st.integers(0, 60), st.data())
def test_a_quorum_is_reached_with_exactly_the_ballots_that_were_said_to_be_missing(
    seats: int, data: st.DataObject
) -> None:
    voted = data.draw(st.integers(0, seats))
    needed = seats_needed(data.draw(st.sampled_from(["none", "half", "two_thirds"])), seats)
    seen = forecast(seats, voted, needed, NOON, NOON)
    assert seen.reachable
    assert forecast(seats, voted + seen.missing, needed, NOON, NOON).reached
    if seen.missing:
        assert not forecast(seats, voted + seen.missing - 1, needed, NOON, NOON).reached


@given(st.timedeltas(timedelta(0), timedelta(days=30)))
def test_what_is_left_is_never_said_to_be_more_than_it_is(left: timedelta) -> None:
    seen = forecast(5, 1, 3, NOON + left, NOON)
    said = timedelta(days=seen.days, hours=seen.hours, minutes=seen.minutes)
    assert said <= left < said + timedelta(minutes=1)


def test_more_ballots_than_seats_are_refused() -> None:
    with pytest.raises(ValueError, match="4 of 3"):
        forecast(3, 4, 2, NOON, NOON)
