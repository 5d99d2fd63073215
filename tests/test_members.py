"""The roster in coordination's direct chat: looking, adding, changing, ending, taking back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from handlers.chat import Press
from handlers.members import rules
from handlers.members.actions import EditMember, ShowMember, Undo
from handlers.router import pack
from storage.lines import Member
from storage.models import AuditEvent, Membership, Person, Seat, SeatFiller
from tests.polling import open_poll
from tests.world import Somebody, Town

TODAY = date(2027, 1, 12)


async def pressed(who: Somebody, label: str) -> str:
    """Press, and read what stands there now: a card may have taken the place of the old one."""
    return await who.press(label) or who.newest()


async def card(town: Town, words: str) -> str:
    """Coordination searches and opens the first person found."""
    await town.coordination.says(f"/mitglieder {words}")
    return await pressed(town.coordination, town.coordination.buttons()[0])


async def refused(who: Somebody, label: str) -> str:
    """Press, and read why it is not done."""
    await who.press(label)
    return who.toast


def fillers(town: Town, holder: str) -> list[str]:
    """The keys of those who fill a holder's seat, in order."""
    people = {p.id: p.key for p in town.all(Person, municipality_id=town.id)}
    for seat in town.all(Seat, municipality_id=town.id):
        filled = sorted(town.all(SeatFiller, seat_id=seat.id), key=lambda f: f.position)
        if filled and people[filled[0].person_id] == holder:
            return [people[f.person_id] for f in filled]
    return []


def memberships(town: Town, key: str) -> list[Membership]:
    return town.all(Membership, person_id=town.one(Person, key=key, municipality_id=town.id).id)


# --- looking -------------------------------------------------------------------------------


async def test_the_list_shows_bodies_institutions_links_and_deputies(any_town: Town) -> None:
    seen = await any_town.coordination.says("/mitglieder")
    assert "Seite 1 von" in seen and "Koordination 1 – Stadtverwaltung" in seen
    pages = [seen]
    while any("Weiter" in label for label in any_town.coordination.buttons()):
        pages.append(await pressed(any_town.coordination, "Weiter"))
    everything = "\n".join(pages)
    assert "Stellvertretung 1 für Vertretung Stadtratsfraktion A" in everything
    assert "Beratung" in everything and " · Web" in everything
    assert "Tannwiesen" not in everything


async def test_a_search_finds_by_words_and_says_when_there_is_nobody(town: Town) -> None:
    assert "Vertretung Freiwillige Feuerwehr" in await town.coordination.says(
        "/mitglieder feuerwehr"
    )
    assert "finde ich niemanden" in await town.coordination.says("/mitglieder quastenflosser")


async def test_only_coordination_may_look_or_press(town: Town) -> None:
    assert "Koordination" in await town.group_a.says("/mitglieder")
    fire = town.one(Person, key="sg-13")
    message = town.group_a.messages()[-1]["id"]
    answer = await town.group_a.presses(message, pack(ShowMember(fire.id)))
    assert "Feuerwehr" not in answer


async def test_the_neighbour_town_is_out_of_reach(town: Town) -> None:
    theirs = town.one(Person, key="tw-02")
    await town.coordination.says("/mitglieder")
    message = town.coordination.messages()[-1]["id"]
    for action in (ShowMember(theirs.id), EditMember(theirs.id, "end")):
        await town.coordination.presses(message, pack(action))
        assert "Tannwiesen" not in town.coordination.sees()
    assert town.all(AuditEvent) == []


# --- adding --------------------------------------------------------------------------------


