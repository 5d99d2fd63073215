"""Ilmbrück's steering group: from a spreadsheet to groups and rooms, and out of them again.

Everything is real: Telegram's interface, an encrypting homeserver, the web chat over HTTP.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot import config as configuration
from bot import loading
from bot.commands.parts import parts
from bot.importing import read_municipality
from bot.platforms import Platform
from bot.platforms.matrix import Matrix
from bot.platforms.telegram import Telegram
from bot.running import running
from handlers import sheets
from handlers.features import ROUTERS
from handlers.members import changing, documents
from handlers.router import Routes
from storage.db import Database
from storage.models import Ballot, Channel, Municipality, Person
from tests.platforms import botapi
from tests.platforms.botapi import Group, shown
from tests.platforms.botapi import Person as TelegramPerson
from tests.platforms.botapi.world import ADMIN_RIGHTS
from tests.platforms.matrix.synapse import Member, Synapse, online, synapse
from tests.platforms.test_one_voice import (
    WITHIN,
    accept_on_matrix,
    accept_on_telegram,
    invite,
    until,
)
from tests.platforms.test_web_access import Device
from tests.world import DEMO

__all__ = ["synapse"]

pytestmark = pytest.mark.synapse

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def spreadsheet(town: Path, folder: Path) -> bytes:
    """The roster as somebody at the town hall keeps it."""
    shutil.copy(town, folder / "full.sqlite3")
    db = Database(f"sqlite:///{folder / 'full.sqlite3'}")
    with db.read() as tx:
        full = tx.execute(select(Municipality).filter_by(slug="ilmbrueck")).scalar_one()
        people = changing.lines(changing.standing(tx, full, clock()))
        rows = documents.table(m for m in people.values() if m.belongs(clock().date()))
    db.close()
    return sheets.write("xlsx", rows)


def clock() -> datetime:
    return datetime.now(UTC)


def only_coordination(empty: Path, folder: Path) -> Database:
    """Ilmbrück on its first day: one person, who coordinates."""
    shutil.copy(empty, folder / "bot.sqlite3")
    db = Database(f"sqlite:///{folder / 'bot.sqlite3'}")
    file = read_municipality((DEMO / "ilmbrueck.yaml").read_text(encoding="utf-8"))
    first = [p for p in file.people if p.key == "sg-01"]
    with db.begin() as tx:
        loading.load(tx, file.model_copy(update={"people": first, "seats": []}), clock())
    return db


def rows(db: Database, table: Any, **values: Any) -> list[Any]:
    with db.read() as tx:
        found = list(tx.execute(select(table).filter_by(**values)).scalars())
        tx.expunge_all()
        return found


async def in_rooms(who: Member, db: Database) -> dict[str, set[str]]:
    """Who is in each of the bot's rooms, as somebody sees who is in them."""
    found = {}
    for channel in rows(db, Channel, platform="matrix"):
        status, told = await who.asks("GET", f"rooms/{channel.external_id}/joined_members")
        if status == 200:
            found[channel.title["de"]] = set(told["joined"])
    return found


def has_invitations(who: Member, number: int) -> bool:
    return len(who.client.invited_rooms) == number


def offered(who: TelegramPerson, label: str, group: Group | None) -> bool:
    shown_now = [button["text"] for m in who.sees(group) for button in botapi.buttons(m)]
    return any(text.startswith(label) for text in shown_now)


async def presses(who: TelegramPerson, *steps: tuple[str, str], group: Group | None = None) -> None:
    """Press these, each followed by what is read then."""
    for label, then in steps:
        await until(lambda label=label: offered(who, label, group))  # type: ignore[misc]
        who.presses(label, group=group)
        await who.reads(then, group, WITHIN)


