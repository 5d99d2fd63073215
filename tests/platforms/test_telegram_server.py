"""The Bot API server that the tests bring along is as strict as the published one."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.platforms import botapi
from tests.platforms.botapi import Limits, Server
from tests.platforms.botapi.entities import found_in, parse_html
from tests.platforms.botapi.refusal import Refusal
from tests.platforms.botapi.town import ANNA, BERND, WITHIN
from tests.platforms.webtown import png


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[Server]:
    async with botapi.running(clock, Limits()) as server:
        yield server


@pytest.fixture
async def call(server: Server) -> AsyncIterator[Any]:
    async with aiohttp.ClientSession() as http:

        async def call(method: str, token: str = server.token, **given: Any) -> Any:
            url = f"{server.url}/bot{token}/{method}"
            async with http.post(url, json=given) as response:
                made = await response.json()
                assert made["ok"] is (response.status == 200)
                assert made["ok"] or made["error_code"] == response.status
                return made.get("result", made.get("description"))

        yield call


BARE_BUTTON = (
    "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
)
KEYS = {"inline_keyboard": [[{"text": "Ja", "callback_data": "a:1"}]]}


def keys(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "Ja", **button}]]}


@pytest.mark.parametrize(
    ("method", "given", "answer"),
    [
        ("sendDice", {"chat_id": ANNA}, "Not Found"),
        ("sendMessage", {"chat_id": ANNA}, "Bad Request: message text is empty"),
        ("sendMessage", {"chat_id": ANNA, "text": " \n "}, "Bad Request: message text is empty"),
        ("sendMessage", {"text": "x"}, "Bad Request: chat_id is empty"),
        ("sendMessage", {"chat_id": "Anna", "text": "x"}, "Bad Request: chat not found"),
        ("sendMessage", {"chat_id": 12, "text": "x"}, "Bad Request: chat not found"),
        ("sendMessage", {"chat_id": ANNA, "text": "x" * 4097}, "Bad Request: message is too long"),
        ("sendMessage", {"chat_id": ANNA, "text": "🌳" * 2049}, "Bad Request: message is too long"),
        ("sendMessage", {"chat_id": ANNA, "text": "x", "parse_mode": "XML"},
         "Bad Request: unsupported parse_mode"),
        ("sendMessage", {"chat_id": ANNA, "text": "x", "texture": "y"},
         "Bad Request: sendMessage has no parameter texture"),
        ("sendMessage", {"chat_id": ANNA, "text": "x", "disable_notification": "vielleicht"},
         'Bad Request: parameter "disable_notification" must be of type bool'),
        ("sendMessage", {"chat_id": ANNA, "text": "<b>x", "parse_mode": "HTML"},
         'Bad Request: can\'t parse entities: Can\'t find end tag corresponding to start tag "b"'),
        ("sendMessage",
         {"chat_id": ANNA, "text": "x", "reply_markup": keys(callback_data="ü" * 33)},
         "Bad Request: BUTTON_DATA_INVALID"),
        ("sendMessage", {"chat_id": ANNA, "text": "x", "reply_markup": keys(callback_data="")},
         "Bad Request: BUTTON_DATA_INVALID"),
        ("sendMessage", {"chat_id": ANNA, "text": "x", "reply_markup": keys()},
         f"Bad Request: {BARE_BUTTON}"),
        ("sendMessage", {"chat_id": ANNA, "text": "x", "reply_markup": keys(url="kein Link")},
         "Bad Request: inline keyboard button URL 'kein Link' is invalid: Wrong HTTP URL"),
        ("sendMessage", {"chat_id": BERND, "text": "x"},
         "Forbidden: bot can't initiate conversation with a user"),
        ("sendPhoto", {"chat_id": ANNA, "photo": "unbekannt"},
         "Bad Request: wrong file identifier/HTTP URL specified"),
        ("editMessageText", {"chat_id": ANNA, "message_id": 99999, "text": "x"},
         "Bad Request: message to edit not found"),
        ("answerCallbackQuery", {"callback_query_id": "1"},
         "Bad Request: query is too old and response timeout expired or query ID is invalid"),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201},
         "Bad Request: MESSAGE_TOO_LONG"),
        ("setMyCommands", {"commands": [{"command": "Menü", "description": "x"}]},
         "Bad Request: BOT_COMMAND_INVALID"),
        ("setMyCommands", {"commands": [], "language_code": "de-simple"},
         "Bad Request: invalid language code specified"),
        ("getFile", {"file_id": "x"},
         "Bad Request: wrong file_id or the file is temporarily unavailable"),
        ("leaveChat", {"chat_id": ANNA},
         "Bad Request: chat member status can't be changed in private chats"),
    ],
)  # fmt: skip
async def test_what_telegram_refuses_is_refused(
    server: Server, call: Any, method: str, given: dict[str, Any], answer: str
) -> None:
    anna, bernd = server.user(ANNA), server.user(BERND)
    anna.says("/start")
    server.group("Probe", [bernd])
    assert await call(method, **given) == answer


async def test_a_wrong_token_is_unauthorized(call: Any) -> None:
    assert await call("getMe", token="1:AA") == "Unauthorized"


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("a &lt;b&gt; &amp; &#x27;&quot; &nbsp;", "a <b> & '\" &nbsp;", []),
        ("🌳 <b>fett <code>beides</code></b>", "🌳 fett beides",
         [("bold", 3, 11), ("code", 8, 6)]),
        ("  <i>x</i>  ", "x", [("italic", 0, 1)]),
        ("<b></b>x", "x", []),
        ("<b> x</b>", "x", [("bold", 0, 1)]),
    ],
)  # fmt: skip
def test_html_is_read_as_telegram_reads_it(source: str, text: str, entities: list[Any]) -> None:
    read, found = parse_html(source)
    assert read == text
    assert [(e["type"], e["offset"], e["length"]) for e in found] == entities


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("ü<x>", 'Unsupported start tag "x" at byte offset 2'),
        ("5 < 6", 'Unsupported start tag "" at byte offset 2'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
    ],
)
def test_wrong_html_is_refused_in_telegrams_words(source: str, error: str) -> None:
    with pytest.raises(Refusal) as told:
        parse_html(source)
    assert told.value.description == f"Bad Request: can't parse entities: {error}"


def test_commands_and_mentions_are_found_in_what_people_type() -> None:
    found = found_in("🌳 /kanal@probe_bot und @anna_probe, nicht a/b oder x@y.de")
    assert [(e["type"], e["offset"], e["length"]) for e in found] == [
        ("bot_command", 3, 16),
        ("mention", 24, 11),
    ]


async def test_updates_are_kept_until_confirmed_but_no_longer_than_a_day(
    server: Server, call: Any, clock: Clock
) -> None:
    anna = server.user(ANNA)
    for number in range(3):
        anna.says(str(number))
    first = await call("getUpdates", limit=2)
    assert [u["message"]["text"] for u in first] == ["0", "1"]
    assert await call("getUpdates", limit=2) == first
    rest = await call("getUpdates", offset=first[-1]["update_id"] + 1)
    assert [u["message"]["text"] for u in rest] == ["2"]
    clock.at += timedelta(hours=24, seconds=1)
    assert await call("getUpdates") == []


async def test_a_poll_waits_for_what_happens_and_another_poll_ends_it(
    server: Server, call: Any
) -> None:
    waiting = asyncio.create_task(call("GETUPDATES", timeout=20))
    await server.world.until(lambda: server.world.counts["getUpdates"] == 1, WITHIN)
    server.user(ANNA).says("x")
    assert len(await asyncio.wait_for(waiting, WITHIN)) == 1
    first = asyncio.create_task(call("getUpdates", offset=480_000_002, timeout=20))
    await server.world.until(lambda: server.world.counts["getUpdates"] == 2, WITHIN)
    assert await call("getUpdates") == []
    assert "terminated by other getUpdates request" in await asyncio.wait_for(first, WITHIN)


async def test_only_wanted_kinds_of_updates_come(server: Server, call: Any) -> None:
    anna, bernd = server.user(ANNA), server.user(BERND)
    group = server.group("Probe", [anna])
    group.bot_becomes("administrator", anna)
    group.becomes(bernd, "member")
    assert [set(u) - {"update_id"} for u in await call("getUpdates")] == [{"my_chat_member"}]
    await call("getUpdates", offset=-1, allowed_updates=["chat_member"])
    group.becomes(bernd, "left")
    anna.says("/start", group)
    given = await call("getUpdates", offset=480_000_002)
    assert [u["chat_member"]["new_chat_member"]["status"] for u in given] == ["left"]


async def test_while_a_webhook_is_set_nobody_may_poll(server: Server, call: Any) -> None:
    assert await call("setWebhook", url="http://127.0.0.1:9/", secret_token="a b") == (
        "Bad Request: secret token contains unallowed characters"
    )
    assert await call("setWebhook", url="http://127.0.0.1:9/") is True
    assert "webhook is active" in await call("getUpdates")
    server.user(ANNA).says("x")
    await server.world.until(lambda: server.updates.last_error, WITHIN)
    info = await call("getWebhookInfo")
    assert (info["pending_update_count"], info["last_error_message"]) == (1, "Connection refused")
    assert await call("deleteWebhook") is True
    assert len(await call("getUpdates")) == 1


async def test_an_ordinary_member_hears_only_what_is_meant_for_it(
    server: Server, call: Any
) -> None:
    anna = server.user(ANNA)
    group = server.group("Probe", [anna])
    group.bot_becomes("member", anna)
    sent = await call("sendMessage", chat_id=group.id, text="Hallo")
    anna.says("Gespräch", group)
    anna.says("/kanal", group)
    anna.says("Antwort", group, reply_to=sent)
    told = [u["message"]["text"] for u in await call("getUpdates") if "message" in u]
    assert told == ["/kanal", "Antwort"]


async def test_editing_follows_the_rules(server: Server, call: Any) -> None:
    anna = server.user(ANNA)
    anna.says("/start")
    where = {"chat_id": ANNA}
    sent = await call("sendMessage", **where, text="<b>x</b>", parse_mode="HTML", reply_markup=KEYS)
    where["message_id"] = sent["message_id"]
    same = await call(
        "editMessageText", **where, text="<b>x</b>", parse_mode="HTML", reply_markup=KEYS
    )
    assert same.startswith("Bad Request: message is not modified: specified new message content")
    edited = await call("editMessageText", **where, text="y")
    assert edited["text"] == "y" and "reply_markup" not in edited and "entities" not in edited
    assert await call("editMessageCaption", **where, caption="z") == (
        "Bad Request: there is no caption in the message to edit"
    )
    own = anna.says("meins")
    assert await call("editMessageText", chat_id=ANNA, message_id=own["message_id"], text="y") == (
        "Bad Request: message can't be edited"
    )
    assert await call("pinChatMessage", **where) is True
    assert await call("deleteMessage", **where) is True


async def test_photos_are_uploaded_and_used_again(server: Server, call: Any) -> None:
    server.user(ANNA).says("/start")
    form = aiohttp.FormData({"chat_id": str(ANNA), "caption": "Grau"})
    form.add_field("photo", png(9), filename="bild.png", content_type="image/png")
    url = f"{server.url}/bot{server.token}/sendPhoto"
    async with aiohttp.ClientSession() as http, http.post(url, data=form) as response:
        photo = (await response.json())["result"]["photo"][-1]
    assert (photo["width"], photo["height"]) == (1, 1)
    again = await call("sendPhoto", chat_id=ANNA, photo=photo["file_id"])
    assert again["photo"] == [photo] and "caption" not in again
    file = await call("getFile", file_id=photo["file_id"])
    url = f"{server.url}/file/bot{server.token}/{file['file_path']}"
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        assert await response.read() == png(9)


async def test_too_many_messages_are_refused_with_the_time_to_wait(
    server: Server, call: Any
) -> None:
    server.user(ANNA).says("/start")
    answers = [await call("sendMessage", chat_id=ANNA, text="x") for _ in range(7)]
    assert isinstance(answers[4], dict) and answers[6] == "Too Many Requests: retry after 1"
    group = server.group("Probe", [server.user(ANNA)])
    group.bot_becomes("member", server.user(ANNA))
    answers = [await call("sendMessage", chat_id=group.id, text="x") for _ in range(21)]
    assert isinstance(answers[19], dict)
    assert answers[20] == "Too Many Requests: retry after 60"


async def test_a_press_can_be_answered_for_a_while(server: Server, call: Any, clock: Clock) -> None:
    anna = server.user(ANNA)
    anna.says("/start")
    await call("sendMessage", chat_id=ANNA, text="x", reply_markup=KEYS)
    query = anna.presses("Ja")
    assert await call("answerCallbackQuery", callback_query_id=query, text="ok") is True
    assert anna.user.toasts == [{"text": "ok", "show_alert": False}]
    query = anna.presses("a:1")
    clock.at += timedelta(minutes=2)
    assert "too old" in await call("answerCallbackQuery", callback_query_id=query)


async def test_the_server_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.platforms.botapi", "--no-limits",
        stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2], env=dict(os.environ),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        said = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))

        async with aiohttp.ClientSession() as http:

            async def post(path: str, **given: Any) -> Any:
                async with http.post(f"{said['url']}{path}", json=given) as response:
                    return await response.json()

            bot = f"/bot{said['token']}"
            group = await post("/control/group", title="Probe", members=[ANNA], bot="member")
            await post("/control/says", user=ANNA, text="/start")
            await post("/control/says", user=ANNA, text="/kanal", group=group)
            updates = (await post(f"{bot}/getUpdates"))["result"]
            assert [u["message"]["chat"]["id"] for u in updates[1:]] == [ANNA, group]
            fault = await post("/control/fault", kind="hold_after", method="sendMessage")
            sending = asyncio.create_task(
                post(f"{bot}/sendMessage", chat_id=ANNA, text="x", reply_markup=KEYS)
            )
            assert await post("/control/reached", fault=fault) is True
            (seen,) = await post("/control/sees", user=ANNA)
            assert seen["text"] == "x" and not sending.done()
            await post("/control/release")
            await asyncio.wait_for(sending, WITHIN)
            query = await post("/control/presses", user=ANNA, label="Ja")
            await post(f"{bot}/answerCallbackQuery", callback_query_id=query, text="ok")
            assert (await post("/control/toasts", user=ANNA))[0]["text"] == "ok"
            assert await post("/control/flood", presses=[{"user": BERND, "data": "a:1"}] * 3) == 3
            counts = await post("/control/counts")
            assert counts["waiting"] == 7 and counts["toasts"] == 1
            await post("/control/revoke", revoked=True)
            assert (await post(f"{bot}/getMe"))["error_code"] == 401
            assert "error" in await post("/control/presses", user=ANNA, label="Nein")
            assert "error" in await post("/control/nothing")
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
