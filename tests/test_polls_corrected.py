"""What coordination does about a result that turned out wrong."""

from __future__ import annotations

from storage.models import Poll
from tests.polling import DEADLINE, GROUP, close_poll, open_poll
from tests.test_polls_managed import open_resolution
from tests.world import Town


async def voted_resolution(town: Town) -> None:
    await open_resolution(town)
    for who in (town.group_a, town.group_b):
        await who.press("Ja")
    await town.until(DEADLINE)


async def set_aside(town: Town, why: str) -> None:
    await town.coordination.press("Ergebnis verwerfen")
    await town.coordination.says(why)
    await town.coordination.press("Ja, verwerfen")


async def test_a_result_is_set_aside_before_anybody_has_seen_it(town: Town) -> None:
    await voted_resolution(town)
    before = len(town.group_a.messages(GROUP))
    await town.coordination.press("Ergebnis verwerfen")
    await town.coordination.says("Die Vorlage war die alte.")
    assert "Es wird dann nicht veröffentlicht" in town.coordination.newest()
    await town.coordination.press("Ja, verwerfen")
    assert "Das Ergebnis ist verworfen" in town.coordination.sees()
    assert len(town.group_a.messages(GROUP)) == before, "what was never published is not announced"
    assert "Es gibt kein gültiges Ergebnis" in town.group_a.sees(GROUP)
    assert "Es gibt kein gültiges Ergebnis" in town.group_a.newest()
    poll = town.one(Poll)
    assert poll.state == "closed" and poll.published_at is None
    await town.second_coordination.presses(
        town.second_coordination.messages()[-1]["id"], f"pR:{poll.id}"
    )
    assert "schon verworfen" in town.second_coordination.toast
    seen = town.second_coordination.newest()
    assert "Verworfen" in seen and "Grund: Die Vorlage war die alte." in seen
    assert "Veröffentlichen" not in town.second_coordination.buttons()
    assert "noch nicht veröffentlicht" not in await town.coordination.says("/abstimmung")
    await town.coordination.says("/mitglieder")
    await town.coordination.press("Verlauf")
    assert "Ergebnis verworfen" in town.coordination.newest()


async def test_a_published_result_that_does_not_hold_stays_to_be_seen(town: Town) -> None:
    await voted_resolution(town)
    await town.coordination.press("Veröffentlichen")
    digest = town.one(Poll).result["digest"]
    await set_aside(town, "Es fehlte die Einladungsfrist.")
    seen = town.group_a.sees(GROUP)
    assert "gilt nicht:** Die Stadt kauft" in seen or "gilt nicht: Die Stadt kauft" in seen
    assert seen.count("Grund: Es fehlte die Einladungsfrist.") == 2, "told, and on the result"
    assert "Verworfen" in seen and town.one(Poll).result["digest"] == digest
    await town.group_a.press("Ergebnis ansehen")
    assert "Dieses Ergebnis gilt nicht" in town.group_a.newest()


async def test_a_published_result_is_corrected_beside_the_count(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    await close_poll(town)
    result = town.one(Poll).result
    who = town.coordination
    await who.press("Ergebnis ansehen")
    await who.press("Berichtigen")
    await who.says("Die Kosten der Maßnahme waren falsch angegeben: 200.000 € statt 20.000 €.")
    assert "So erscheint die Berichtigung in 2 Kanälen" in who.newest()
    await who.press("Berichtigung veröffentlichen")
    for place in (GROUP, "Ankündigungen"):
        seen = town.group_a.sees(place)
        assert seen.count("Berichtigung zum Ergebnis vom") == 1
        assert "200.000 € statt 20.000 €" in seen
    poll = town.one(Poll)
    assert poll.result == result, "the count and its check sum stay"
    first = poll.afterwards["corrections"][0]
    assert first["digest"] != result["digest"] and first["digest"][:16] in town.group_a.sees(GROUP)
    await who.press("Berichtigen")
    await who.says("Noch etwas.")
    await who.press("Berichtigung veröffentlichen")
    assert town.group_a.sees(GROUP).count("Berichtigung zum Ergebnis vom") == 2
    assert len(town.one(Poll).afterwards["corrections"]) == 2


async def test_only_coordination_touches_a_result(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    await close_poll(town)
    poll = town.one(Poll)
    await town.group_a.press("Ergebnis ansehen")
    assert "Berichtigen" not in town.group_a.buttons()
    for action in (f"pV:{poll.id}", f"pX:{poll.id}"):
        await town.group_a.presses(town.group_a.messages()[-1]["id"], action)
    assert town.one(Poll).afterwards == {}
