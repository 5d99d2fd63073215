"""Preparing a poll: what the dialog takes, and what it refuses."""

from __future__ import annotations

import pytest

from storage.models import (
    Poll,
)
from tests.polling import (
    GROUP,
)
from tests.world import Town


async def test_options_may_be_typed(town: Town) -> None:
    who = town.coordination
    await who.says("/abstimmung")
    await who.press("Eigene Optionen")
    assert "mindestens zwei Optionen" in await who.says("nur eine")
    assert "steht zweimal" in await who.says("Radweg\nradweg")
    await who.says("1. Radweg <b>&\n- Dach\n• Bank")
    await who.says("Was zuerst?")
    await who.press("1")
    await who.press(GROUP)
    await who.press("Mi., 13.01.2027, 18:00")
    review = await who.press("Offen")
    assert not review or "Radweg <b>&" in review
    await who.press("Veröffentlichen")
    assert "Radweg <b>& ○" in town.group_a.newest()
    assert "Jeder Sitz hat einen Punkt." in town.group_a.sees(GROUP)


async def test_a_dialog_goes_back_leaves_and_outlives_a_restart(town: Town) -> None:
    who = town.coordination
    await who.says("/abstimmung")
    await who.press("TF2")
    await who.press("Zurück")
    await who.press("TF1")
    town.restart()
    await who.press("Fertig")
    await who.says("/abbrechen")
    await who.says("/abstimmung")
    await who.press("TF1")
    await who.press("Abbrechen")
    assert "Abgebrochen" in who.newest() and town.all(Poll) == []


async def test_only_coordination_prepares(town: Town) -> None:
    assert "vorbehalten" in await town.group_a.says("/abstimmung")
    assert town.all(Poll) == []


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("28.03.2027 02:30", "gibt es nicht"),
        ("31.10.2027 02:30", "gibt es zweimal"),
        ("gestern", "nicht verstanden"),
        ("11.01.2027 18:00", "Vergangenheit"),
        ("01.03.2029 18:00", "mehr als ein Jahr"),
    ],
)
async def test_a_deadline_that_cannot_be_meant_is_asked_about(
    town: Town, typed: str, answer: str
) -> None:
    who = town.coordination
    await who.says("/abstimmung")
    for pressed in ("TF1", "Fertig", "Klimaschutz und Energie", "3 (Ihre", "2 (Ihre", GROUP):
        await who.press(pressed)
    assert answer in await who.says(typed)
    await who.says("31.10.2027 02:30 Winterzeit")
    assert "Offen oder geheim" in who.newest()


async def test_one_option_is_no_choice(town: Town) -> None:
    who = town.coordination
    await who.says("/abstimmung")
    await who.press("TF1")
    for label in [b for b in who.buttons() if b.startswith("☑")][1:]:
        await who.press(label.removeprefix("☑ "))
    for pressed in ("Fertig", "Klimaschutz und Energie", "1", GROUP, "13.01.2027", "Offen"):
        await who.press(pressed)
    assert "mindestens zwei Optionen" in who.toast and town.all(Poll) == []
