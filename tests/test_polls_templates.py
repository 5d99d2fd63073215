"""Templates of a municipality, and the Maßnahmenkonferenz: a poll a field of action in one go."""

from __future__ import annotations

from datetime import UTC, datetime

from handlers.polls.templates.actions import KeepPoll, Templates, UseTemplate
from handlers.router import pack
from storage.models import Ballot, Poll, PollTemplate
from tests.polling import DEADLINE, GROUP, begin, prepare
from tests.test_polls_managed import manage, open_resolution
from tests.test_polls_written import open_written
from tests.world import Somebody, Town

TITLE = "Klimaschutz und Energie"


async def from_template(who: Somebody, name: str) -> None:
    """Coordination begins a poll from a template."""
    await who.says("/abstimmung")
    await who.press("Aus Vorlage")
    await who.press(name)


# --- templates --------------------------------------------------------------------------------


async def test_a_template_asks_only_what_it_does_not_know(town: Town) -> None:
    await prepare(town, "Offen", "4", "2 (Ihre", sure=False)
    await town.coordination.press("Als Vorlage speichern")
    assert "Gespeichert: Vorlage „Klimaschutz und Energie“" in town.coordination.toast
    assert town.all(Poll) == []
    await town.coordination.press("Veröffentlichen")
    assert town.one(Poll).state == "open", "keeping it has not ended the dialog"
    who = town.coordination
    await from_template(who, TITLE)
    for pressed in ("TF2", "Fertig"):
        await who.press(pressed)
    assert f"{TITLE}" in " ".join(who.buttons())
    await who.says("Mobilität im zweiten Anlauf")
    await who.press("Sofort")
    assert "Di., 19.01.2027, 18:00 Uhr" in who.buttons()[0]
    await who.press("Di., 19.01.2027, 18:00 Uhr")
    assert "Jeder Sitz hat 4 Punkte" in who.newest()
    await who.press("Veröffentlichen")
    _, second = town.all(Poll)
    assert second.settings == {"dots": 4, "max_per_option": 2}
    assert second.title == {"de": "Mobilität im zweiten Anlauf"}


async def test_an_opened_poll_becomes_a_template_and_a_written_procedure_stays_one(
    town: Town,
) -> None:
    await open_written(town, "Namentlich")
    await town.coordination.press("Als Vorlage speichern")
    await from_template(town.coordination, "Protokoll der 3. Sitzung")
    await town.coordination.says("Protokoll der 4. Sitzung")
    await town.coordination.press("Sofort")
    await town.coordination.press("Di., 19.01.2027")
    assert "Umlaufverfahren" in town.coordination.newest()
    await town.coordination.press("Veröffentlichen")
    poll = town.all(Poll)[1]
    assert (poll.secrecy, poll.settings["written"]) == ("roll_call", True)


async def test_a_template_is_replaced_by_its_name_and_deleted_after_asking_back(
    town: Town,
) -> None:
    await open_resolution(town)
    await town.coordination.press("Als Vorlage speichern")
    await town.coordination.press("Als Vorlage speichern")
    assert "ersetzt die frühere" in town.coordination.toast
    assert len(town.all(PollTemplate)) == 1
    await town.coordination.says("/abstimmung")
    await town.coordination.press("Aus Vorlage")
    await town.coordination.press("Löschen: ")
    message, action = town.coordination.button("Ja, löschen")
    await town.coordination.press("Ja, löschen")
    assert town.all(PollTemplate) == []
    await town.coordination.presses(message, action)
    assert "gibt es nicht mehr" in town.coordination.toast


async def test_only_who_may_open_polls_uses_templates(town: Town) -> None:
    await open_resolution(town)
    await town.coordination.press("Als Vorlage speichern")
    newest = town.group_a.messages()[-1]["id"]
    template = town.one(PollTemplate)
    for pressed in (Templates(), UseTemplate(template.id), KeepPoll(town.one(Poll).id)):
        await town.group_a.presses(newest, pack(pressed))
        assert "vorbehalten" in town.group_a.toast
    assert town.all(PollTemplate) == [template]


# --- Maßnahmenkonferenz -----------------------------------------------------------------------


async def prepare_conference(
    town: Town, *, opens: str = "Sofort", secrecy: str = "Offen", sure: bool = True
) -> None:
    """Coordination has a poll opened for each field of action."""
    who = town.coordination
    await begin(who, "Aus Vorlage")
    for pressed in ("Maßnahmenkonferenz", "Fertig", GROUP, opens):
        await who.press(pressed)
    await who.says("19.01.2027 18:00")
    for pressed in (secrecy, "3 (Ihre", "2 (Ihre"):
        await who.press(pressed)
    if sure:
        await who.press("Alle veröffentlichen")


