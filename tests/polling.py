"""What most tests of polls begin with: a prioritisation in Ilmbrück."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from storage.models import (
    Ballot,
    Municipality,
)
from tests.world import Somebody, Town

DEADLINE = datetime(2027, 1, 19, 17, 0, tzinfo=UTC)
"""19.01.2027, 18:00 in Ilmbrück."""

GROUP = "Steuerungsgruppe"


async def open_poll(town: Town, *, secret: bool = False, sure: bool = True) -> None:
    """Coordination prepares and publishes a vote: field TF1, 8 measures, 3 dots, 2 on one."""
    who = town.coordination
    await who.says("/abstimmung")
    for pressed in ("TF1", "Fertig", "Klimaschutz und Energie", "3 (Ihre", "2 (Ihre", GROUP):
        await who.press(pressed)
    await who.says("19.01.2027 18:00")
    await who.press("Geheim" if secret else "Offen")
    if sure:
        await who.press("Veröffentlichen")


def change_rules(town: Town, **changed: Any) -> None:
    """Other rules of procedure for Ilmbrück."""
    with town.db.begin() as tx:
        row = tx.get_one(Municipality, town.id)
        row.rules = {**row.rules, **changed}


async def close_poll(town: Town) -> None:
    """Coordination closes it ahead of its time."""
    await town.coordination.says("/abstimmungen")
    for pressed in ("Verwalten", "Jetzt beenden", "Ja, beenden"):
        await town.coordination.press(pressed)


def ballots(town: Town) -> list[dict[str, Any]]:
    return [ballot.value for ballot in town.all(Ballot)]


def first_option(who: Somebody) -> tuple[int, str]:
    """The first option of somebody's ballot, in whatever language it is."""
    message = next(m for m in reversed(who.messages()) if len(m["buttons"]) >= 8)
    return message["id"], message["buttons"][0][0]["action"]
