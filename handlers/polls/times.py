"""Local times as people type them. Pure; dates are checked against the clock change.

A time that does not exist or exists twice is asked about, never guessed (voting.md, Time).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.polls.rules import Broken

_DATE = re.compile(
    r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\."
    # Two digits may be the hour of a date without a year.
    r"(?:\s?(?P<year>\d{4}|\d{2}(?!\d|[:.]|\s?(?:uhr|h))))?"
)
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})")
_TIME = re.compile(r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?(?:\s*(?:uhr|h))?")
_DAYS = {"heute": 0, "today": 0, "morgen": 1, "tomorrow": 1, "übermorgen": 2, "uebermorgen": 2}
_FOLDS = {"sommerzeit": 0, "summer time": 0, "winterzeit": 1, "winter time": 1}
_FILLERS = re.compile(
    r"\b(mo|di|mi|do|fr|sa|so|mon|tue|wed|thu|fri|sat|sun)\b\.?,?|\b(um|at|bis)\b"
)

SUGGESTED_HOUR = time(18, 0)
SUGGESTED_OPENING = time(8, 0)


def read(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The UTC time that „26.03.2027 18:00“, „morgen 18 Uhr“ or „2027-03-26 18:00“ means.

    Raises Broken for what cannot be read, does not exist, or exists twice; whoever adds
    „Sommerzeit“ or „Winterzeit“ has answered the last.
    """
    words = text.casefold().strip()
    fold = next((fold for word, fold in _FOLDS.items() if word in words), None)
    for word in _FOLDS:
        words = words.replace(word, " ")
    day, rest = _day(_FILLERS.sub(" ", words).strip(), now.astimezone(zone).date())
    clock = _TIME.fullmatch(rest.strip(" ,"))
    if day is None or clock is None:
        raise Broken("polls.time_unreadable")
    try:
        local = datetime.combine(day, time(int(clock["hour"]), int(clock["minute"] or 0)))
    except ValueError:
        raise Broken("polls.time_unreadable") from None
    return _exactly(local, zone, fold)


def suggestions(zone: ZoneInfo, now: datetime) -> list[datetime]:
    """A few usual deadlines at 18:00, at least an hour away, as UTC."""
    today = now.astimezone(zone).date()
    evenings = (
        datetime.combine(today + timedelta(days=days), SUGGESTED_HOUR, zone).astimezone(UTC)
        for days in (0, 1, 3, 7, 14)
    )
    return [at for at in evenings if at > now + timedelta(hours=1)]


def mornings(zone: ZoneInfo, now: datetime) -> list[datetime]:
    """A few usual times to open at: 8:00 tomorrow, the day after, in a week; as UTC."""
    today = now.astimezone(zone).date()
    return [
        datetime.combine(today + timedelta(days=days), SUGGESTED_OPENING, zone).astimezone(UTC)
        for days in (1, 2, 7)
    ]


def _day(words: str, today: date) -> tuple[date | None, str]:
    for word, days in _DAYS.items():
        if re.match(rf"{word}\b", words):
            return today + timedelta(days=days), words[len(word) :]
    found = _ISO.match(words) or _DATE.match(words)
    if found is None:
        return None, ""
    try:
        return _dated(found, today), words[found.end() :]
    except ValueError:
        return None, ""


def _dated(found: re.Match[str], today: date) -> date:
    month, day = int(found["month"]), int(found["day"])
    if found["year"]:
        year = int(found["year"])
        return date(year if year >= 100 else 2000 + year, month, day)
    # Without a year the next such day is meant.
    this = date(today.year, month, day)
    return this if this >= today else date(today.year + 1, month, day)


def _exactly(local: datetime, zone: ZoneInfo, fold: int | None) -> datetime:
    first, second = (local.replace(tzinfo=zone, fold=f) for f in (0, 1))
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise Broken("polls.time_missing", time=f"{local:%d.%m.%Y, %H:%M}")
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if fold is None:
        raise Broken("polls.time_twice", time=f"{local:%d.%m.%Y, %H:%M}")
    return (second if fold else first).astimezone(UTC)