async def test_a_person_is_added_with_a_new_institution_and_a_seat(any_town: Town) -> None:
    town, who = any_town, any_town.coordination
    await who.says("/mitglieder neu")
    await who.says("Vertretung  Klein\u200bgärten \u202e🌱")
    await who.press("Weiter")
    await who.press("Weiter")
    await who.press("Neue Einrichtung")
    await who.says("Kleingartenverein")
    await who.press("Zivilgesellschaft")
    await who.press("Steuerungsgruppe")
    await who.press("Mitglied mit Sitz")
    review = await pressed(who, "Deutsch")
    assert "Vertretung Kleingärten 🌱 kommt neu dazu: Mitglied mit Sitz" in review
    assert "aufgenommen" in await pressed(who, "Ja, so ändern")
    person = town.one(Person, key="vertretung-kleingaerten")
    assert person.name == {"de": "Vertretung Kleingärten 🌱"}
    assert fillers(town, person.key) == [person.key]
    [event] = town.all(AuditEvent)
    assert (event.action, event.subject_id) == ("added", person.id)
    # Taken back: no membership and no right to vote are left.
    await who.press("Zurücknehmen")
    assert "Zurückgenommen" in await pressed(who, "Ja, zurücknehmen")
    assert memberships(town, person.key) == []
    assert not any(s.voting_right for s in town.all(Seat) if "kleingaerten" in s.key)


async def test_a_deputy_and_a_guest_are_asked_for_what_they_need(town: Town) -> None:
    who = town.coordination
    await who.says("/mitglieder neu")
    await who.says("Zweite Stellvertretung Fraktion A")
    await who.press("Stadtratsfraktion A")
    await who.press("Steuerungsgruppe")
    await who.press("Stellvertretung")
    await who.says("Vertretung Stadtratsfraktion A")
    await pressed(who, "Deutsch")
    await who.press("Ja, so ändern")
    assert fillers(town, "sg-08") == ["sg-08", "sg-08-d", "zweite-stellvertretung-fraktion-a"]
    await who.says("/mitglieder neu")
    await who.says("Besuch")
    await who.press("Stadtverwaltung")
    await who.press("Steuerungsgruppe")
    await who.press("Gast")
    await pressed(who, "Deutsch")
    assert "kommt neu dazu: Gast" in await who.says("31.01.2027")
    await who.press("Ja, so ändern")
    assert memberships(town, "besuch")[0].end_date == date(2027, 1, 31)


async def test_the_coordination_is_not_offered_a_vote(town: Town) -> None:
    who = town.coordination
    await who.says("/mitglieder neu")
    await who.says("Koordination 3")
    await who.press("Stadtverwaltung")
    await who.press("Koordination und beide")
    assert "Mitglied mit Sitz" not in who.buttons()
    await who.press("Mitglied ohne Stimmrecht")
    assert "kann Abstimmungen öffnen" not in await pressed(who, "Deutsch")
    await who.press("Ja, so ändern")
    assert {m.role for m in memberships(town, "koordination-3")} == {"member"}
    assert len(memberships(town, "koordination-3")) == 3


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("\u200b\u202e", "keine Bezeichnung"), ("x" * 300, "höchstens 120"), ("…", "keine Bezeich")],
)
async def test_names_that_are_none_are_refused(town: Town, typed: str, answer: str) -> None:
    await town.coordination.says("/mitglieder neu")
    assert answer in await town.coordination.says(typed)


async def test_the_same_designation_in_a_body_is_warned_of(town: Town) -> None:
    who = town.coordination
    await card(town, "feuerwehr")
    await who.press("Funktion ändern")
    assert "gibt es in diesem Gremium schon" in await who.says("Vertretung Sportverein")


# --- changing ------------------------------------------------------------------------------


async def test_an_end_says_what_it_causes_and_takes_the_vote(any_town: Town) -> None:
    town, who = any_town, any_town.coordination
    await open_poll(town)
    await card(town, "sg-08")
    assert "Stellvertretung: Stellvertretung Stadtratsfraktion A" in who.newest()
    await who.press("Mitgliedschaft beenden")
    review = await pressed(who, "Ab sofort")
    assert "verliert ab Di., 12.01.2027 das Stimmrecht in 1 laufenden Abstimmung" in review
    assert "Der Sitz bleibt; es rückt nach: Stellvertretung Stadtratsfraktion A" in review
    await who.press("Ja, so ändern")
    assert memberships(town, "sg-08")[0].end_date == date(2027, 1, 11)
    assert fillers(town, "sg-08") == ["sg-08", "sg-08-d"]
    assert "Fraktion" not in await town.group_a.says("/abstimmungen")
    await who.says("/mitglieder zurueck")
    await who.press("Ja, zurücknehmen")
    assert memberships(town, "sg-08")[0].end_date is None


