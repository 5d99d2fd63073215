"""What comes after a poll: a vote on the answers to a question, a second reading."""

from __future__ import annotations

from storage.models import Poll, PollOption
from tests.polling import DEADLINE, GROUP, begin, change_rules, close_poll
from tests.test_polls_managed import open_resolution
from tests.world import Somebody, Town

WANTED = {
    "group_a": "Mehr Bäume in der Bahnhofstraße",
    "group_b": "Mehr Bäume in der Bahnhofstrasse!",
    "school": "Ein Schulgarten",
    "traders": "Lieferverkehr mit Rädern",
    "parish": "Lastenräder für Lieferungen",
}


async def ask(town: Town) -> None:
    """Coordination asks an open question, and five seats answer."""
    who = town.coordination
    await begin(who, "Offene Frage")
    await who.says("Was soll zuerst geschehen?")
    for pressed in (GROUP, "Sofort"):
        await who.press(pressed)
    await who.says("19.01.2027 18:00")
    for pressed in ("Offen", "3"):
        if any(pressed in label for label in who.buttons()):
            await who.press(pressed)
    await who.press("Veröffentlichen")
    for name, answer in WANTED.items():
        await getattr(town, name).says(f"Antwort: {answer}")


async def to_options(town: Town) -> Somebody:
    """The question is over; coordination looks at what came."""
    await ask(town)
    await close_poll(town)
    who = town.coordination
    await who.press("Ergebnis ansehen")
    await who.press("Daraus eine Abstimmung machen")
    return who


async def test_answers_become_options_merged_and_unticked(town: Town) -> None:
    who = await to_options(town)
    seen = who.newest()
    assert "1. Mehr Bäume in der Bahnhofstra" in seen and "(2 Antworten)" in seen
    lines = [line for line in seen.splitlines() if line[:1].isdigit()]
    bikes = [line.split(".")[0] for line in lines if "Lieferverkehr" in line or "Lastenr" in line]
    assert "von 1 bis 4" in await who.says("2+9")
    await who.says("+".join(reversed(bikes)))
    assert len([label for label in who.buttons() if "Antworten" in label]) == 2
    await who.press("Ein Schulgarten")
    await who.press("Fertig")
    assert not any(label.startswith("Beschluss") for label in who.buttons())
    await who.press("Mehrfachauswahl")
    await who.says("Was tun wir zuerst?")
    for pressed in (GROUP, "Sofort"):
        await who.press(pressed)
    await who.says("20.01.2027 18:00")
    for pressed in ("Offen", "Stimmungsbild"):
        await who.press(pressed)
    while "Veröffentlichen" not in who.buttons():
        await who.says("1")
    await who.press("Veröffentlichen")
    poll = town.one(Poll, method="approval")
    labels = {option.label["de"] for option in town.all(PollOption, poll_id=poll.id)}
    assert len(labels) == 2 and "Ein Schulgarten" not in labels


async def test_one_option_alone_is_no_poll_and_nothing_is_lost(town: Town) -> None:
    who = await to_options(town)
    await who.press("Nichts zusammenfassen")
    for label in [b for b in who.buttons() if b not in ("Fertig", "Zurück", "Abbrechen")][:3]:
        await who.press(label)
    await who.press("Fertig")
    assert town.coordination.toast and "Wie soll abgestimmt werden?" not in who.newest()
    assert "Fertig" in who.buttons()


async def test_a_motion_without_quorum_comes_for_a_second_reading(town: Town) -> None:
    change_rules(town, second_reading=True)
    await open_resolution(town)
    await town.group_a.press("Ja")
    await town.until(DEADLINE)
    who = town.coordination
    await who.press("Veröffentlichen")
    await who.press("Zweite Lesung ansetzen")
    await who.press("Sofort")
    await who.says("26.01.2027 18:00")
    assert "Zweite Lesung: Beim ersten Mal wurde das Quorum verfehlt." in who.newest()
    await who.press("Veröffentlichen")
    first, second = town.all(Poll)
    assert second.title == first.title and second.settings["second_of"] == first.id
    assert second.rules["quorum"] == first.rules["quorum"]
    assert "Zweite Lesung" in town.group_a.newest()


async def test_no_second_reading_where_the_rules_know_none_or_the_motion_was_decided(
    town: Town,
) -> None:
    await open_resolution(town)
    await town.until(DEADLINE)
    await town.coordination.press("Veröffentlichen")
    assert not any("Zweite Lesung" in label for label in town.coordination.buttons())
