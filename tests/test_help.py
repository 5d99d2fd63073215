"""Menu, help and the way out of a dialog."""

from __future__ import annotations

import pytest

from handlers.router import Role
from storage.models import Dialog
from tests.world import Town


async def test_the_menu_offers_what_the_role_may_do_and_does_it(town: Town) -> None:
    await town.group_a.says("/menue")
    assert "Einladen" not in town.group_a.buttons()
    assert "Handlungsprogramm" in await town.group_a.press("Maßnahmen")
    await town.coordination.says("/menu")
    assert {"Einladen", "Kanäle", "Neue Abstimmung"} <= set(town.coordination.buttons())
    assert "Einladen." in await town.coordination.press("Einladen")


async def test_every_button_of_the_menu_leads_somewhere(town: Town) -> None:
    for who in (town.coordination, town.group_a, town.adviser, town.seniors, town.one_world_club):
        await who.says("/menue")
        menu = {label: who.button(label) for label in who.buttons()}
        assert len(menu) >= 3
        for label, (message, action) in menu.items():
            assert await who.presses(message, action), label


async def test_a_button_can_be_typed_by_its_number_and_by_its_label(town: Town) -> None:
    await town.group_a.says("/menue")
    labels = town.group_a.buttons()
    number = labels.index("Maßnahmen") + 1
    assert "Handlungsprogramm" in await town.group_a.says(str(number))
    await town.group_a.says("/menue")
    assert "Handlungsprogramm" in await town.group_a.says("maßnahmen")


async def test_help_lists_the_commands_of_the_role(town: Town) -> None:
    member = await town.group_a.says("/hilfe")
    assert "/massnahmen – Im Handlungsprogramm" in member
    assert "/einladen" not in member
    assert "/einladen – Persönliche" in await town.coordination.says("/help")
    english = await town.one_world_club.says("/help")
    assert "/measures – Browse" in english and "/massnahmen" not in english


async def test_help_explains_every_command_to_whom_it_is_for(town: Town) -> None:
    for who, role in ((town.coordination, Role.COORDINATION), (town.group_a, Role.MEMBER)):
        for word, route in town.routes.commands.items():
            answer = await who.says(f"/hilfe {word}")
            assert (f"/{route.words[0]}" in answer) == (route.by <= role), word
    assert "gibt es für Sie nicht" in await town.group_a.says("/hilfe quatsch")
    assert "Maßnahmen" in await town.group_a.says("/hilfe /maßnahmen")


async def test_help_of_a_command_can_be_tried_at_once(town: Town) -> None:
    await town.group_a.says("/hilfe massnahmen")
    assert "Handlungsprogramm" in await town.group_a.press("Jetzt ausführen")


async def test_a_dialog_is_left_by_the_word(town: Town) -> None:
    await town.coordination.says("/abstimmung")
    assert len(town.all(Dialog)) == 1
    assert "Abgebrochen" in await town.coordination.says("/abbrechen")
    assert town.all(Dialog) == []
    assert "nichts abzubrechen" in await town.coordination.says("/cancel")


@pytest.mark.parametrize("typed", ["/masnahmen", "masnahmen", "!massnamen"])
async def test_a_misspelt_word_gets_the_nearest_commands(town: Town, typed: str) -> None:
    assert "/massnahmen" in await town.group_a.says(typed)


async def test_nobody_is_told_of_commands_that_are_not_for_them(town: Town) -> None:
    assert "/einladen" not in await town.group_a.says("/einlade")
    assert "/einladen" in await town.coordination.says("/einlade")