async def test_an_end_in_the_past_is_refused(town: Town) -> None:
    await card(town, "feuerwehr")
    await town.coordination.press("Mitgliedschaft beenden")
    assert "schon vorbei" in await town.coordination.says("01.01.2027")
    assert "verstehe ich nicht als Tag" in await town.coordination.says("31.02.2027")
    assert "zu weit weg" in await town.coordination.says("01.01.2099")
    assert "Ende: offen →" in await town.coordination.says("31.01.2027")


async def test_bodies_move_inwards_and_outwards(town: Town) -> None:
    who = town.coordination
    await card(town, "feuerwehr")
    await who.press("Gremien ändern")
    assert "Gremien: Steuerungsgruppe → Kernteam, Steuerungsgruppe" in await pressed(
        who, "Kernteam"
    )
    await who.press("Ja, so ändern")
    assert len(memberships(town, "sg-13")) == 2
    await card(town, "feuerwehr")
    await who.press("Gremien ändern")
    await pressed(who, "Steuerungsgruppe")
    await who.press("Ja, so ändern")
    assert len(memberships(town, "sg-13")) == 1


async def test_deputies_change_their_order(town: Town) -> None:
    await test_a_deputy_and_a_guest_are_asked_for_what_they_need(town)
    who = town.coordination
    await card(town, "sg-08")
    await who.press("Stellvertretungen ordnen")
    review = await pressed(who, "Zweite Stellvertretung")
    assert "an Stelle 2) → Vertretung Stadtratsfraktion A (an Stelle 1)" in review
    await who.press("Ja, so ändern")
    assert fillers(town, "sg-08") == ["sg-08", "zweite-stellvertretung-fraktion-a", "sg-08-d"]
    await who.press("Zurücknehmen")
    await who.press("Ja, zurücknehmen")
    assert fillers(town, "sg-08") == ["sg-08", "sg-08-d", "zweite-stellvertretung-fraktion-a"]


async def test_a_holder_with_deputies_keeps_the_seat(town: Town) -> None:
    await card(town, "sg-08")
    await town.coordination.press("Rolle ändern")
    assert "hat noch eine Stellvertretung" in await refused(town.coordination, "Beratung")


async def test_nobody_stands_in_for_themselves(town: Town) -> None:
    await card(town, "sg-08-d")
    await town.coordination.press("Stellvertretung ändern")
    assert "sich selbst" in await town.coordination.says("sg-08-d")


async def test_the_last_coordinator_stays(town: Town) -> None:
    who = town.coordination
    await card(town, "sg-02")
    await who.press("Gremien ändern")
    await pressed(who, "Steuerungsgruppe")
    await who.press("Ja, so ändern")
    await card(town, "sg-01")
    await who.press("Mitgliedschaft beenden")
    assert "keine Koordination mehr" in await refused(who, "Ab sofort")
    assert "keine Koordination mehr" in await who.says("31.12.2027")
    await card(town, "sg-01")
    await who.press("Gremien ändern")
    assert "keine Koordination mehr" in await refused(who, "Kernteam und")


async def test_two_who_change_the_same_person_at_once_do_not_overwrite_each_other(
    any_town: Town,
) -> None:
    town, first, second = any_town, any_town.coordination, any_town.second_coordination
    await card(town, "feuerwehr")
    await first.press("Funktion ändern")
    await first.says("Feuerwehr, Leitung")
    await second.says("/mitglieder feuerwehr")
    await second.press("Vertretung Freiwillige Feuerwehr")
    await second.press("Funktion ändern")
    await second.says("Feuerwehr, Vorstand")
    await second.press("Ja, so ändern")
    assert "wurde inzwischen etwas geändert" in await pressed(first, "Ja, so ändern")
    assert town.one(Person, key="sg-13").name == {"de": "Feuerwehr, Vorstand"}


