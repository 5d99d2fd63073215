"""Preparing a poll: what the dialog takes, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from handlers.polls.opening import Plan
from storage.models import (
    Body,
    Membership,
    Person,
    Poll,
    PollOption,
    RollSeat,
)
from tests.polling import (
    DEADLINE,
    GROUP,
    begin,
    change_rules,
    prepare,
)
from tests.world import Town


async def test_options_may_be_typed(town: Town) -> None:
    who = town.coordination
    await begin(who, "Klebepunkte")
    await who.press("Eigene Optionen")
    assert "mindestens zwei Optionen" in await who.says("nur eine")
    assert "steht zweimal" in await who.says("Radweg\nradweg")
    await who.says("1. Radweg <b>&\n- Dach\n• Bank")
    await who.says("Was zuerst?")
    await who.press(GROUP)
    await who.press("Sofort")
    await who.press("Mi., 13.01.2027, 18:00")
    await who.press("Offen")
    await who.press("1")
    assert "Radweg <b>&" in who.newest()
    await who.press("Veröffentlichen")
    assert "Radweg <b>& ○" in town.group_a.newest()
    assert "Jeder Sitz hat einen Punkt." in town.group_a.sees(GROUP)


async def test_a_dialog_goes_back_leaves_and_outlives_a_restart(town: Town) -> None:
    who = town.coordination
    await begin(who, "Klebepunkte")
    await who.press("TF2")
    await who.press("Zurück")
    await who.press("TF1")
    town.restart()
    await who.press("Fertig")
    await who.says("/abbrechen")
    await begin(who, "Klebepunkte")
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
    await begin(who, "Klebepunkte")
    for pressed in ("TF1", "Fertig", "Klimaschutz und Energie", GROUP, "Sofort"):
        await who.press(pressed)
    assert answer in await who.says(typed)
    await who.says("31.10.2027 02:30 Winterzeit")
    assert "Offen oder geheim" in who.newest()


async def test_one_option_is_no_choice(town: Town) -> None:
    who = town.coordination
    await begin(who, "Klebepunkte")
    await who.press("TF1")
    for label in [b for b in who.buttons() if b.startswith("☑")][1:]:
        await who.press(label.removeprefix("☑ "))
    for pressed in ("Fertig", "Klimaschutz", GROUP, "Sofort", "13.01.2027", "Offen", "1"):
        await who.press(pressed)
    assert "mindestens zwei Optionen" in who.toast and town.all(Poll) == []


# --- what is voted on -----------------------------------------------------------------------


async def test_measures_are_searched_across_fields_of_action(town: Town) -> None:
    who = town.coordination
    await begin(who, "Klebepunkte")
    await who.press("Maßnahmen suchen")
    assert "nicht genug Maßnahmen" in await who.says("Zeppelin")
    found = await who.says("kommunal")
    assert "Photovoltaik" in found and "☑" in found
    await who.press("Fertig")
    await who.says("Was die Stadt selbst tun kann")
    for pressed in (GROUP, "Sofort", "13.01.2027", "Offen", "1"):
        await who.press(pressed)
    await who.press("Veröffentlichen")
    options = {o.label["de"] for o in town.all(PollOption)}
    assert len(options) >= 2 and all("ommunal" in label for label in options)


async def test_typed_options_that_look_alike_are_pointed_out(town: Town) -> None:
    who = town.coordination
    await begin(who, "Klebepunkte")
    await who.press("Eigene Optionen")
    said = await who.says("Radweg am Bach\nRadweg am Bache\nDach\nBank")
    assert "sehr ähnlich" in said and "• Radweg am Bach / Radweg am Bache" in said
    await who.press("Je nur die erste")
    await who.says("Was zuerst?")
    for pressed in (GROUP, "Sofort", "13.01.2027", "Offen", "1"):
        await who.press(pressed)
    await who.press("Veröffentlichen")
    assert [o.label["de"] for o in town.all(PollOption)] == ["Radweg am Bach", "Dach", "Bank"]


async def test_the_preview_shows_how_the_poll_will_look(town: Town) -> None:
    await prepare(town, "Geheim", "3 (Ihre", "2 (Ihre", sure=False)
    seen = town.coordination.newest()
    assert "Jeder Sitz hat 3 Punkte, höchstens 2 je Option" in seen
    assert "• Photovoltaik auf allen geeigneten kommunalen Dächern" in seen
    assert "Geheime Abstimmung" in seen and "erscheint sie in 2 Kanälen" in seen
    assert town.all(Poll) == []


# --- who, and when --------------------------------------------------------------------------


async def test_a_planned_poll_opens_by_itself_and_freezes_its_roll_then(town: Town) -> None:
    await prepare(town, "Offen", "3 (Ihre", "2 (Ihre", opens="Mi., 13.01.2027, 08:00")
    assert "Sie öffnet Mi., 13.01.2027, 08:00 Uhr von selbst" in town.coordination.newest()
    assert "Ihr Stimmzettel" not in town.group_a.sees() and town.all(RollSeat) == []
    listed = await town.group_a.says("/abstimmungen")
    assert "Geplant:" in listed and "öffnet Mi., 13.01.2027, 08:00 Uhr" in listed
    change_rules(town, dots_per_seat=3, quorum="none")
    await town.until(datetime(2027, 1, 13, 7, 0, tzinfo=UTC))
    assert len(town.all(RollSeat)) == 19
    await town.group_a.press("Photovoltaik")
    assert "1 von 19" in town.group_a.sees(GROUP)
    change_rules(town, quorum="two_thirds")
    await town.until(DEADLINE)
    assert "Ein Quorum ist nicht nötig" in town.group_a.sees(GROUP), "the rules at its opening"


async def test_a_planned_poll_is_opened_ahead_of_its_time(town: Town) -> None:
    await prepare(town, "Offen", "3 (Ihre", "2 (Ihre", opens="Mi., 13.01.2027, 08:00")
    await town.coordination.press("Verwalten")
    await town.coordination.press("Jetzt öffnen")
    await town.until(datetime(2027, 1, 13, 7, 0, tzinfo=UTC))
    assert town.group_a.sees().count("Ihr Stimmzettel") == 1


async def test_a_planned_poll_that_may_not_open_is_taken_back_and_said(town: Town) -> None:
    await prepare(town, "Geheim", "3 (Ihre", "2 (Ihre", opens="Mi., 13.01.2027, 08:00")
    change_rules(town, secret_minimum_voters=20)
    await town.until(datetime(2027, 1, 13, 7, 0, tzinfo=UTC))
    for person in (town.coordination, town.second_coordination):
        assert "konnte nicht öffnen" in person.newest() and "nötig sind 20" in person.newest()
    assert town.one(Poll).state == "withdrawn" and "Stimmzettel" not in town.group_a.sees()


async def test_the_core_team_prepares_where_the_rules_of_procedure_say_so(town: Town) -> None:
    member = town.somebody(_core_team(town))
    assert "vorbehalten" in await member.says("/abstimmung")
    change_rules(town, who_may_open="core_team")
    assert "Wie soll abgestimmt werden?" in await member.says("/abstimmung")


def _core_team(town: Town) -> str:
    """Somebody of the core team who is not in coordination."""
    kinds = {body.id: body.kind for body in town.all(Body, municipality_id=town.id)}
    of: dict[str, set[int]] = {}
    for membership in town.all(Membership, municipality_id=town.id):
        of.setdefault(kinds[membership.body_id], set()).add(membership.person_id)
    return str(town.one(Person, id=min(of["core_team"] - of["coordination"])).key)


def test_a_plan_can_be_kept_and_read_back() -> None:
    words = {"de": "Radweg", "en": "Cycle path"}
    plan = Plan(
        method="dots",
        settings={"dots": 3, "max_per_option": 1},
        title={"de": "Was zuerst?"},
        options=((words, 7), ({"de": "Dach"}, None)),
        body_id=3,
        closes_at=DEADLINE,
        opens_at=datetime(2027, 1, 13, 7, 0, tzinfo=UTC),
        secrecy="secret",
    )
    for kept in (plan, replace(plan, opens_at=None, formal=True)):
        assert Plan.of_json(json.loads(json.dumps(kept.as_json()))) == kept
