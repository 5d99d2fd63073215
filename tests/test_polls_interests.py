"""Conflicts of interest: who is personally involved has no say, and the result tells."""

from __future__ import annotations

from storage.models import Conflict, Poll, PollOption
from tests.polling import DEADLINE, GROUP, ballots, open_poll, prepare
from tests.world import Somebody, Town


async def test_a_member_steps_out_of_a_poll_and_the_quorum_shrinks(town: Town) -> None:
    await open_poll(town)
    me = town.fire_brigade
    await me.press("Photovoltaik")
    await me.press("Ich bin persönlich beteiligt")
    await me.press("An der ganzen Abstimmung")
    assert "nimmt dann an" in me.newest() and len(ballots(town)) == 1, "asked back first"
    message, action = me.button("Photovoltaik")
    await me.press("Ja, eintragen")
    assert ballots(town) == [] and "0 von 18 Sitzen" in me.sees(GROUP)
    await me.presses(message, action)
    assert "persönlicher Beteiligung" in me.toast and ballots(town) == []
    assert "Von Ihnen wird gerade nichts erwartet" in await me.says("/offen")
    await town.group_a.press("Photovoltaik")
    await town.until(DEADLINE)
    seen = town.group_a.sees(GROUP)
    assert "Abgestimmt hat 1 von 18 stimmberechtigten Sitzen" in seen
    assert "Wegen persönlicher Beteiligung nicht dabei: " in seen and "(1 Sitz)" in seen
    assert "nötig: 10 Sitze" in seen


async def test_in_one_measure_only_the_seat_votes_on_all_the_others(town: Town) -> None:
    await open_poll(town)
    me = town.group_a
    await me.press("Photovoltaik")
    await me.press("Ich bin persönlich beteiligt")
    chosen = me.messages()[-1]
    label = "Photovoltaik auf allen geeigneten kommunalen Dächern"
    action = next(b["action"] for row in chosen["buttons"] for b in row if b["label"] == label)
    await me.presses(chosen["id"], action)
    old = me.button(f"{label} ●")
    await me.press("Ja, eintragen")
    assert "bitte stimmen sie zu den übrigen neu ab" in me.newest().lower()
    assert ballots(town) == [] and len(town.all(Conflict)) == 1
    await me.presses(*old)
    assert "persönlich beteiligt" in me.toast and ballots(town) == []
    await me.press("Solardach")
    await town.group_b.press("Photovoltaik")
    await town.until(DEADLINE)
    seen = town.group_b.sees(GROUP)
    assert f"ohne Stimme zu „{label}“: Stadtratsfraktion A." in seen
    assert "2 von 19 stimmberechtigten" in seen


async def test_a_secret_poll_lets_nobody_out_of_single_measures(town: Town) -> None:
    await open_poll(town, secret=True)
    await town.group_a.press("Ich bin persönlich beteiligt")
    assert "nimmt dann an" in town.group_a.newest(), "only the whole poll is possible"
    await town.group_a.press("Ja, eintragen")
    assert town.all(Conflict) == [] and "18" in town.group_b.sees(GROUP)


async def test_a_deputy_cannot_take_the_seat_out(town: Town) -> None:
    await open_poll(town)
    assert not any("persönlich beteiligt" in label for label in town.group_a_deputy.buttons())
    poll = town.one(Poll)
    assert poll.state == "open"


async def test_coordination_sets_and_lifts_it_until_the_close(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    who = town.coordination
    await _to_seat(who, "Stadtratsfraktion A")
    await who.press("Von der Abstimmung ausnehmen")
    assert "Die Stimme dieses Sitzes ist gelöscht" in who.toast and ballots(town) == []
    assert "persönlicher Beteiligung" in town.group_a.newest()
    assert "0 von 18" in town.group_a.sees(GROUP)
    await who.press("Wieder zulassen")
    assert "0 von 19" in town.group_a.sees(GROUP)
    await town.group_a.press("Photovoltaik")
    await who.press("Wärmeplanung")
    assert len(town.all(Conflict)) == 1 and len(ballots(town)) == 1
    await who.press("Wärmeplanung erstellen und beschließen ✕")
    assert town.all(Conflict) == []
    message, action = who.button("Wärmeplanung")
    await town.until(DEADLINE)
    await who.presses(message, action)
    assert "schon beendet" in who.toast and town.all(Conflict) == []


async def _to_seat(who: Somebody, seat: str) -> None:
    await who.says("/abstimmungen")
    for pressed in ("Verwalten", "Persönliche Beteiligung"):
        await who.press(pressed)
    while not any(label.startswith(seat) for label in who.buttons()):
        await who.press("Weiter")
    await who.press(seat)


async def test_values_typed_for_all_leave_out_what_one_has_no_say_in(town: Town) -> None:
    await prepare(
        town, "Offen", "Stimmungsbild", "Die letzte Option", method="Systemisches Konsensieren"
    )
    me = town.group_a
    await me.press("Ich bin persönlich beteiligt")
    await me.press("Photovoltaik auf allen geeigneten")
    await me.press("Ja, eintragen")
    options = sorted(town.all(PollOption), key=lambda o: o.position)
    number = next(o.position for o in options if "Photovoltaik auf allen" in o.label["de"]) + 1
    assert "persönlich beteiligt" in await me.says(f"{number}=3") and ballots(town) == []
    await me.says("0 1 2 3 4 5 6 7")
    given = {str(o.id): o.position for o in options if o.position != number - 1}
    assert ballots(town) == [given], "the numbers stay those of the list"
