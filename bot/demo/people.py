"""The demo's people: anybody of the two towns, and a stranger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.platforms.web import DemoInfo, DemoPerson, People
from bot.text import Reader, chosen, plain, web_html
from handlers.chat import Text
from storage import rosters
from storage.db import Database
from storage.rosters import Listed

TOWN = "ilmbrueck"
STRANGER = "fremd"

_INNER_FIRST = ("coordination", "core_team", "steering_group")
_GERMAN = Reader("de", ZoneInfo("Europe/Berlin"))

_STEPS = (
    Text("demo.step_vote"),
    Text("demo.step_change"),
    Text("demo.step_board"),
    Text("demo.step_close"),
    Text("demo.step_more"),
)


def people_of(db: Database, clock: Callable[[], datetime]) -> People:
    """What ``WebChat`` wants to know as ``people``."""

    async def people() -> DemoInfo:
        today = clock().date()
        listed = await db.look(lambda tx: rosters.roster(tx, today))
        towns = await db.look(lambda tx: {town.slug: town.name for town in rosters.towns(tx)})
        stranger = DemoPerson(STRANGER, plain(Text("demo.stranger"), _GERMAN), "", "stranger")
        return DemoInfo(towns[TOWN], (*map(_shown, listed), stranger), _hint())

    return people


def _shown(person: Listed) -> DemoPerson:
    return DemoPerson(
        person.key,
        chosen(person.name, "de"),
        chosen(person.institution, "de") if person.institution else "",
        _group(person),
        person.language,
    )


def _group(person: Listed) -> str:
    if person.town != TOWN:
        return "other_town"
    if "deputy" in person.bodies.values():
        return "deputy"
    return next((kind for kind in _INNER_FIRST if kind in person.bodies), "deputy")


def _hint() -> str:
    steps = "".join(f"<li>{web_html(step, _GERMAN)}</li>" for step in _STEPS)
    return f"<p>{web_html(Text('demo.welcome'), _GERMAN)}</p><ol>{steps}</ol>"
