"""What a template keeps of a prepared poll, and what it answers of the next one's questions. Pure.

Kept are the method with its settings, secrecy, whether it decides, the body, and how long it runs;
not the options, nor what depends on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handlers.forms import Given
from handlers.polls.methods import Method
from handlers.polls.written.method import NAME as WRITTEN

OF_OPTIONS = ("date", "budget")
"""Methods whose settings belong to their options: these questions are asked again."""

_OF_ONE_POLL = ("second_of",)
"""Settings that say something of one poll only."""


def kept(
    method: str,
    settings: Mapping[str, Any],
    secrecy: str,
    formal: bool,
    body_id: int,
    opens_at: datetime,
    closes_at: datetime,
    zone: ZoneInfo,
) -> dict[str, Any]:
    """A template's plan (JSON)."""
    begins, ends = opens_at.astimezone(zone), closes_at.astimezone(zone)
    portable = {name: value for name, value in settings.items() if name not in _OF_ONE_POLL}
    return {
        "method": method,
        "settings": None if method in OF_OPTIONS else portable,
        "secrecy": secrecy,
        "formal": formal,
        "body": body_id,
        "days": (ends.date() - begins.date()).days,
        "clock": f"{ends:%H:%M}",
    }


def deadline(begins: datetime, zone: ZoneInfo, days: int, clock: str) -> datetime:
    """As many days later as a template says, at its hour; UTC."""
    day = begins.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def answers(plan: Mapping[str, Any], name: str, method: Method, body_is_there: bool) -> Given:
    """What the dialog begins with; ``known`` are the questions that need not be asked."""
    settings = plan["settings"]
    given: Given = {
        "method": WRITTEN if settings and settings.get("written") else plan["method"],
        "secrecy": plan["secrecy"],
        "formal": plan["formal"],
        "lasts": {"days": plan["days"], "clock": plan["clock"]},
        "template": name,
        "known": ["method", "secrecy", "formal"],
    }
    if settings is not None:
        given["settings"] = settings
        given["known"] += [field.name for field in method.fields]
    if body_is_there:
        given["body"] = plan["body"]
        given["known"].append("body")
    return given