async def test_a_steering_group_comes_in_votes_and_somebody_leaves(
    synapse: Synapse,
    tmp_path: Path,
    town_template: Path,
    sqlite_template: Path,
) -> None:
    roster = spreadsheet(town_template, tmp_path)
    db = only_coordination(sqlite_template, tmp_path)
    routes, login = Routes(ROUTERS), synapse.user("gnk-bot")
    settings = configuration.check(
        {"database": db.url, "web": {"port": 0}}, tmp_path / "gnk-bot.toml"
    )
    served = parts(settings, db, routes, clock)
    assert served.server is not None
    async with botapi.running() as server:
        telegram = Telegram(server.token, clock, base_url=server.url)
        matrix = Matrix(db, clock, login, store=tmp_path / "store")
        platforms: list[Platform] = [telegram, matrix, *served.platforms]
        async with (
            running(db, routes, platforms, clock, server=served.server),
            online(synapse.user("zweite"), tmp_path / "k") as second,
            online(synapse.user("fraktion"), tmp_path / "a") as member,
        ):
            # --- the spreadsheet, and invitations ---------------------------------------------
            coordination = server.user(501, "Koordination 1")
            await accept_on_telegram(coordination, invite(db, "sg-01"))
            coordination.sends("Steuerungsgruppe.xlsx", roster, XLSX)
            await coordination.reads("Neu: ", within=WITHIN)
            await presses(coordination, ("Ja, einlesen", "Eingelesen"))
            assert len([p for p in rows(db, Person) if re.fullmatch(r"sg-\d\d", p.key)]) == 21
            coordination.says("/einladen")
            await coordination.reads("noch kein Konto", within=WITHIN)
            await presses(coordination, ("Mehrere", "Mehrere einladen"), ("Alle", "Briefe"))
            await until(lambda: text_files(server) != [])
            codes = invited(server, db)
            assert len(codes) == len(rows(db, Person)) - 1

            # --- they come in: Telegram, Matrix, a web link ------------------------------------
            group_a, treasury = server.user(508, "Fraktion A"), server.user(503, "Kämmerei")
            await accept_on_telegram(group_a, codes["sg-08"])
            await accept_on_matrix(second, login.user_id, codes["sg-02"])
            await accept_on_matrix(member, login.user_id, codes["sg-03"])
            browser = Device(served.server)
            assert (await browser.enter(codes["sg-12"]))[0] == 303
            own = Device(served.server)
            assert (await own.enter(invite(db, "sg-03")))[0] == 303
            await accept_on_telegram(treasury, invite(db, "sg-03"))

            # --- rooms on Matrix, a group on Telegram ------------------------------------------
            coordination.says("/kanal")
            await presses(coordination, ("Räume auf Matrix", "5 Räume"), ("Verschlüsselt", "Räume"))
            group = server.group("Unsere Gruppe", [coordination, group_a], supergroup=True)
            group.becomes(coordination, "creator")
            group.bot_becomes("administrator", coordination, ADMIN_RIGHTS)
            coordination.says("/kanal", group)
            await coordination.reads("Gremium", group, WITHIN)
            coordination.presses("Steuerungsgruppe", group=group)
            sent = await treasury.reads("den Kanal", within=WITHIN)
            [channel] = rows(db, Channel, platform="telegram")
            assert channel.join_link in str(sent)
            treasury.asks_to_join(group, channel.join_link)
            await until(lambda: group.state_of(treasury) == "member")

            titles = ("Steuerungsgruppe", "Kernteam", "Koordination", "Ankündigungen")
            for who, number in ((second, 5), (member, 4)):
                await who.until(partial(has_invitations, who, number))
                for room in list(who.client.invited_rooms):
                    assert await who.enters(room)
            sitting = await in_rooms(second, db)
            assert len(sitting) == 5
            for title, inside in sitting.items():
                assert second.id in inside and login.user_id in inside
                expected = titles[2] not in title
                assert (member.id in inside) is expected, title

            # --- a stranger: coordination is asked, once ---------------------------------------
            stranger = server.user(900, "Unbekannt")
            group.becomes(stranger, "member")
            asked = await coordination.reads("mit niemandem", within=WITHIN)
            assert botapi.buttons(asked)
            for told in (coordination.sees(), second.heard):
                words = [shown(m) if isinstance(m, dict) else m.text for m in told]
                assert sum("mit niemandem" in text for text in words) <= 1

            # --- a vote is running, and somebody's membership ends -----------------------------
            await a_vote(coordination)
            await treasury.reads("Ihr Stimmzettel", within=WITHIN)
            treasury.presses("Photovoltaik")
            await until(lambda: len(rows(db, Ballot)) == 1)
            assert "Steuerungsgruppe" in await titles_of(own)
            coordination.says("/mitglieder sg-03")
            name = next(p.name["de"] for p in rows(db, Person) if p.key == "sg-03")
            await coordination.reads(name, within=WITHIN)
            await presses(
                coordination,
                (name, name),
                ("Mitgliedschaft beenden", ""),
                ("Ab sofort nicht mehr dabei", ""),
                ("Ja, so ändern", ""),
            )
            begun = clock()
            await coordination.reads("gehört nicht mehr dazu", within=WITHIN)
            coordination.presses("Entfernen")
            await until(lambda: group.state_of(treasury) == "left")
            async with asyncio.timeout(60):
                # The homeserver is asked, as it tells nobody when somebody was removed.
                while any(member.id in inside for inside in (await in_rooms(second, db)).values()):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            assert clock() - begun < timedelta(seconds=60)
            cast = [b.value for b in rows(db, Ballot)]
            toasts = len(treasury.user.toasts)
            treasury.presses("Photovoltaik")
            await until(lambda: len(treasury.user.toasts) > toasts)
            assert "vorbehalten" in treasury.user.toasts[-1]["text"]
            assert [b.value for b in rows(db, Ballot)] == cast
            assert "Steuerungsgruppe" in await titles_of(browser)
            assert not {"Steuerungsgruppe", "Kernteam"} & await titles_of(own)

            for device in (browser, own):
                await device.http.close()
    db.close()


