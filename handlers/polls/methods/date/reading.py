"""Dates as coordination types or pastes them, a line each. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from handlers.polls import times
from handlers.polls.facts import Words
from handlers.polls.rules import Broken, check_number

FARTHEST = timedelta(days=731)
"""A date farther away is more likely a slip in the year."""

_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,3}[.)]|[a-zA-Z][.)])\s+")
_DAYS = {
    "de": ("Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "de-simple": (
        "Montag",
        "Dienstag",
        "Mittwoch",
        "Donnerstag",
        "Freitag",
        "Samstag",
        "Sonntag",
    ),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SHOWN = 60
"""Characters of a line that is asked about."""


def read_dates(text: str, zone: ZoneInfo, now: datetime) -> list[datetime]:
    """The UTC times of the lines, the earliest first; a time that stands twice counts once.

    Raises Broken, with the line, for what cannot be read, is over or more than two years away,
    and for local times that a clock change skips or repeats; „Sommerzeit“ or „Winterzeit“ in the
    line answers the last.
    """
    found = {_read(line, zone, now) for line in re.split(r"[\n;]", text) if line.strip()}
    check_number(len(found))
    return sorted(found)


def words(at: datetime, zone: ZoneInfo) -> Words:
    """An option's words in all languages, as dates are written everywhere else."""
    local = at.astimezone(zone)
    names = {language: days[local.weekday()] for language, days in _DAYS.items()}
    german = f"{local:%d.%m.%Y, %H:%M} Uhr"
    month = _MONTHS[local.month - 1]
    return {
        "de": f"{names['de']}, {german}",
        "en": f"{names['en']} {local.day} {month} {local.year}, {local:%H:%M}",
        "de-simple": f"{names['de-simple']}, {german}",
    }


def _read(line: str, zone: ZoneInfo, now: datetime) -> datetime:
    shown = " ".join(line.split())[:_SHOWN]
    try:
        at = _time(line, zone, now)
    except Broken as broken:
        if broken.message != "polls.time_unreadable":
            raise
        raise Broken("date.line_unreadable", line=shown) from None
    if at <= now:
        raise Broken("date.line_past", line=shown)
    if at > now + FARTHEST:
        raise Broken("date.line_far", line=shown)
    return at


def _time(line: str, zone: ZoneInfo, now: datetime) -> datetime:
    """As it stands, or without what numbers the line: „1. 3. 18:00“ may be the first of March."""
    try:
        return times.read(line, zone, now)
    except Broken as broken:
        bare = _BULLET.sub("", line)
        if broken.message != "polls.time_unreadable" or bare == line:
            raise
        return times.read(bare, zone, now)
