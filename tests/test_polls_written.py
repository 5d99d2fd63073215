"""Umlaufbeschluss: a resolution without a meeting, and the objection that stops it."""

from __future__ import annotations

from storage.models import Ballot, Poll
from tests.polling import DEADLINE, GROUP, begin, change_rules, close_poll
from tests.test_polls_managed import open_resolution
from tests.world import Town

TITLE = "Protokoll der 3. Sitzung"


async def open_written(town: Town, secrecy: str = "Offen") -> None:
    """Coordination has the minutes of the last meeting approved in writing."""
    who = town.coordination
    await begin(who, "Umlaufbeschluss")
    await who.says(TITLE)
    for pressed in (GROUP, "Sofort"):
        await who.press(pressed)
    await who.says("19.01.2027 18:00")
    assert not any("Geheim" in label for label in who.buttons())
    for pressed in (secrecy, "Einfach:"):
        await who.press(pressed)
    assert "Umlaufverfahren" in who.newest()
    await who.press("Veröffentlichen")


async def test_thirteen_yes_and_an_abstention_of_nineteen_are_adopted(town: Town) -> None:
    await open_written(town)
    assert "Wer dem Verfahren widerspricht, beendet es" in town.group_a.sees(GROUP)
    for n in range(3, 16):
        await town.somebody(f"sg-{n:02}").says("1")
    await town.school.press("Enthaltung")
    await town.until(DEADLINE)
    await town.coordination.press("Veröffentlichen")
    seen = town.group_a.sees(GROUP)
    assert "Verfahren: Umlaufbeschluss." in seen
    assert "Rückmeldungen: 14 von 19; ohne Rückmeldung: 5." in seen
    assert "Der Antrag ist angenommen: 13 Ja" in seen
    counts = town.one(Poll).result["counts"]
    assert (counts["yes"], counts["no"], counts["abstain"]) == (13, 0, 1)


async def test_one_objection_ends_it_for_everybody(any_town: Town) -> None:
    town = any_town
    await open_written(town)
    for who in (town.group_a, town.group_b):
        await who.press("Ja")
    late = town.school.button("Ja")
    await town.nature_club.press("Ich widerspreche dem Verfahren")
    assert town.one(Poll).state == "open"
    await town.nature_club.says("Das gehört in die Sitzung.")
    assert "Wer nur anderer Meinung ist, stimmt mit Nein" in town.nature_club.newest()
    await town.nature_club.press("Ja, widersprechen")
    poll = town.one(Poll)
    assert (poll.state, poll.result["counts"]["verdict"]) == ("closed", "stopped")
    assert poll.result["notes"] == {"stopped": "objection", "next_agenda": True}
    assert town.all(Ballot) == []
    seen = town.group_a.sees(GROUP)
    assert "Kein Beschluss: Ein Mitglied hat dem Umlaufverfahren widersprochen" in seen
    assert "kommt auf die Tagesordnung der nächsten Sitzung" in seen
    assert "2 Ja" not in seen and "angenommen:" not in seen
    assert "nach einem Widerspruch beendet" in town.group_a.newest()
    told = town.coordination.newest()
    assert "Begründung: Das gehört in die Sitzung." in told and "Widersprochen hat der Sitz" in told
    assert "gehört in die Sitzung" not in town.group_a.sees() + seen
    await town.school.presses(*late)
    assert "beendet" in town.school.toast
    await town.until(DEADLINE)
    assert town.group_a.sees(GROUP).count("Ergebnis: ") == 1


async def test_whoever_thinks_better_of_it_has_ended_nothing(town: Town) -> None:
    await open_written(town)
    await town.nature_club.press("Ich widerspreche dem Verfahren")
    await town.nature_club.press("Ohne Begründung")
    await town.nature_club.press("Abbrechen")
    assert town.one(Poll).state == "open"
    await town.nature_club.says("/offen")
    await town.nature_club.press("Abstimmen: ")
    await town.nature_club.press("Nein")
    assert town.nature_club.toast.startswith("Gespeichert")


async def test_a_deputy_may_object_only_while_the_holder_has_not_voted(town: Town) -> None:
    await open_written(town)
    await town.group_a_deputy.press("Ja")
    objecting = town.group_a_deputy.button("Ich widerspreche dem Verfahren")
    await town.group_a.press("Nein")
    await town.group_a_deputy.presses(*objecting)
    assert "selbst abgestimmt" in town.group_a_deputy.toast
    await town.until(DEADLINE)
    counts = town.one(Poll).result["counts"]
    assert (counts["yes"], counts["no"]) == (0, 1), "the deputy's vote is void"


async def test_two_who_object_at_once_stop_it_once(town: Town) -> None:
    await open_written(town)
    for who in (town.nature_club, town.school):
        await who.press("Ich widerspreche dem Verfahren")
        await who.press("Ohne Begründung")
    await town.nature_club.press("Ja, widersprechen")
    await town.school.press("Ja, widersprechen")
    assert "beendet" in town.school.toast
    assert town.group_a.sees(GROUP).count("Ergebnis: ") == 1


async def test_an_ordinary_resolution_knows_no_objection(town: Town) -> None:
    await open_resolution(town)
    assert not any("widerspreche" in label for label in town.group_a.buttons())


async def test_it_ends_with_the_last_answer_where_the_rules_say_so(town: Town) -> None:
    change_rules(town, close_when_all_voted=True)
    await open_written(town, "Namentlich")
    for n in range(3, 22):
        await town.somebody(f"sg-{n:02}").says("1")
    await town.pass_time(minutes=10)
    assert town.one(Poll).state == "closed"
    await town.coordination.press("Veröffentlichen")
    assert "Rückmeldungen: 19 von 19; ohne Rückmeldung: 0." in town.group_a.sees(GROUP)


async def test_coordination_may_end_it_early(town: Town) -> None:
    await open_written(town)
    await close_poll(town)
    assert "Kein Beschluss: Es wurde keine Stimme abgegeben" in town.coordination.sees()
