"""Two municipalities on one bot: nothing that anybody can do reaches across.

What is tried comes from the database and from the registered features (``tests/neighbours.py``);
a failure names the entry through which something got out.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from bot.drawing import drawing
from bot.platforms.web import WebChat
from bot.platforms.web.server import WebServer
from bot.wire import card_to_json
from handlers import router
from handlers.chat import Board
from handlers.forms import PAGE, REVIEW
from handlers.measures.actions import ShowFields
from handlers.people.actions import UseTown
from handlers.router import pack
from storage.models import Account, Channel, Dialog, Person, Posted
from tests.neighbours import (
    ILMBRUECK,
    TANNWIESEN,
    Intruder,
    Loot,
    Side,
    arguments,
    fill,
    loot,
    mark,
    presses,
    rows_of,
    tables,
    tx_id,
)
from tests.world import Somebody, Town

BOTH_WAYS = ((TANNWIESEN, ILMBRUECK), (ILMBRUECK, TANNWIESEN))
ROLES = ("coordination", "member", "stranger")
WAYS = pytest.mark.parametrize(
    ("own", "victim"),
    [
        pytest.param(own, victim, id=f"{own.slug}-against-{victim.slug}")
        for own, victim in BOTH_WAYS
    ],
)
INTRUDERS = pytest.mark.parametrize(
    ("own", "victim", "role"),
    [
        pytest.param(own, victim, role, id=f"{role}-of-{own.slug}-against-{victim.slug}")
        for own, victim, role in (
            (TANNWIESEN, ILMBRUECK, "coordination"),
            (ILMBRUECK, TANNWIESEN, "coordination"),
            (TANNWIESEN, ILMBRUECK, "member"),
            (TANNWIESEN, ILMBRUECK, "stranger"),
        )
    ],
)
"""Coordination may do most; the others are tried one way."""


@pytest.fixture
async def towns(town: Town) -> Town:
    """Both municipalities with people, votes, messages and files, all their words marked.

    On SQLite, where the features' own conditions are all there is; ``test_row_security`` shows
    what PostgreSQL adds.
    """
    with town.db.begin() as tx:
        mark(tx)
    for side in (ILMBRUECK, TANNWIESEN):
        await fill(town, side)
    return town


def intruder(town: Town, own: Side, victim: Side, role: str) -> Intruder:
    return Intruder(town, "gast" if role == "stranger" else getattr(own, role), victim)


# --- buttons and commands ------------------------------------------------------------------


@INTRUDERS
async def test_no_button_and_no_command_reaches_across(
    towns: Town, own: Side, victim: Side, role: str
) -> None:
    who = intruder(towns, own, victim, role)
    await who.somebody.says("/start")
    with towns.db.read() as tx:
        stolen = loot(tx, victim)
    stands = who.stands()
    # A stranger is stopped at the door, whatever a button or command holds.
    tries = 8 if role == "stranger" else None
    for kind in router._CODES:
        packed = presses(kind, stolen)[:tries]
        for at in ("direct", *(place for place, _ in stands[1][:1])):
            complaint = await who.press(packed, at)
            assert complaint is None, (
                f"{role} of {own.slug} presses {kind.__module__}.{kind.__name__}"
                f" with what is {victim.slug}'s: {complaint}"
            )
        assert who.stands() == stands, f"{kind.__name__} took the intruder elsewhere"
    for word, route in towns.routes.commands.items():
        if word != route.words[0]:
            continue
        complaint = await who.say(f"/{word} {words}" for words in arguments(stolen)[:tries])
        assert complaint is None, (
            f"{role} of {own.slug} types /{word} with what is {victim.slug}'s: {complaint}"
        )
        assert who.stands() == stands, f"/{word} took the intruder elsewhere"


@WAYS
async def test_whoever_sits_in_the_neighbours_group_gets_nothing_there(
    towns: Town, own: Side, victim: Side
) -> None:
    """In a messenger's group there may be anybody; the web chat lets nobody in."""
    for role in ROLES:
        await _sit_in_the_group(towns, own, victim, role)


