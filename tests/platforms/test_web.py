"""The web chat through its real server: requests in, events out."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from bot.platforms import Delivered, Delivery, Failed
from bot.text import Reader
from handlers.chat import Card, plain
from storage import webchat
from storage.models import Membership, Person, WebMessage
from tests.platforms.webtown import Town, action_of, counted, png, running, says


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with running(tmp_path / "town.db") as town:
        yield town


# --- saying and pressing ----------------------------------------------------------------------


async def test_words_come_back_and_are_answered(town: Town) -> None:
    id = str(uuid.uuid4())
    async with town.watch("sg-08") as mine, town.watch("sg-08") as other_window:
        assert await town.say("sg-08", "/sag Guten Tag", id=id) == (202, {})
        said = await mine.until(says("/sag"))
        answered = await mine.until(lambda m: m["from"] == "bot")
        assert (await other_window.until(says("/sag")))["id"] == said["id"]
    assert (said["from"], said["client"], said["place"]) == ("me", id, "direct")
    assert answered["html"] == "Guten Tag" and answered["id"] > said["id"]
    assert answered["buttons"] == [[{"label": "Mehr", "url": "https://example.org/"}]]
    page = await town.messages("sg-08")
    assert page["messages"] == [said, answered] and page["more"] is False


async def test_markup_that_people_type_is_shown_not_run(town: Town) -> None:
    nasty = '<script>alert(1)</script><img src=x onerror="a()">&amp;\nzwei'
    async with town.watch("sg-01") as stream:
        await town.say("sg-01", f"/sag {nasty}")
        said = await stream.until(lambda m: m["from"] == "me")
        answered = await stream.until(lambda m: m["from"] == "bot")
    for message in (said, answered):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in message["html"]
        assert "<script" not in message["html"] and "<img" not in message["html"]
        assert "&amp;amp;<br>zwei" in message["html"]


async def test_a_press_confirms_privately_and_redraws_every_copy(town: Town) -> None:
    async with (
        town.watch("sg-01") as coordination,
        town.watch("sg-08") as member,
        town.watch("sg-09") as english,
    ):
        await town.say("sg-01", "/aushang 1")
        board = await member.until(says("Bisher gezählt: 0"))
        await coordination.until(says("Bisher gezählt: 0"))
        await english.until(says("Votes so far: 0"))
        assert board["place"] == "c1" and board["from"] == "bot" and board["pinned"] is True
        assert board["buttons"][0][0]["label"] == "Radweg ●"
        await town.press("sg-08", board["id"], action_of(board, "Radweg"), "c1")
        assert await member.next("toast") == ("toast", {"text": "gespeichert: 1"})
        town.pass_time(3)
        # Nobody else is shown the toast: the very next event of the others is the new count.
        kind, changed = await coordination.next()
        assert kind == "message" and changed["id"] == board["id"]
        assert changed["html"] == "Bisher gezählt: 1"
        assert (await english.next())[1]["html"] == "Votes so far: 1"
        assert (await member.next())[1]["html"] == "Bisher gezählt: 1"


async def test_a_board_leaves_no_content_in_the_database(town: Town) -> None:
    async with town.watch("sg-08") as stream:
        await town.say("sg-08", "/zaehlen")
        board = await stream.until(says("Bisher gezählt"))
        await town.press("sg-08", board["id"], action_of(board, "Radweg"))
        town.pass_time(3)
        await stream.until(says("gezählt: 1"))
    with town.db.read() as tx:
        row = tx.get(WebMessage, board["id"])
        assert row is not None and row.data is None
        assert row.content == {"board": {"kind": "wt_tally", "id": 1, "viewer": None}}
        everything = json.dumps([r.content for r in tx.exec(select(WebMessage))])
    assert "gezählt" not in everything and "Radweg" not in everything


async def test_replacing_edits_in_place(town: Town) -> None:
    async with town.watch("sg-08") as stream:
        await town.say("sg-08", "/blatt")
        first = await stream.until(says("Blatt 1"))
        await town.press("sg-08", first["id"], action_of(first, "Weiter"))
        second = await stream.until(says("Blatt 2"))
    assert second["id"] == first["id"] and second["edited"] and not first["edited"]
    assert second["picture"]["alt"] == "Bild 2"
    assert second["picture"]["url"] != first["picture"]["url"]
    async with town.http.get(second["picture"]["url"]) as response:
        assert response.content_type == "image/png" and await response.read() == png(2)
    assert [m["html"] for m in (await town.messages("sg-08"))["messages"]] == ["/blatt", "Blatt 2"]


async def test_the_same_request_again_changes_nothing(town: Town) -> None:
    id, press = str(uuid.uuid4()), str(uuid.uuid4())
    async with town.watch("sg-08") as stream:
        repeated = await asyncio.gather(*(town.say("sg-08", "/zaehlen", id=id) for _ in range(5)))
        assert repeated == [(202, {})] * 5
        board = await stream.until(says("Bisher gezählt"))
        for _ in range(3):
            await town.press("sg-08", board["id"], action_of(board, "Dach"), id=press)
        # The same id is somebody else's own.
        await town.say("sg-01", "/sag auch", id=id)
        await town.say("sg-08", "/sag Ende")
        await stream.until(lambda m: m["html"] == "Ende")
    assert len((await town.messages("sg-08"))["messages"]) == 4
    assert len((await town.messages("sg-01"))["messages"]) == 2
    with town.db.read() as tx:
        assert counted(tx) == 1


async def test_a_delivery_repeated_after_a_crash_is_one_message(town: Town) -> None:
    reader = Reader("de", ZoneInfo("Europe/Berlin"))
    once = Delivery(77, "card", "sg-08", reader, Card((plain("einmal"),)), pin=True)
    outcomes = [await town.chat.deliver(once) for _ in range(2)]
    assert outcomes[0] == outcomes[1] and isinstance(outcomes[0], Delivered)
    page = await town.messages("sg-08")
    assert [(m["html"], m["pinned"]) for m in page["messages"]] == [("einmal", True)]
    elsewhere = replace(once, kind="edit", place="sg-01", message=outcomes[0].message)
    assert await town.chat.deliver(elsewhere) == Failed("the message is not there", gone=True)


async def test_what_is_gone_says_so(town: Town) -> None:
    async with town.watch("sg-08") as stream:
        await town.say("sg-08", "/zaehlen")
        board = await stream.until(says("Bisher gezählt"))

    def end(tx: Any) -> None:
        row = tx.get(WebMessage, board["id"])
        row.content = {"board": {"kind": "wt_tally", "id": 404, "viewer": None}}

    await town.db.write(end)
    last = (await town.messages("sg-08"))["messages"][-1]
    assert last["html"] == "Diese Karte gibt es nicht mehr." and last["buttons"] == []
    assert (await town.get(board["picture"]["url"]))[0] == 404


# --- streams ----------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [True, False])
async def test_a_page_that_comes_back_has_missed_nothing(town: Town, header: bool) -> None:
    async with town.watch("sg-08") as stream:
        await town.say("sg-08", "/blatt")
        sheet = await stream.until(says("Blatt 1"))
        last = stream.last
    async with town.watch("sg-08") as witness:
        await town.press("sg-08", sheet["id"], action_of(sheet, "Weiter"))
        await witness.until(says("Blatt 2"))
        for number in range(60):
            await town.say("sg-08", f"/sag {number}")
            await witness.until(lambda m, n=number: m["html"] == str(n))  # type: ignore[misc]
    async with town.watch("sg-08", last, header) as stream:
        missed = [(await stream.next("message"))[1] for _ in range(121)]
        await town.say("sg-08", "/sag neu")
        assert (await stream.next("message"))[1]["html"] == "/sag neu"
    assert missed[0]["id"] == sheet["id"] and missed[0]["html"] == "Blatt 2"
    assert [m["html"] for m in missed if m["from"] == "bot"][1:] == [str(n) for n in range(60)]


async def test_a_toast_waits_for_a_page_that_is_just_coming_back(town: Town) -> None:
    town.chat.streams.toast("sg-08", "gespeichert")
    async with town.watch("sg-08") as stream, town.watch("sg-08") as second:
        assert await stream.next() == ("toast", {"text": "gespeichert"})
        await town.say("sg-08", "/sag Ende")
        # It is shown on one page, and once.
        assert (await second.next())[0] == "message"
        assert (await stream.next())[0] == "message"


async def test_a_number_of_an_earlier_database_does_not_silence_a_page(town: Town) -> None:
    async with town.watch("sg-08", "999999") as stream:
        await town.say("sg-08", "/sag da")
        assert (await stream.until(lambda m: m["from"] == "bot"))["html"] == "da"


async def test_a_page_that_reads_nothing_holds_nobody_up(town: Town) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", town.server.port)
    writer.write(b"GET /api/chat/sg-08/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await writer.drain()
    async with town.watch("sg-08") as stream:
        for number in range(120):
            await town.say("sg-08", f"{'x' * 7900} {number}")
            await stream.until(says(f"x {number}"))
    writer.close()
    assert reader.exception() is None


async def test_places_change_with_the_membership(town: Town) -> None:
    async with town.watch("sg-08") as stream:

        def leave(tx: Any) -> None:
            person = tx.exec(select(Person).where(Person.key == "sg-08")).one()
            member = tx.exec(select(Membership).where(Membership.person_id == person.id)).one()
            member.end_date = date.today() - timedelta(days=2)  # noqa: DTZ011

        await town.db.write(leave)
        await town.say("sg-01", "nur für die Gruppe", "c1")
        assert (await stream.next())[0] == "places"
    assert (await town.get("/api/chat/sg-08/messages?place=c1"))[0] == 403
    assert len((await town.get("/api/chat/sg-08/places"))[1]["places"]) == 1


async def test_stopping_takes_less_than_a_second(tmp_path: Path) -> None:
    async with running(tmp_path / "town.db") as town, town.watch("sg-01"), town.watch("sg-08"):
        began = time.monotonic()
    assert time.monotonic() - began < 1


async def test_history_outlives_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path / "town.db") as town, town.watch("sg-08") as stream:
        await town.say("sg-08", "/zaehlen")
        board = await stream.until(says("Bisher gezählt"))
        await town.press("sg-08", board["id"], action_of(board, "Dach"))
        await stream.next("toast")
        before = await town.messages("sg-08")
        last = stream.last
    async with running(tmp_path / "town.db") as town:
        after = await town.messages("sg-08")
        assert [m["id"] for m in after["messages"]] == [m["id"] for m in before["messages"]]
        assert after["messages"][-1]["html"] == "Bisher gezählt: 1"
        async with town.watch("sg-08", last) as stream:
            await town.say("sg-08", "/sag wieder da")
            await stream.until(lambda m: m["html"] == "wieder da")


# --- who may what -----------------------------------------------------------------------------


async def test_other_peoples_places_are_closed(town: Town) -> None:
    async with town.watch("sg-01") as stream:
        await town.say("sg-01", "/aushang 2")
        inner = await stream.until(says("Bisher"))
        await town.say("sg-01", "/blatt")
        direct = await stream.until(says("Blatt 1"))
        await town.send("sg-01", "plan.txt", b"geheim")
        sent = await stream.until(lambda m: m["file"] is not None)
    refused = {"error": "Diese Unterhaltung steht Ihnen nicht offen."}
    for who in ("sg-08", "nb-01", "fremd"):
        for place in ("c2", "sg-01", "c99", "", "c1" if who != "sg-08" else "c3"):
            assert await town.get(f"/api/chat/{who}/messages?place={place}") == (403, refused)
            assert await town.say(who, "hallo", place) == (403, refused)
            assert await town.press(who, inner["id"], "wt1:1", place) == (403, refused)
            assert (await town.send(who, "a.txt", b"a", place))[0] == 403
        assert (await town.press(who, inner["id"], action_of(inner, "Dach")))[0] == 404
        assert (await town.press(who, direct["id"], action_of(direct, "Weiter")))[0] == 404
        for id in (inner["id"], direct["id"], sent["id"]):
            assert (await town.get(f"/api/chat/{who}/files/{id}"))[0] == 404
    with town.db.read() as tx:
        assert counted(tx) == 0
        assert {m.author for m in tx.exec(select(WebMessage))} == {None, "sg-01"}


async def test_strangers_to_the_demo_are_refused(town: Town) -> None:
    for who in ("me", "c1", "sg-99", "%2e%2e"):
        assert (await town.get(f"/api/chat/{who}/places"))[0] in (403, 404)
        assert (await town.say(who, "hallo"))[0] in (403, 404)


async def test_in_channels_others_are_named(town: Town) -> None:
    async with town.watch("sg-08") as member:
        await town.say("sg-01", "Guten Morgen", "c1")
        said = await member.until(says("Guten Morgen"))
    assert said["from"] == "Koordination 1" and "client" not in said
    assert (await town.messages("sg-01", "c1"))["messages"][0]["from"] == "me"


async def test_places_and_suggestions(town: Town) -> None:
    status, answer = await town.get("/api/chat/sg-01/places")
    assert status == 200
    assert answer["name"] == "Koordination 1" and answer["timezone"] == "Europe/Berlin"
    assert [p["id"] for p in answer["places"]] == ["direct", "c1", "c2"]
    assert answer["places"][1] == {"id": "c1", "kind": "channel", "title": "Steuerungsgruppe 1"}
    hint = {"name": "zaehlen", "hint": "Zählen beginnen", "also": ["count"]}
    assert answer["commands"] == [hint]
    stranger = (await town.get("/api/chat/fremd/places"))[1]
    assert stranger["name"] == "Fremde Person" and len(stranger["places"]) == 1
    assert (await town.get("/api/chat/sg-09/places"))[1]["language"] == "en"
    demo = (await town.get("/api/demo"))[1]
    assert demo["people"][1]["who"] == "sg-08" and "<code>" in demo["hint_html"]


async def test_older_pages_and_what_is_pinned_above(town: Town) -> None:
    def fill(tx: Any) -> None:
        now = datetime.now(UTC)
        for number in range(120):
            draft = webchat.Draft("sg-08", {"html": str(number)}, "de", pinned=number == 3)
            webchat.say(tx, draft, now)

    await town.db.write(fill)
    newest = await town.messages("sg-08")
    assert [m["html"] for m in newest["messages"]] == [str(n) for n in range(70, 120)]
    assert newest["more"] and [m["html"] for m in newest["pinned"]] == ["3"]
    before = await town.messages("sg-08", query=f"&before={newest['messages'][0]['id']}")
    assert before["messages"][0]["html"] == "20" and before["more"] and "pinned" not in before
    first = await town.messages("sg-08", query=f"&before={before['messages'][0]['id']}")
    assert len(first["messages"]) == 20 and first["more"] is False


async def test_words_typed_for_a_secret_poll_are_forgotten(town: Town) -> None:
    since = datetime.now(UTC)
    async with town.watch("sg-08") as stream:
        await town.say("sg-08", "/sag 3 3 5")
        await stream.until(lambda m: m["from"] == "bot")
        await town.send("sg-08", "a.txt", b"bleibt")
        await stream.until(says("a.txt"))
        gone = await town.db.write(lambda tx: webchat.forget_words(tx, "sg-08", since))
        town.chat.streams.changed("sg-08")
        assert gone == 1
        assert (await stream.until(says("gelöscht")))["from"] == "me"
    with town.db.read() as tx:
        kept = [m.content for m in tx.exec(select(WebMessage)) if m.author]
    assert "3 3 5" not in json.dumps(kept) and len(kept) == 2 and kept[0] == {"forgotten": True}
