"""Inviting many, open invitations, accounts of a person, and taking one away: conversations."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from handlers.chat import Press
from handlers.people.actions import ListUnused, Revoke, ShowAccess, Unlink
from handlers.router import pack
from storage import people, web_access
from storage.models import (
    Account,
    Dialog,
    Invitation,
    Outbox,
    Person,
    Posted,
    Timer,
    WebMessage,
    WebSession,
)
from tests.messenger import Meeting
from tests.polling import open_poll
from tests.test_people import CODE
from tests.world import Town

UNLINKED = ("sg-08", "sg-09", "sg-11", "sg-15", "sg-20")
"""Five people who have no account yet; two of them do not read German as it is."""


def without_accounts(town: Town, *keys: str) -> None:
    with town.db.begin() as tx:
        for key in keys:
            tx.delete(tx.execute(select(Account).filter_by(external_id=key)).scalar_one())


def files(town: Town, who: str = "sg-01") -> dict[str, bytes]:
    """What somebody was sent as files: name to bytes, the newest of each name."""
    sent = {}
    for row in town.all(WebMessage, place=who):
        if row.author is None and "file" in (row.content or {}):
            sent[row.content["file"]["name"]] = row.data
    return sent


def person(town: Town, key: str) -> int:
    return int(town.one(Person, key=key).id)


# --- open invitations ----------------------------------------------------------------------


async def test_open_invitations_are_listed_renewed_and_withdrawn(town: Town) -> None:
    without_accounts(town, "sg-08", "sg-09")
    boss = town.coordination
    await boss.says("/einladen")
    [old] = CODE.findall(await boss.press("Stadtratsfraktion A"))
    assert "Vertretung Stadtratsfraktion A ○" in (await boss.says("/einladen"))
    await boss.press("Offene Einladungen (1)")
    listed = boss.newest()
    assert "1 Einladung ist noch nicht benutzt" in listed
    assert "Vertretung Stadtratsfraktion A – bis Di., 26.01.2027" in listed
    shown = await boss.press("Stadtratsfraktion A")
    assert "Noch kein Konto" in shown and "Einladung offen bis" in shown
    [new] = CODE.findall(await boss.press("Neu einladen (Nachricht)"))
    guest = town.somebody("gast")
    assert "gilt nicht" in await guest.says(f"/beitreten {old}")
    await boss.press("Einladung zurückziehen")
    assert "gilt nicht mehr" in boss.toast
    assert "gilt nicht" in await guest.says(f"/beitreten {new}")
    await boss.says("/einladen")
    assert not any("Offene Einladungen" in label for label in boss.buttons())


async def test_several_are_invited_at_once_each_in_their_language(town: Town) -> None:
    without_accounts(town, *UNLINKED)
    boss = town.coordination
    await boss.says("/einladen")
    await boss.press("Stadtratsfraktion A")
    await boss.says("/einladen")
    await boss.press("Mehrere auf einmal")
    assert "4 Personen haben weder" in boss.newest()
    assert "Steuerungsgruppe (4)" in boss.buttons() and "Alle (4)" in boss.buttons()
    answer = await boss.press("Steuerungsgruppe (4)")
    assert "4 Briefe" in answer and "bis Di., 26.01.2027" in answer
    sent = files(town)
    assert sent["einladungen.pdf"].startswith(b"%PDF-1.7")
    texts = sent["einladungen.txt"].decode("utf-8-sig")
    codes = CODE.findall(texts)
    assert len(set(codes)) == 4
    assert "Invitation for" in texts and "Einladung für Vertretung Stadtratsfraktion B" in texts
    for number, code in enumerate(sorted(set(codes))):
        assert "Datenschutz" in await town.somebody(f"gast-{number}").says(f"/join {code}")
    await boss.says("/einladen")
    assert "Mehrere auf einmal" not in boss.buttons()
    assert "Offene Einladungen (5)" in boss.buttons()


async def test_a_letter_replaces_the_code_that_was_made_before(town: Town) -> None:
    without_accounts(town, "sg-08")
    boss = town.coordination
    await boss.says("/einladen")
    [code] = CODE.findall(await boss.press("Stadtratsfraktion A"))
    assert "löschen Sie die Datei" in await boss.press("Lieber als Brief")
    assert files(town)["einladung.pdf"].startswith(b"%PDF-1.7")
    assert "gilt nicht" in await town.somebody("gast").says(f"/beitreten {code}")
    assert len([i for i in town.all(Invitation) if i.revoked_at is None]) == 1


async def test_coordination_is_reminded_once_a_week_of_what_expires_unused(town: Town) -> None:
    without_accounts(town, "sg-08", "sg-09")
    await town.coordination.says("/einladen")
    await town.coordination.press("Stadtratsfraktion A")
    reminded = "noch nicht benutzt"
    await town.pass_time(days=6)
    assert reminded not in town.second_coordination.newest()
    await town.coordination.says("/einladen")
    await town.coordination.press("Stadtratsfraktion B")
    await town.pass_time(days=1, hours=2)
    for boss in (town.coordination, town.second_coordination):
        assert "1 Einladung wurde" in boss.newest() and reminded in boss.newest()
        assert "Stadtratsfraktion A – läuft ab am Di., 26.01.2027" in boss.newest()
    before = len(town.second_coordination.messages())
    await town.pass_time(days=6)
    assert len(town.second_coordination.messages()) == before
    await town.pass_time(days=1, hours=2)
    newest = town.second_coordination.newest()
    assert "2 Einladungen wurden" in newest and "Stadtratsfraktion A – " in newest
    assert "Stadtratsfraktion B – läuft ab am" in newest
    await town.pass_time(days=7, hours=2)
    assert "Stadtratsfraktion B – abgelaufen am" in town.second_coordination.newest()
    for _ in range(3):
        await town.pass_time(days=7, hours=2)
    # Nothing is left to be told, and nobody is woken for it.
    assert town.all(Timer) == []
    assert len(town.second_coordination.messages()) == before + 2


async def test_nobody_is_reminded_of_invitations_that_were_used(town: Town) -> None:
    without_accounts(town, "sg-08")
    await town.coordination.says("/einladen")
    [code] = CODE.findall(await town.coordination.press("Stadtratsfraktion A"))
    guest = town.somebody("gast")
    await guest.says(f"/beitreten {code}")
    await guest.press("Gelesen")
    for _ in range(3):
        await town.pass_time(days=7, hours=2)
    assert "noch nicht benutzt" not in town.coordination.sees()
    assert town.all(Timer) == []


# --- accounts of a person ------------------------------------------------------------------


async def test_other_accounts_are_told_of_a_further_one_and_of_its_end(town: Town) -> None:
    boss = town.coordination
    await boss.says("/einladen Stadtratsfraktion A")
    assert "Browser: verknüpft seit" in await boss.press("Stadtratsfraktion A")
    [code] = CODE.findall(await boss.press("Neu einladen (Nachricht)"))
    thief = town.somebody("gast")
    await thief.says(f"/beitreten {code}")
    await thief.press("Gelesen")
    told = town.group_a.newest()
    assert "Ein weiteres Konto (Browser) wurde mit Ihnen verknüpft" in told
    assert "weiteres Konto" not in thief.sees()
    await boss.says("/einladen Stadtratsfraktion A")
    await boss.press("Stadtratsfraktion A")
    first, second = [label for label in boss.buttons() if "Verknüpfung lösen" in label]
    assert first == second
    mine, theirs = sorted(town.all(Account, person_id=person(town, "sg-08")), key=lambda a: a.id)
    message, _ = boss.button("Verknüpfung lösen")
    await boss.presses(message, pack(Unlink(theirs.id)))
    assert "Gelöst." in boss.newest()
    assert "nicht mehr mit Ihnen verknüpft" in town.group_a.newest()
    assert [a.id for a in town.all(Account, person_id=mine.person_id)] == [mine.id]
    assert "noch mit niemandem verknüpft" in await thief.says("/offen")


async def test_what_was_voted_while_linked_is_listed_but_never_what(any_town: Town) -> None:
    town = any_town
    await open_poll(town)
    await town.group_a.says("/offen")
    await town.group_a.press("Klimaschutz und Energie")
    await town.group_a.press("Photovoltaik")
    boss = town.coordination
    await boss.says("/einladen Stadtratsfraktion A")
    await boss.press("Stadtratsfraktion A")
    await boss.press("Verknüpfung lösen")
    asked = boss.newest()
    assert "Verknüpfung lösen?" in asked and "bleiben gültig" in asked
    await boss.press("Ja, Verknüpfung lösen")
    done = boss.newest()
    assert "1 Abstimmung liegt eine Stimme vor" in done
    assert "Klimaschutz und Energie (läuft noch)" in done and "Photovoltaik" not in done
    # The ballot counts on, and the account can do nothing more with it.
    assert "noch mit niemandem verknüpft" in await town.group_a.says("/offen")


async def test_in_a_secret_poll_a_single_voice_is_not_given_away(town: Town) -> None:
    await open_poll(town, secret=True)
    await town.group_a.says("/offen")
    await town.group_a.press("Klimaschutz und Energie")
    await town.group_a.press("Photovoltaik")
    boss = town.coordination
    await boss.says("/einladen Stadtratsfraktion A")
    await boss.press("Stadtratsfraktion A")
    await boss.press("Verknüpfung lösen")
    await boss.press("Ja, Verknüpfung lösen")
    assert "Klimaschutz und Energie" not in boss.newest()


async def test_unlinking_ends_dialogs_cards_and_what_is_under_way(town: Town) -> None:
    other = town.second_coordination
    await open_poll(town)
    await other.says("/abstimmung")
    await other.press("Neue Abstimmung vorbereiten")
    assert town.all(Dialog, account="sg-02") != []
    [account] = town.all(Account, external_id="sg-02")
    boss = town.coordination
    await boss.says("/einladen Koordination")
    message, _ = boss.button("Koordination 2")
    await boss.presses(message, pack(Unlink(account.id)))
    assert "Gelöst." in boss.newest()
    assert town.all(Dialog, account="sg-02") == []
    assert {card.gone for card in town.all(Posted, place="sg-02")} <= {True}
    assert town.all(Outbox, place="sg-02", state="queued") == []
    assert town.all(WebMessage, place="sg-02") == []
    assert "noch mit niemandem verknüpft" in await other.says("/einladen")


async def test_nobody_takes_away_the_account_that_they_write_with(town: Town) -> None:
    [account] = town.all(Account, external_id="sg-01")
    await town.coordination.says("/einladen Koordination")
    message, _ = town.coordination.button("Koordination 1")
    await town.coordination.presses(message, pack(Unlink(account.id)))
    assert "Mit diesem Konto schreiben Sie gerade" in town.coordination.toast
    assert town.all(Account, external_id="sg-01") != []


async def test_unlinking_twice_is_said_kindly(town: Town) -> None:
    [account] = town.all(Account, external_id="sg-08")
    await town.coordination.says("/einladen Stadtratsfraktion A")
    message, _ = town.coordination.button("Stadtratsfraktion A")
    for _ in range(2):
        await town.coordination.presses(message, pack(Unlink(account.id)))
    assert "nicht mehr verknüpft" in town.coordination.toast


@pytest.mark.parametrize("who", ["group_a", "neighbour"])
async def test_neither_members_nor_the_neighbours_reach_anybodys_accounts(
    town: Town, who: str
) -> None:
    meeting = Meeting(town.db)
    meeting.link(who)
    [account] = town.all(Account, external_id="sg-09")
    for action in (
        ShowAccess(account.person_id),
        Unlink(account.id),
        Revoke(account.person_id),
    ):
        assert await meeting.happens(who, Press(pack(action))) == []
        assert meeting.toast_of(who)
    assert town.all(Account, external_id="sg-09") != []
    shown = await meeting.happens(who, Press(pack(ListUnused(0))))
    assert "Fraktion" not in " ".join(card.text for card in shown)


async def test_an_invitation_names_every_way_in(town: Town) -> None:
    links = "https://bot.example.org/zugang/{code}"
    town.chat.capabilities = replace(town.chat.capabilities, public_link=links)
    without_accounts(town, "sg-08")
    await town.coordination.says("/einladen")
    answer = await town.coordination.press("Stadtratsfraktion A")
    [code] = set(CODE.findall(answer))
    assert f"Im Browser, ohne Messenger: https://bot.example.org/zugang/{code}" in answer
    assert re.search(rf"/beitreten {code}", answer)


async def test_the_reminder_is_in_the_morning(town: Town) -> None:
    without_accounts(town, "sg-08")
    await town.until(town.now + timedelta(hours=10))
    await town.coordination.says("/einladen")
    await town.coordination.press("Stadtratsfraktion A")
    [timer] = town.all(Timer)
    assert timer.due_at.hour == 8 and timer.due_at - town.now > timedelta(days=7)


@pytest.mark.parametrize("both", [True, False])
async def test_a_device_stays_with_the_other_town_that_it_was_linked_in(
    any_town: Town, both: bool
) -> None:
    town = any_town
    with town.db.begin() as tx:
        for key in ("sg-08", "tw-02") if both else ("sg-08",):
            one = tx.exec(select(Person).filter_by(key=key)).one()
            account = people.link(tx, one, "web", "w-device", "w-device", town.now)
            if key == "sg-08":
                web_access.begin(tx, account, town.now, timedelta(days=90))
    [mine, *_] = town.all(Account, external_id="w-device")
    await town.coordination.says("/einladen Stadtratsfraktion A")
    message, _ = town.coordination.button("Stadtratsfraktion A")
    await town.coordination.presses(message, pack(Unlink(mine.id)))
    assert "Gelöst." in town.coordination.newest()
    left = [session.person_id for session in town.all(WebSession)]
    assert left == ([person(town, "tw-02")] if both else [])


async def test_inviting_revoking_and_unlinking_stand_in_the_audit_log(town: Town) -> None:
    boss = town.coordination
    await boss.says("/einladen Vertretung Stadtratsfraktion A")
    await boss.press("Stadtratsfraktion A")
    await boss.press("Neu einladen (Nachricht)")
    await boss.says("/einladen Vertretung Stadtratsfraktion A")
    await boss.press("Stadtratsfraktion A")
    await boss.press("Einladung zurückziehen")
    await boss.says("/einladen Vertretung Stadtratsfraktion A")
    await boss.press("Stadtratsfraktion A")
    await boss.press("Verknüpfung lösen")
    await boss.press("Ja, Verknüpfung lösen")
    log = await boss.says("/mitglieder verlauf")
    for done in ("eingeladen", "Einladung zurückgezogen", "Konto getrennt"):
        line = log.partition(done)[2].partition("\n")[2].partition("\n")[0]
        assert "Vertretung Stadtratsfraktion A" in line, (done, log)
    await boss.press("CSV")
    [file] = [m for m in town.all(WebMessage, place=boss.who) if "file" in (m.content or {})]
    assert file.data is not None
    assert "Konto getrennt;Vertretung Stadtratsfraktion A" in file.data.decode("utf-8-sig")