async def _sit_in_the_group(towns: Town, own: Side, victim: Side, role: str) -> None:
    who = intruder(towns, own, victim, role)
    with towns.db.read() as tx:
        stolen, town = loot(tx, victim), tx_id(tx, victim)
    place = next(c.external_id for c in towns.all(Channel) if c.municipality_id == town)
    said = {row["id"] for row in rows_of(towns, "outbox")}
    before = {t.name: rows_of(towns, t.name, town) for t in tables() if t.name != "outbox"}
    for kind in router._CODES:
        await who.press(presses(kind, stolen)[:40], place)
        await who.say((f"/{word}" for word in towns.routes.commands), place)
    heard = [row for row in rows_of(towns, "outbox") if row["id"] not in said]
    leaks = [row["content"] for row in heard if victim.mark in str(row["content"])]
    assert leaks == [], f"{role} of {own.slug} in a group of {victim.slug} was told {leaks[0]}"
    for name, rows in before.items():
        now = rows_of(towns, name, town)
        assert now == rows, f"{role} of {own.slug} in a group of {victim.slug} changed {name}"


# --- dialogs and live cards ----------------------------------------------------------------


@WAYS
async def test_no_dialog_offers_what_is_next_door(towns: Town, own: Side, victim: Side) -> None:
    who, reached = towns.somebody(own.coordination), set()
    for word, route in towns.routes.commands.items():
        if word != route.words[0]:
            continue
        await who.says("/abbrechen")
        await who.says(f"/{word}")
        if "Neue Abstimmung vorbereiten" in who.buttons():
            await who.press("Neue Abstimmung vorbereiten")
            await who.press("Klebepunkte")
        for _ in range(20):
            dialog = next((d for d in towns.all(Dialog) if d.account == who.who), None)
            shown = who.sees()
            named = dialog.form if dialog is not None else f"/{word}"
            assert victim.mark not in shown, f"{named} shows what is {victim.slug}'s"
            if dialog is None:
                break
            reached.add((dialog.form, dialog.step))
            if dialog.step == REVIEW:
                break
            await _answer(who, dialog)
    assert any(step == REVIEW for _, step in reached), "no dialog came to its review"


