"""The web server itself: files, requests that no page of ours sends, other sites, sessions."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from sqlmodel import select

from bot.platforms import Unreadable
from bot.platforms.web.server import WebServer
from storage.inbox import Waiting
from storage.models import Outbox
from tests.platforms.webtown import WITHIN, Town, running


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with running(tmp_path / "town.db") as town:
        yield town


# --- files ------------------------------------------------------------------------------------


async def test_files_in_and_out(town: Town) -> None:
    async with town.watch("sg-08") as stream:
        name = '../../"böse"\r\n<b>.html'
        assert await town.send("sg-08", name, b"<script>1</script>") == (202, {})
        mine = await stream.until(lambda m: m["file"] is not None)
        answered = await stream.until(lambda m: m["from"] == "bot")
        await town.say("sg-08", "/akte")
        theirs = await stream.until(lambda m: m["from"] == "bot" and m["file"] is not None)
    assert "/" not in mine["file"]["name"] and mine["file"]["size"] == 18 and mine["from"] == "me"
    ref = answered["html"].rpartition(" · ")[2]
    assert await town.chat.fetch(ref) == b"<script>1</script>"
    with pytest.raises(KeyError):
        await town.chat.fetch("4711")
    async with town.http.get(mine["file"]["url"]) as response:
        assert await response.read() == b"<script>1</script>"
        assert response.headers["Content-Disposition"].startswith("attachment; filename=")
        assert "sandbox" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert theirs["html"] == "Die Übersicht" and theirs["file"]["name"] == "Übersicht.csv"
    async with town.http.get(theirs["file"]["url"]) as response:
        assert response.content_type == "text/csv" and await response.read() == b"a;b\n1;2\n"
        assert "%C3%9Cbersicht.csv" in response.headers["Content-Disposition"]
    with town.db.read() as tx:
        assert all(row.data is None for row in tx.exec(select(Outbox)))


async def test_files_have_limits(town: Town) -> None:
    error = {"error": "Diese Datei ist zu groß. Es gehen höchstens 20 MB."}
    assert await town.send("sg-08", "groß.bin", bytes(20_000_001)) == (413, error)
    assert await town.send("sg-08", "riesig.bin", bytes(30_000_000)) == (413, error)
    assert await town.send("sg-08", "leer.txt", b"") == (400, {"error": "Diese Datei ist leer."})
    assert (await town.messages("sg-08"))["messages"] == []


# --- requests that no page of ours sends --------------------------------------------------------

_ID = str(uuid.uuid4())
_PRESS: dict[str, object] = {"id": _ID, "place": "direct", "message": 1, "action": "a"}


def _words(length: int) -> dict[str, str]:
    return {"id": _ID, "place": "direct", "text": "a" * length}


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        pytest.param(400, "say", {"id": "17", "place": "direct", "text": "a"}, id="short id"),
        pytest.param(400, "say", {"id": 17, "place": "direct", "text": "a"}, id="number as id"),
        pytest.param(400, "say", {"id": _ID, "place": ["direct"], "text": "a"}, id="list as place"),
        pytest.param(400, "say", {"id": _ID, "text": "a"}, id="no place"),
        pytest.param(400, "say", {"id": _ID, "place": "direct", "text": " \n "}, id="nothing said"),
        pytest.param(400, "say", ["a"], id="a list"),
        pytest.param(413, "say", _words(8001), id="long text"),
        pytest.param(413, "say", _words(70_000), id="longer text"),
        pytest.param(413, "say", _words(3_000_000), id="text of megabytes"),
        pytest.param(400, "press", {**_PRESS, "message": "1"}, id="text as message"),
        pytest.param(400, "press", {**_PRESS, "message": -1}, id="negative message"),
        pytest.param(400, "press", {**_PRESS, "action": "a" * 65}, id="long action"),
        pytest.param(400, "press", {**_PRESS, "action": "ä"}, id="action outside ASCII"),
        pytest.param(400, "file", {"id": _ID}, id="file in JSON"),
        pytest.param(404, "nothing", {}, id="unknown address"),
    ],
)
async def test_odd_requests_get_a_sentence(
    town: Town, status: int, kind: str, body: object
) -> None:
    answered, answer = await town.post(f"/api/chat/sg-08/{kind}", body)
    assert answered == status and answer["error"].endswith((".", "!"))
    assert (await town.messages("sg-08"))["messages"] == []


async def test_broken_json_and_wrong_types_are_refused(town: Town) -> None:
    for body in (b"{", b"\xff", b"[" * 60_000):
        headers = {"Content-Type": "application/json"}
        async with town.http.post("/api/chat/sg-08/say", data=body, headers=headers) as response:
            assert response.status == 400
    plainly = {"Content-Type": "text/plain"}
    body = json.dumps({"id": _ID, "place": "direct", "text": "a"}).encode()
    async with town.http.post("/api/chat/sg-08/say", data=body, headers=plainly) as response:
        assert response.status == 400
    half = (
        b'{"id": "%s", "place": "direct", "text": "a\\ud800\\u0000"}' % str(uuid.uuid4()).encode()
    )
    typed = {"Content-Type": "application/json"}
    async with town.http.post("/api/chat/sg-08/say", data=half, headers=typed) as response:
        assert response.status == 202
    english = await town.say("sg-09", "")
    assert english == (400, {"error": "Please write something first."})


async def test_another_name_for_this_machine_is_refused(town: Town) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example:80", "", "[::1", "a:b:c"):
        for path in ("/", "/api/demo", "/static/chat.js", "/api/chat/sg-08/events"):
            async with town.http.get(path, headers={"Host": host}) as response:
                assert response.status in (400, 421), (host, path)
    async with town.http.get("/api/demo", headers={"Host": "localhost:1"}) as response:
        assert response.status == 200


async def test_other_sites_pages_are_refused(town: Town) -> None:
    body = {"id": str(uuid.uuid4()), "place": "direct", "text": "/sag hallo"}
    own = {"Origin": town.server.address, "Sec-Fetch-Site": "same-origin"}
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {**own, "Sec-Fetch-Site": "same-site"},
    ):
        for kind in ("say", "press", "file"):
            refused = await town.post(f"/api/chat/sg-08/{kind}", body, headers=headers)
            assert refused[0] == 403
    assert (await town.get("/api/demo", headers={"Sec-Fetch-Site": "cross-site"}))[0] == 403
    assert (await town.messages("sg-08"))["messages"] == []
    assert (await town.post("/api/chat/sg-08/say", body, headers=own))[0] == 202


async def test_every_answer_carries_the_security_headers(town: Town) -> None:
    paths = ["/", "/static/base.css", "/api/demo", "/nothing", "/api/chat/sg-08/places"]
    for path in [*paths, "/api/chat/sg-08/events", "/static/..%2f__init__.py", "/static/x.py"]:
        async with town.http.get(path) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Referrer-Policy"] == "no-referrer"
            stored = "no-cache" if path in ("/", "/static/base.css") else "no-store"
            assert response.headers["Cache-Control"] == stored
            assert response.status == (404 if "nothing" in path or ".py" in path else 200)
    async with town.http.get("/static/chat.js") as response:
        assert response.content_type == "text/javascript"
        tag = response.headers["ETag"]
    async with town.http.get("/static/chat.js", headers={"If-None-Match": tag}) as response:
        assert response.status == 304


# --- outside the demo ---------------------------------------------------------------------------


async def test_without_a_session_there_is_nothing_to_see(tmp_path: Path) -> None:
    async def identify(request: web.Request) -> str | None:
        return request.headers.get("X-Session")

    async with running(tmp_path / "town.db", people=None, identify=identify) as town:
        for path in ("/", "/chat"):
            async with town.http.get(path) as response:
                text = await response.text()
                assert response.status == 403 and "persönlichen Link" in text
        for path in ("/api/chat/me/places", "/api/chat/sg-01/places", "/api/chat/sg-01/events"):
            assert (await town.get(path))[0] == 403
        assert (await town.get("/api/demo"))[0] == 404
        session = {"X-Session": "sg-08"}
        assert (await town.get("/api/chat/sg-01/places", headers=session))[0] == 403
        places = (await town.get("/api/chat/me/places", headers=session))[1]
        assert places["name"] == "Mitglied 8"
        async with town.http.get("/chat", headers=session) as response:
            assert response.status == 200 and "chat.js" in await response.text()
        body = {"id": str(uuid.uuid4()), "place": "direct", "text": "/blatt"}
        await town.post("/api/chat/me/say", body, headers=session)
        async with asyncio.timeout(WITHIN):
            while (
                len(
                    found := (
                        await town.get("/api/chat/me/messages?place=direct", headers=session)
                    )[1]["messages"]
                )
                < 2
            ):
                town.deliveries.wake.set()
        assert found[0]["from"] == "me" and found[1]["picture"]["url"].startswith("/api/chat/me/")


async def test_the_demo_is_served_to_this_machine_only(town: Town) -> None:
    for host in ("0.0.0.0", "192.0.2.1", "::"):  # noqa: S104
        with pytest.raises(ValueError, match="outside"):
            WebServer(host, 0, [town.chat], hosts=["chat.example.org"])
    assert WebServer("::1", 8080, [town.chat]).address == "http://[::1]:8080"


async def test_an_event_that_is_none_is_put_aside(town: Town) -> None:
    now = datetime.now(UTC)
    for payload in ("", "{}", '{"kind":"say","who":"a","place":"b","message":1}', "[]"):
        with pytest.raises(Unreadable):
            town.chat.read(Waiting(1, "web", "k", "web:b", payload, now))
