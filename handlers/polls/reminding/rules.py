"""When somebody is reminded of a poll: never at night, on Sundays or on public holidays. Pure.

Moments are aware UTC; what "a day before" means is reckoned in the wall time of the municipality,
so that a deadline at 18:00 is announced at 18:00 the day before, clock change or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

QUIET_FROM, QUIET_UNTIL = time(20, 0), time(8, 0)
BEFORE = (timedelta(hours=24), timedelta(hours=2))
"""How long before the deadline there is a reminder."""

AFTER_OPENING = timedelta(hours=1)
"""Nobody is reminded of what they have just been told."""

TOGETHER = timedelta(hours=1)
"""Reminders of one person that are no further apart become one message."""

_LAST_MINUTE = time(19, 59)


# --- quiet times ---------------------------------------------------------------------------


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, for years from 1583 on.

    The anonymous algorithm of Nature, 20 April 1876 (Meeus, Astronomical Algorithms, chapter 8).
    """
    a = year % 19
    b, c = divmod(year, 100)
    d, e = divmod(b, 4)
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=16)
def holidays(year: int) -> dict[date, str]:
    """The public holidays of all of Thuringia by day, with their German names.

    Source: Thüringer Feier- und Gedenktagsgesetz, § 2 (1); Weltkindertag since 2019. Corpus
    Christi, a holiday in a few municipalities only (§ 2 (2)), is not among them.
    """
    sunday = easter(year)
    days = {
        date(year, 1, 1): "Neujahr",
        sunday - timedelta(days=2): "Karfreitag",
        sunday + timedelta(days=1): "Ostermontag",
        date(year, 5, 1): "Tag der Arbeit",
        sunday + timedelta(days=39): "Christi Himmelfahrt",
        sunday + timedelta(days=50): "Pfingstmontag",
        date(year, 10, 3): "Tag der Deutschen Einheit",
        date(year, 10, 31): "Reformationstag",
        date(year, 12, 25): "1. Weihnachtstag",
        date(year, 12, 26): "2. Weihnachtstag",
    }
    if year >= 2019:
        days[date(year, 9, 20)] = "Weltkindertag"
    return days


def is_quiet(local: datetime) -> bool:
    """Whether nobody is disturbed at this wall time: 20:00 to 8:00, Sundays, public holidays."""
    return not QUIET_UNTIL <= local.time() < QUIET_FROM or _is_day_off(local.date())


def _is_day_off(day: date) -> bool:
    return day.isoweekday() == 7 or day in holidays(day.year)


def _last_allowed(local: datetime) -> datetime:
    """The latest wall time up to ``local`` at which it is not quiet."""
    if not is_quiet(local):
        return local
    day = local.date()
    if local.time() < QUIET_UNTIL or _is_day_off(day):
        day -= timedelta(days=1)
    while _is_day_off(day):
        day -= timedelta(days=1)
    return datetime.combine(day, _LAST_MINUTE)


def _moment(local: datetime, zone: ZoneInfo) -> datetime:
    """The UTC time of a wall time: the first of two, and for one that is skipped the one before."""
    return min(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def next_allowed(now: datetime, zone: ZoneInfo) -> datetime:
    """The first moment from ``now`` on at which somebody may be disturbed; UTC."""
    at = now
    while is_quiet(local := at.astimezone(zone).replace(tzinfo=None)):
        day = local.date()
        if local.time() >= QUIET_UNTIL:
            day += timedelta(days=1)
        while _is_day_off(day):
            day += timedelta(days=1)
        at = datetime.combine(day, QUIET_UNTIL, zone).astimezone(UTC)
    return at


# --- reminders -----------------------------------------------------------------------------


def remind_at(
    opens_at: datetime, closes_at: datetime, zone: ZoneInfo, before: timedelta
) -> datetime | None:
    """When there is a reminder ``before`` the deadline; UTC.

    In quiet time it moves to the last allowed minute ahead of it, never later. None if that is
    too soon after the opening.
    """
    local = closes_at.astimezone(zone).replace(tzinfo=None, fold=0) - before
    at = _moment(_last_allowed(local), zone)
    while is_quiet(seen := at.astimezone(zone).replace(tzinfo=None)):
        # Where the clock skips hours of the day, the time before them may be quiet again.
        at = _moment(_last_allowed(seen), zone)
    return at if at >= opens_at + AFTER_OPENING and at < closes_at else None


def reminders(opens_at: datetime, closes_at: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """All reminders of a poll, the first first; two that fell on the same minute are one."""
    found = {remind_at(opens_at, closes_at, zone, before) for before in BEFORE}
    return tuple(sorted(at for at in found if at is not None))


@dataclass(frozen=True, slots=True, order=True)
class Reminder:
    """A person is to be reminded of a poll."""

    at: datetime
    person: int
    poll: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """One message to a person about one or more polls, the most urgent first."""

    at: datetime
    person: int
    polls: tuple[int, ...]


def bundle(wanted: Iterable[Reminder]) -> tuple[Bundle, ...]:
    """Reminders as messages: a person's that are at most ``TOGETHER`` apart go out as one.

    A bundle goes out at the time of its first one, so that nobody is told later than planned.
    """
    open_ones: dict[int, Bundle] = {}
    done: list[Bundle] = []
    for one in sorted(wanted):
        now = open_ones.get(one.person)
        if now is None or one.at - now.at > TOGETHER:
            if now is not None:
                done.append(now)
            open_ones[one.person] = Bundle(one.at, one.person, (one.poll,))
        elif one.poll not in now.polls:
            open_ones[one.person] = Bundle(now.at, one.person, (*now.polls, one.poll))
    done += open_ones.values()
    return tuple(sorted(done, key=lambda b: (b.at, b.person)))


# --- quorum forecast -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Forecast:
    """How far a running poll is from its quorum."""

    missing: int
    """Ballots that a quorum still needs; 0 once it is there."""
    without_ballot: int
    """Seats that have not voted."""
    days: int
    hours: int
    minutes: int
    """What is left until the deadline: whole days, then hours, then minutes of the rest."""

    @property
    def reached(self) -> bool:
        """Whether enough seats have voted already."""
        return self.missing == 0

    @property
    def reachable(self) -> bool:
        """Whether enough seats are left for a quorum."""
        return self.missing <= self.without_ballot


def forecast(seats: int, voted: int, needed: int, closes_at: datetime, now: datetime) -> Forecast:
    """What is missing for a quorum, and how long there is; ``needed`` as ``rules.seats_needed``.

    Of a secret poll with fewer than ``rules.SECRET_TURNOUT_FROM`` ballots this must not be shown.
    """
    if not 0 <= voted <= seats:
        raise ValueError(f"{voted} of {seats} seats cannot have voted")
    left = max(closes_at - now, timedelta(0))
    hours, rest = divmod(left - timedelta(days=left.days), timedelta(hours=1))
    return Forecast(
        max(needed - voted, 0), seats - voted, left.days, hours, rest // timedelta(minutes=1)
    )
