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
    await prepare(town, "Geheim" if secret else "Offen", "3 (Ihre", "2 (Ihre", sure=sure)


async def prepare(
    town: Town,
    *last: str,
    method: str = "Klebepunkte",
    source: str = "TF1",
    opens: str = "Sofort",
    closes: str = "19.01.2027 18:00",
    sure: bool = True,
) -> None:
    """Coordination prepares a poll on a field's measures; ``last`` are the buttons after the
    deadline (secrecy, whether it counts, the method's own questions)."""
    who = town.coordination
    await begin(who, method)
    for pressed in (source, "Fertig", "Klimaschutz und Energie", GROUP, opens):
        await who.press(pressed)
    await who.says(closes)
    for pressed in last:
        await who.press(pressed)
    if sure:
        await who.press("Veröffentlichen")


async def begin(who: Somebody, method: str) -> None:
    """The dialog up to the choice of the method."""
    await who.says("/abstimmung")
    if "Neue Abstimmung vorbereiten" in who.buttons():
        await who.press("Neue Abstimmung vorbereiten")
    if not any(label.startswith(method) for label in who.buttons()):
        await who.press("Weitere")
    await who.press(method)


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