async def test_the_preview_lists_all_polls_and_nothing_is_opened_before_it_is_confirmed(
    town: Town,
) -> None:
    await prepare_conference(town, sure=False)
    seen = town.coordination.newest()
    assert "Maßnahmenkonferenz – 5 Abstimmungen" in seen
    assert "Klimaschutz und Energie: 8 Maßnahmen" in seen
    assert "Zusammen 40 Maßnahmen" in seen
    assert town.all(Poll) == []


async def test_one_ballot_leads_through_all_fields(town: Town) -> None:
    await prepare_conference(town)
    assert len(town.all(Poll, state="open")) == 5
    who = town.group_a
    ballots = [m for m in who.messages() if "Ihr Stimmzettel" in m["html"]]
    assert len(ballots) == 1
    assert "Abstimmung 1 von 5" in who.newest()
    for number in range(1, 6):
        await who.says("1")
        if number < 5:
            await who.press("Weiter: ")
            assert f"Abstimmung {number + 1} von 5" in who.newest()
    assert "Sie haben in allen 5 Abstimmungen abgestimmt" in who.sees()
    assert not any("Weiter: " in label for label in who.buttons())
    assert len(town.all(Ballot)) == 5


async def test_channels_have_one_board_and_one_summary(town: Town) -> None:
    await prepare_conference(town)
    board = town.group_a.sees(GROUP)
    assert board.count("Jetzt abstimmen") == 1 and "Klimaschutz und Energie: 0 von 19" in board
    await town.group_b.press("Jetzt abstimmen", at=GROUP)
    assert "Stimmzettel" in town.group_b.toast
    await town.group_b.press("Photovoltaik")
    assert "Klimaschutz und Energie: 1 von 19" in town.group_a.sees(GROUP)
    await town.group_b.press("Jetzt abstimmen", at=GROUP)
    assert "Abstimmung 2 von 5" in town.group_b.newest()
    await town.until(DEADLINE)
    seen = town.group_a.sees(GROUP)
    assert seen.count("Prioritäten aller Themenfelder: Maßnahmenkonferenz") == 1
    assert (
        "1. Photovoltaik auf allen geeigneten kommunalen Dächern: 1" in seen
        and "Solardach" not in seen
    )
    assert seen.count("Es wurde keine Stimme abgegeben.") == 4
    assert "Ergebnis: Klimaschutz" in seen and "Verfahren: Klebepunkte" not in seen
    await town.group_a.press("Ergebnis: Klimaschutz", at=GROUP)
    assert "Verfahren: Klebepunkte" in town.group_a.sees(GROUP)


async def test_all_open_together_at_their_time(town: Town) -> None:
    await prepare_conference(town, opens="Mi., 13.01.2027")
    assert {poll.state for poll in town.all(Poll)} == {"planned"}
    assert "Stimmzettel" not in town.group_a.sees()
    await town.until(datetime(2027, 1, 13, 7, 0, tzinfo=UTC))
    assert {poll.state for poll in town.all(Poll)} == {"open"}
    assert town.group_a.sees().count("Ihr Stimmzettel") == 1
    assert town.group_a.sees(GROUP).count("Jetzt abstimmen") == 1


async def test_all_are_closed_in_one_go(town: Town) -> None:
    await prepare_conference(town)
    await town.group_a.press("Photovoltaik")
    await town.coordination.press("Alle jetzt beenden")
    assert "5 laufende Abstimmungen jetzt beenden?" in town.coordination.newest()
    await town.coordination.press("Ja, alle beenden")
    assert {poll.state for poll in town.all(Poll)} == {"closed"}
    assert town.group_a.sees(GROUP).count("Prioritäten aller Themenfelder") == 1


async def test_the_summary_waits_for_a_field_that_has_more_time(town: Town) -> None:
    await prepare_conference(town)
    await manage(town.coordination, "Frist verlängern")
    await town.coordination.says("20.01.2027 18:00")
    await town.coordination.press("Ja, verlängern")
    assert "verlängerte bis Mi., 20.01.2027" in town.group_a.sees(GROUP)
    await town.until(DEADLINE)
    assert "Prioritäten aller" not in town.group_a.sees(GROUP)
    await town.until(datetime(2027, 1, 20, 17, 0, tzinfo=UTC))
    assert town.group_a.sees(GROUP).count("Prioritäten aller Themenfelder") == 1


async def test_a_secret_series_keeps_small_numbers_to_itself(town: Town) -> None:
    await prepare_conference(town, secrecy="Geheim")
    await town.group_a.press("Photovoltaik")
    assert "Klimaschutz und Energie: Beteiligung ab 3 Stimmen" in town.group_a.sees(GROUP)
    await town.until(DEADLINE)
    seen = town.group_a.sees(GROUP)
    assert "Zu wenige geheime Stimmen" in seen and "1 von 19" not in seen