async def titles_of(device: Device) -> set[str]:
    """The channels that somebody has in the web chat."""
    places = (await device.asks("places")).get("places", [])
    return {place["title"] for place in places}


async def a_vote(coordination: TelegramPerson) -> None:
    """Coordination prepares a vote of the steering group."""
    coordination.says("/abstimmung")
    for question, answer in (
        ("Wie soll abgestimmt werden", "Klebepunkte"),
        ("Worüber", "TF1"),
        ("Welche Maßnahmen", "Fertig"),
        ("Überschrift", "Klimaschutz"),
        ("Wer stimmt ab", "Steuerungsgruppe"),
        ("Ab wann", "Sofort"),
        ("Bis wann", f"{clock() + timedelta(days=7):%d.%m.%Y} 18:00"),
        ("Offen oder geheim", "Offen"),
        ("Wie viele Punkte hat", "3 ("),
        ("höchstens", "2 ("),
        ("So geht", "Veröffentlichen"),
    ):
        await coordination.reads(question, within=WITHIN)
        if question == "Bis wann":
            coordination.says(answer)
        else:
            coordination.presses(answer)
    await coordination.reads("Die Abstimmung läuft", within=WITHIN)


CODE = re.compile(r"\b[A-Z0-9]{4}(?:-[A-Z0-9]{4}){2}\b")


def text_files(server: botapi.Server) -> list[str]:
    """The text files that the bot has sent."""
    files = server.world.files.values()
    return [f.data.decode("utf-8-sig") for f in files if f.name.endswith(".txt")]


def invited(server: botapi.Server, db: Database) -> dict[str, str]:
    """The codes in the file of invitations, by the key of the person they are for."""
    keys = {name: p.key for p in rows(db, Person) for name in p.name.values()}
    found = {}
    for text in text_files(server)[-1].split("――――――――――"):
        code, headline = CODE.search(text), text.strip().partition("\n")[0]
        assert code is not None
        found[keys[max((name for name in keys if name in headline), key=len)]] = code[0]
    return found