async def _answer(who: Somebody, dialog: Dialog) -> None:
    offered = len(dialog.answers["offered"])
    for _ in range((offered - 1) // PAGE):
        await who.press("Weiter")
    if not offered:
        await who.says("19.01.2027 18:00")
        return
    await who.press(who.buttons()[0])
    if any("Fertig" in label for label in who.buttons()):
        if not who.town.one(Dialog, id=dialog.id).answers["given"].get(dialog.step):
            await who.press(who.buttons()[0])
        await who.press("Fertig")


@WAYS
async def test_no_personal_live_card_is_drawn_for_the_neighbours(
    towns: Town, own: Side, victim: Side
) -> None:
    personal = {row["board_kind"] for row in rows_of(towns, "posted") if row["board_viewer"]}
    with towns.db.read() as tx:
        stolen, viewer = loot(tx, victim), towns.one(Person, key=own.coordination)
        ids = sorted({id for some in stolen.ids.values() for id in some})
        for kind, id in itertools.product(sorted(personal), ids):
            card = towns.deliveries.draw(tx, Board(kind, id, viewer.id), "de")
            shown = json.dumps(card and card_to_json(replace(card, picture=None)))
            assert victim.mark not in shown, f"the live card {kind} {id} shows {shown}"
    assert "ballot" in personal


# --- the web chat --------------------------------------------------------------------------


@WAYS
async def test_no_address_of_the_web_chat_reaches_across(
    towns: Town, own: Side, victim: Side
) -> None:
    for role in ROLES:
        await _ask_every_address(
            towns, "gast" if role == "stranger" else getattr(own, role), victim
        )


async def _ask_every_address(towns: Town, who: str, victim: Side) -> None:
    with towns.db.read() as tx:
        stolen, town = loot(tx, victim), tx_id(tx, victim)
    rooms = [c.external_id for c in towns.all(Channel, platform="web", municipality_id=town)]
    places = [*rooms, victim.coordination, victim.member]
    before = {t.name: rows_of(towns, t.name, town) for t in tables()}
    with_bytes = [row["id"] for row in rows_of(towns, "web_message", town) if row["data"]]
    assert with_bytes, "the neighbours have no file to ask for"

    async def identify(request: web.Request) -> str:
        return who

    chat = WebChat(towns.db, drawing(towns.routes, towns.clock), towns.clock, identify=identify)
    async with served(chat) as http:
        for route in chat.routes():
            assert isinstance(route, web.RouteDef)
            if "{who}" not in route.path or route.path.endswith("/events"):
                continue
            for answer in await _asked(http, route, stolen, places):
                assert victim.mark not in answer, f"{route.method} {route.path} says {answer[:300]}"
        stream = await _stream(http)
        assert victim.mark not in stream, f"the stream of events says {stream[:300]}"
    while await towns.app.work():
        pass
    for name, rows in before.items():
        assert rows_of(towns, name, town) == rows, f"{name} changed over the web chat's addresses"


@asynccontextmanager
async def served(chat: WebChat) -> AsyncIterator[aiohttp.ClientSession]:
    """The chat over HTTP, as ``run`` serves it."""
    server = WebServer("127.0.0.1", 0, [chat])
    task = asyncio.create_task(server.run())
    await asyncio.wait_for(server.ready.wait(), 10)
    async with aiohttp.ClientSession(server.address) as session:
        yield session
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _asked(
    http: aiohttp.ClientSession, route: web.RouteDef, stolen: Loot, places: list[str]
) -> list[str]:
    """The answers to everything that can be asked at an address with the neighbours' things."""
    messages = stolen.ids["web_message"]
    answers: list[str] = []
    for who in ("me", *places):
        for id in messages if "{id}" in route.path else [0]:
            path = route.path.replace("{who}", who).replace("{id}", str(id))
            for place, message in itertools.product(places, messages[:3]):
                if route.method in ("GET", "HEAD"):
                    query = {"place": place, "before": str(message), "last": "0"}
                    asked = http.get(path, params=query)
                else:
                    body = {"id": str(uuid.uuid4()), "place": place, "text": "Hallo",
                            "message": message, "action": "hr:menue"}  # fmt: skip
                    asked = http.request(route.method, path, json=body)
                async with asked as response:
                    answers.append(await response.text())
                    if "{id}" in route.path or who != "me":
                        assert response.status >= 400, f"{route.method} {path} is answered"
                if "{id}" in route.path:
                    break
    return answers


async def _stream(http: aiohttp.ClientSession) -> str:
    heard = b""
    async with http.get("/api/chat/me/events", params={"last": "0"}) as response:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                async for piece in response.content.iter_any():
                    heard += piece
    return heard.decode("utf-8", "replace")


# --- whoever belongs to both ---------------------------------------------------------------


def belongs_to_both(town: Town) -> Somebody:
    """The coordination of Ilmbrück coordinates Tannwiesen too, with the same account."""
    web = town.one(Account, platform="web", external_id=TANNWIESEN.coordination)
    with town.db.begin() as tx:
        tx.add(
            Account(
                municipality_id=web.municipality_id,
                person_id=web.person_id,
                platform="web",
                external_id=ILMBRUECK.coordination,
                direct=ILMBRUECK.coordination,
                linked_at=town.now,
                used_at=town.now - timedelta(days=1),
            )
        )
    return town.coordination


async def test_whoever_belongs_to_both_acts_in_the_town_of_the_card(towns: Town) -> None:
    who = belongs_to_both(towns)
    await who.says("/massnahmen")
    of_ilmbrueck, _ = who.button("TF1")
    towns.now += timedelta(minutes=5)
    tannwiesen = towns.one(Account, external_id=who.who, person_id=_person(towns)).municipality_id
    await who.says("/start")
    await who.press("Wechseln zu")
    assert "Tannzeichen" in await who.says("/massnahmen")
    assert "Ilmzeichen" not in who.newest()
    # An older card of the other municipality goes on to be that municipality's.
    await who.presses(of_ilmbrueck, pack(ShowFields()))
    shown = next(m for m in who.messages() if m["id"] == of_ilmbrueck)
    assert "Ilmzeichen" in shown["html"] and "Tannzeichen" not in shown["html"]
    card = towns.one(Posted, place=who.who, message=str(of_ilmbrueck))
    assert card.municipality_id == towns.id != tannwiesen


def _person(town: Town) -> int:
    return int(town.one(Person, key=TANNWIESEN.coordination).id)


async def test_answers_name_the_municipality_to_whoever_belongs_to_both(towns: Town) -> None:
    who = belongs_to_both(towns)
    for command in ("/abstimmung", "/massnahmen", "/einladen", "/abstimmungen"):
        answer = await who.says(command)
        assert answer.startswith("Ilmzeichen Stadt Ilmbrück"), f"{command} names no municipality"
    await who.press("Verwalten")
    await who.press("Jetzt beenden")
    assert who.sees().count("Ilmzeichen Stadt Ilmbrück") >= 4
    towns.now += timedelta(minutes=5)
    await who.presses(who.messages()[-1]["id"], pack(UseTown(_town(towns))))
    assert (await who.says("/massnahmen")).startswith("Tannzeichen Landgemeinde Tannwiesen")
    only_here = await towns.second_coordination.says("/einladen")
    assert "Stadt Ilmbrück" not in only_here


def _town(town: Town) -> int:
    with town.db.read() as tx:
        return tx_id(tx, TANNWIESEN)