async def test_only_the_last_change_is_taken_back_and_not_over_another(town: Town) -> None:
    who = town.coordination
    await card(town, "feuerwehr")
    await who.press("Funktion ändern")
    await who.says("Feuerwehr")
    await pressed(who, "Ja, so ändern")
    message, old = who.button("Zurücknehmen")
    await card(town, "sg-11")
    await who.press("Sprache ändern")
    await pressed(who, "Englisch")
    await who.press("Ja, so ändern")
    await who.presses(message, old)
    assert "nicht die letzte" in who.toast
    # The person chose another language since: that is not overwritten.
    await town.sports_club.says("/sprache einfach")
    assert "inzwischen" in await who.says("/mitglieder zurueck")


async def test_an_undo_is_asked_for_once(town: Town) -> None:
    who = town.coordination
    assert "keine Änderung" in await who.says("/mitglieder zurück")
    await card(town, "feuerwehr")
    await who.press("Funktion ändern")
    await who.says("Feuerwehr")
    await who.press("Ja, so ändern")
    await who.press("Zurücknehmen")
    message, sure = who.button("Ja, zurücknehmen")
    await who.presses(message, sure)
    assert town.one(Person, key="sg-13").name["de"] == "Vertretung Freiwillige Feuerwehr"
    await who.presses(message, sure)
    assert [e.action for e in town.all(AuditEvent)] == ["changed", "undone"]


# --- the audit log -------------------------------------------------------------------------


async def test_the_history_tells_who_changed_what_and_leaves_as_a_file(town: Town) -> None:
    who = town.coordination
    await card(town, "feuerwehr")
    await who.press("Funktion ändern")
    await who.says("=Feuerwehr")
    await who.press("Ja, so ändern")
    seen = await who.says("/mitglieder verlauf")
    assert "Koordination 1 – geändert" in seen
    assert "Funktion: Vertretung Freiwillige Feuerwehr → =Feuerwehr" in seen
    await who.press("CSV")
    assert who.messages()[-1]["file"]["name"] == "verlauf-ilmbrueck-2027-01-12.csv"
    assert "=Feuerwehr" not in await town.group_a.says("/mitglieder verlauf")


# --- rules ---------------------------------------------------------------------------------


def line(key: str, **more: object) -> Member:
    made = {"name": key, "bodies": ("steering_group",), "role": "voteless", **more}
    return Member(key, **made)  # type: ignore[arg-type]


def problems(*after: Member, before: tuple[Member, ...] = ()) -> list[str]:
    old, new = ({m.key: m for m in some} for some in (before, after))
    changed = [key for key, m in new.items() if old.get(key) != m]
    return [p.message for _, p in rules.problems(old, new, changed, TODAY, False)]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (line("a", bodies=()), "members.no_body"),
        (line("a", role="deputy"), "members.deputy_of_whom"),
        (line("a", role="deputy", deputy_of="a"), "members.own_deputy"),
        (line("a", role="deputy", deputy_of="b"), "members.holder_unknown"),
        (line("a", role="member", deputy_of="a"), "members.seat_or_deputy"),
        (line("a", role="guest"), "members.guest_until_when"),
        (
            line("a", role="member", bodies=rules.with_outer(["coordination"])),
            "members.coordination_has_no_vote",
        ),
        (line("a", start=TODAY, end=TODAY - timedelta(days=9)), "members.end_is_past"),
        (line("a", start=date(2028, 1, 1), end=date(2027, 6, 1)), "members.end_before_start"),
        (line("a", start=date(1900, 1, 1)), "members.day_too_far"),
    ],
)
def test_what_cannot_stand_in_the_roster_is_named(wrong: Member, problem: str) -> None:
    assert problem in problems(wrong)


def test_a_deputy_needs_somebody_with_a_seat() -> None:
    assert problems(line("a", role="deputy", deputy_of="b"), line("b", role="member")) == []
    assert problems(line("a", role="deputy", deputy_of="b"), line("b")) == [
        "members.holder_has_no_seat"
    ]


def test_a_press_on_a_part_that_is_none_is_an_old_button() -> None:
    assert pack(EditMember(1, "end")) and Press(pack(Undo(7))).packed == "rU:7"
