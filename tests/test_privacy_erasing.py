"""Erasing: the warning, the two questions, and that nothing is left but what the warning says."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import SQLModel, select

from handlers.chat import Press
from handlers.privacy.actions import AskAgain, EnforcePeriods, Erase
from handlers.router import pack
from storage import audit, erasing, forgetting, housekeeping, notices, people, timers
from storage.db import Database
from storage.models import (
    Account,
    AuditEvent,
    Ballot,
    Dialog,
    Membership,
    Outbox,
    Person,
    Poll,
    RollPerson,
    RollSeat,
    Seat,
    SeatFiller,
    WebMessage,
)
from tests import world
from tests.messenger import Meeting
from tests.polling import GROUP, close_poll, open_poll
from tests.world import Somebody, Town


async def erase(who: Somebody) -> str:
    """All the way; returns the farewell."""
    await who.says("/loeschen")
    await who.press("Weiter zum Löschen")
    return await who.press("Endgültig löschen")


def end_membership(town: Town, key: str, day: date) -> int:
    """Somebody leaves; returns their id."""
    with town.db.begin() as tx:
        person = tx.execute(select(Person).filter_by(key=key)).scalar_one()
        for row in tx.execute(select(Membership).filter_by(person_id=person.id)).scalars():
            row.end_date = day
        return int(person.id)


# --- the conversation ----------------------------------------------------------------------


async def test_the_warning_says_what_goes_what_stays_and_why(town: Town) -> None:
    warning = await town.group_a.says("/loeschen")
    for words in (
        "Gelöscht wird",
        "alle verknüpften Konten",
        "ziehe ich die eigene Stimme zurück",
        "Es bleibt, und warum",
        "Protokolle",
        "Ehemaliges Mitglied",
        "Sicherungskopien",
        "Noch ist nichts gelöscht",
    ):
        assert words in warning, words
    assert town.group_a.buttons() == ["Nicht löschen", "Meine Daten", "Weiter zum Löschen"]
    await town.group_a.press("Weiter")
    assert "Wirklich alles über Sie löschen?" in town.group_a.newest()
    await town.group_a.press("Nicht löschen")
    assert "Nichts wurde gelöscht" in town.group_a.newest()
    assert town.one(Person, key="sg-08").name["de"] == "Vertretung Stadtratsfraktion A"


async def test_whoever_erases_themself_is_a_stranger_at_once(any_town: Town) -> None:
    town = any_town
    person = town.one(Person, key="sg-08")
    assert "Alles über Sie ist gelöscht" in await erase(town.group_a)
    assert town.all(Account, person_id=person.id) == []
    left = town.one(Person, id=person.id)
    assert left.name["de"] == "Ehemaliges Mitglied" and left.name["en"] == "Former member"
    assert left.key.startswith(erasing.ERASED) and left.institution_id is None
    assert all(m.end_date < town.now.date() for m in town.all(Membership, person_id=person.id))
    answer = await town.group_a.says("/offen")
    assert "verknüpft" in answer or "Einladung" in answer
    told = town.coordination.newest()
    assert "Eine Person hat ihre Daten löschen lassen" in told
    assert "Fraktion" not in told and "sg-08" not in told


async def test_the_seat_stays_and_its_deputy_moves_up(any_town: Town) -> None:
    town = any_town
    holder, deputy = (town.one(Person, key=key).id for key in ("sg-08", "sg-08-d"))
    seat = next(f for f in town.all(SeatFiller, person_id=holder) if f.position == 0).seat_id
    await erase(town.group_a)
    [filler] = town.all(SeatFiller, seat_id=seat)
    assert (filler.person_id, filler.position) == (deputy, 0)
    assert town.one(Seat, id=seat).voting_right
    await open_poll(town)
    assert "0 von 19" in town.group_b.sees(GROUP)
    await town.group_a_deputy.press("Photovoltaik")
    assert "Gespeichert" in town.group_a_deputy.toast


@pytest.mark.parametrize("secret", [False, True])
async def test_in_a_running_vote_the_ballot_is_withdrawn_and_the_deputy_may_vote(
    any_town: Town, secret: bool
) -> None:
    town = any_town
    await open_poll(town, secret=secret)
    await town.group_a.press("Photovoltaik")
    person = town.one(Person, key="sg-08").id
    [line] = town.all(RollPerson, person_id=person)
    await erase(town.group_a)
    assert town.all(Ballot) == [] and town.all(RollPerson, person_id=person) == []
    assert town.one(RollSeat, seat_id=line.seat_id).voted_as is None
    await town.group_a_deputy.press("Solardach")
    assert "Gespeichert" in town.group_a_deputy.toast
    assert len(town.all(Ballot)) == 1


async def test_of_a_closed_vote_the_result_stays_and_the_ballot_goes(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    await town.group_b.press("Photovoltaik")
    await close_poll(town)
    before = town.one(Poll).result
    await erase(town.group_a)
    assert town.one(Poll).result == before and len(town.all(Ballot)) == 1
    assert sum(seat.voted_as is not None for seat in town.all(RollSeat)) == 2


async def test_what_the_person_said_in_a_channel_is_nobodys(town: Town) -> None:
    await town.group_a.says("Meine Meinung dazu", at=GROUP)
    await erase(town.group_a)
    assert "Meine Meinung" not in town.group_b.sees(GROUP)
    assert not town.all(WebMessage, author="sg-08")


async def test_open_pages_are_told_what_came_after(town: Town) -> None:
    """Numbers of erased messages are not given out again."""
    await town.group_a.says("/hilfe")
    seen = max(m.version for m in town.all(WebMessage))
    highest = max(m.id for m in town.all(WebMessage))
    await erase(town.group_a)
    [farewell] = town.all(WebMessage, place="sg-08")
    assert farewell.version > seen and farewell.id > highest
    sent = max(row.id for row in town.all(Outbox))
    await town.group_b.says("/hilfe")
    assert min(row.id for row in town.all(Outbox, place="sg-09")) > 0
    assert max(row.id for row in town.all(Outbox)) > sent


# --- who may -------------------------------------------------------------------------------


async def test_the_last_of_coordination_names_somebody_else_first(any_town: Town) -> None:
    town = any_town
    await erase(town.second_coordination)
    refused = await town.coordination.says("/loeschen")
    assert "Benennen Sie zuerst eine zweite Person" in refused
    assert len(town.all(Account, external_id="sg-01")) == 1


async def test_two_of_coordination_cannot_both_go_by_old_buttons(town: Town) -> None:
    for who in (town.coordination, town.second_coordination):
        await who.says("/loeschen")
        await who.press("Weiter")
    first, second = (
        who.button("Endgültig") for who in (town.coordination, town.second_coordination)
    )
    await town.coordination.presses(*first)
    await town.second_coordination.presses(*second)
    assert "zweite Person" in town.second_coordination.toast
    assert town.all(Account, external_id="sg-02")


async def test_an_old_button_erases_nobody(town: Town) -> None:
    await town.group_a.says("/loeschen")
    await town.group_a.press("Weiter")
    await town.pass_time(minutes=61)
    await town.group_a.press("Endgültig")
    assert "älter als eine Stunde" in town.group_a.toast
    assert town.all(Account, external_id="sg-08")


async def test_coordination_erases_somebody_who_has_left(any_town: Town) -> None:
    town = any_town
    assert "Kein ehemaliges Mitglied" in await town.coordination.says("/loeschen Fraktion A")
    id = end_membership(town, "sg-08", town.now.date() - timedelta(days=1))
    warning = await town.coordination.says("/loeschen Stadtratsfraktion A")
    assert "Alles über „Vertretung Stadtratsfraktion A“ löschen" in warning
    await town.coordination.press("Weiter")
    assert "gelöscht" in await town.coordination.press("Endgültig")
    assert town.one(Person, id=id).name["de"] == "Ehemaliges Mitglied"
    assert "Kein ehemaliges Mitglied" in await town.coordination.says("/loeschen Ehemaliges")


async def test_nobody_else_erases_anybody_else(town: Town) -> None:
    id = end_membership(town, "sg-08", town.now.date() - timedelta(days=1))
    neighbour = town.one(Person, key="tw-02").id
    assert "nur die Koordination" in await town.group_b.says("/loeschen Fraktion A")
    meeting = Meeting(town.db)
    meeting.link("group_b", "coordination", "neighbour")
    minute = int(meeting.now.timestamp()) // 60
    for who, whom in (
        ("group_b", id),
        ("neighbour", id),
        ("coordination", neighbour),
        ("coordination", town.one(Person, key="sg-09").id),
    ):
        for pressed in (AskAgain(whom), Erase(whom, minute)):
            await meeting.happens(who, Press(pack(pressed)))
            assert not erasing.is_erased(town.one(Person, id=whom)), (who, pressed)


async def test_what_the_same_account_is_elsewhere_stays(any_town: Town) -> None:
    town = any_town
    other = town.one(Person, key="tw-02")
    with town.db.begin() as tx:
        people.link(tx, tx.get_one(Person, other.id), "web", "sg-08", "sg-08", town.now)
        notices.shown(tx, "web", "sg-08", other.municipality_id, "2026-12", town.now)
    await town.group_a.says("/start")
    await town.group_a.press("Stadt Ilmbrück")
    assert "in einer anderen Kommune" in await town.group_a.says("/loeschen")
    await town.group_a.press("Weiter")
    await town.group_a.press("Endgültig")
    [account] = town.all(Account, external_id="sg-08")
    assert account.person_id == other.id and not erasing.is_erased(town.one(Person, id=other.id))
    assert "Tannwiesen" in await town.group_a.says("/datenschutz")


async def test_the_audit_log_keeps_that_and_not_whom(town: Town) -> None:
    person, actor = (town.one(Person, key=key).id for key in ("sg-08", "sg-01"))
    told = {"name": "Vertretung Stadtratsfraktion A", "key": "sg-08"}
    with town.db.begin() as tx:
        audit.record(tx, town.id, town.now, actor, "changed", person, told)
        audit.record(
            tx, town.id, town.now, actor, "imported", None, {"people": [told, {"key": "x"}]}
        )
    await erase(town.group_a)
    about, several = town.all(AuditEvent)
    assert about.details == {} and about.actor_id == actor and about.undone_at is not None
    assert several.details == {"people": [{"name": "", "key": ""}, {"key": "x"}]}


# --- forensics -----------------------------------------------------------------------------

ACCOUNT = "konto-7f3a9c51e2"
DESIGNATION = "Vertretung der Murmelspielerinnen und Murmelspieler"


def night(town: Town) -> None:
    """What the scheduler does at night."""
    with town.db.begin() as tx:
        dropped = housekeeping.tidy(tx, town.now)
        timers.put(tx, "retention", pack(EnforcePeriods(town.id, dropped > 0)), town.now, town.id)


async def test_after_erasing_nothing_is_left_in_the_database_files(
    town_template: Path, tmp_path: Path
) -> None:
    path = tmp_path / "town.sqlite3"
    shutil.copy(town_template, path)
    db = Database(f"sqlite:///{path}")
    with db.begin() as tx:
        person = tx.execute(select(Person).filter_by(key="sg-13")).scalar_one()
        person.name, person.key = {"de": DESIGNATION}, "schluessel-94b1"
        web = tx.execute(select(Account).filter_by(external_id="sg-13")).scalar_one()
        web.external_id = web.direct = ACCOUNT
    async with world.living(db) as town:
        await _live_and_erase(town)

        def left() -> set[bytes]:
            files = b"".join(f.read_bytes() for f in sorted(tmp_path.glob("town.sqlite3*")))
            secret = (ACCOUNT, DESIGNATION, "schluessel-94b1", "mein Geheimwort")
            return {word.encode() for word in secret if word.encode() in files}

        # The farewell itself is still to go, as the warning says.
        assert left() == {ACCOUNT.encode()}
        for table in (Account, Person, Dialog):
            assert ACCOUNT not in str([vars(row) for row in town.all(table)])
        town.now += timedelta(days=2)
        night(town)
        await town.until(town.now)
        assert left() == set()
    db.close()


async def _live_and_erase(town: Town) -> None:
    who = town.somebody(ACCOUNT)
    await open_poll(town)
    await who.press("Photovoltaik")
    await who.says("mein Geheimwort")
    await who.says("mein Geheimwort", at=GROUP)
    await who.says("/datenschutz")
    await who.says("/beitreten ABCD-EFGH-JKMN")
    await who.says("/meinedaten")
    await erase(who)


async def test_postgresql_keeps_no_row_either(any_town: Town) -> None:
    town = any_town
    await open_poll(town)
    await town.fire_brigade.press("Photovoltaik")
    await town.fire_brigade.says("/meinedaten")
    await erase(town.fire_brigade)
    town.now += timedelta(days=2)
    night(town)
    await town.until(town.now)
    with town.db.read() as tx:
        assert not forgetting.is_owed(tx)
        for table in SQLModel.metadata.sorted_tables:
            for row in tx.execute(table.select()):
                told = repr(tuple(row))
                assert "'sg-13'" not in told and "Vertretung Freiwillige Feuerwehr" not in told, (
                    table.name
                )
