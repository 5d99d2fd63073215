"""Nothing that happens on Telegram is lost: polling, webhook, outages, malformed updates."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.platforms.telegram import NotAccepted, Telegram, Unreachable, Webhook, keep_secret
from bot.platforms.telegram.receiving import SECRET_HEADER
from bot.platforms.web.server import WebServer
from storage.inbox import QUARANTINED, Arrival
from storage.models import Inbox
from tests.platforms import botapi
from tests.platforms.botapi import Server, shown
from tests.platforms.botapi.town import ANNA, WITHIN, running
from tests.platforms.botapi.world import BOT_ID, BOT_NAME, TOKEN


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with botapi.running() as server:
        yield server


class Listening:
    """An adapter whose inbox is a list."""

    def __init__(self, server: Server, webhook: Webhook | None = None) -> None:
        self.telegram = Telegram(server.token, now, base_url=server.url, webhook=webhook)
        self.stored: list[Arrival] = []
        self.fails = 0

    async def receive(self, _: str, arrivals: Iterable[Arrival]) -> int:
        if self.fails:
            self.fails -= 1
            raise OSError("disk full")
        self.stored += arrivals
        return 1

    async def __aenter__(self) -> Listening:
        self.task = asyncio.create_task(self.telegram.run(self.receive))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.telegram.close()

    def keys(self) -> list[int]:
        return [int(a.key) for a in self.stored]

    async def caught_up(self) -> None:
        await asyncio.wait_for(self.telegram.caught_up.wait(), WITHIN)


# --- polling ------------------------------------------------------------------------------------


async def test_what_waited_while_the_bot_was_off_arrives_in_order(server: Server) -> None:
    anna = server.user(ANNA)
    for number in range(250):
        anna.says(f"Nachricht {number}")
    async with Listening(server) as bot:
        await bot.caught_up()
        assert bot.keys() == list(range(480_000_001, 480_000_251))
        assert {a.place for a in bot.stored} == {str(ANNA)}
        anna.says("noch eine")
        await server.world.until(lambda: len(bot.stored) == 251, WITHIN)


async def test_telegram_keeps_an_update_until_it_is_stored(server: Server) -> None:
    anna = server.user(ANNA)
    async with Listening(server) as bot:
        await bot.caught_up()
        bot.fails = 1
        anna.says("Hallo")
        await server.world.until(lambda: not bot.fails, WITHIN)
        assert [u.id for u in server.world.waiting()] == [480_000_001] and bot.stored == []
        await server.world.until(lambda: not server.world.waiting(), WITHIN)
        assert bot.keys() == [480_000_001]


async def test_a_bot_that_ends_between_storing_and_confirming_stores_once(
    server: Server, tmp_path: Path
) -> None:
    anna = server.user(ANNA)
    async with running(server, tmp_path / "town.db") as town:
        await asyncio.wait_for(town.telegram.caught_up.wait(), WITHIN)
        await server.world.until(lambda: server.world.counts["getUpdates"] == 2, WITHIN)
        held = server.fault("hold", "getUpdates")  # The request that would confirm.
        anna.says("/sag Hallo")
        await anna.reads("Hallo")
        await asyncio.wait_for(held.reached.wait(), WITHIN)
        assert len(server.world.waiting()) == 1
    server.faults.release()
    async with running(server, tmp_path / "town.db") as town:
        await asyncio.wait_for(town.telegram.caught_up.wait(), WITHIN)
        anna.says("/sag Danach")
        await anna.reads("Danach")
        assert [shown(m) for m in anna.sees()] == ["Hallo", "Danach"]
        assert len(town.rows(Inbox)) == 2


@pytest.mark.parametrize(
    "update",
    [
        {"message": {"message_id": "keine Zahl", "chat": 7}},
        {"message": None, "callback_query": {"id": 5}},
        {"callback_query": {"id": "1", "from": {"id": "x"}, "chat_instance": "1"}},
        {"message": []},
    ],
)
async def test_a_malformed_update_is_put_aside_and_holds_up_nobody(
    server: Server, tmp_path: Path, update: object
) -> None:
    anna = server.user(ANNA)
    async with running(server, tmp_path / "town.db") as town:
        server.world.queue(update)
        anna.says("/sag Weiter")
        await anna.reads("Weiter")
        bad, good = town.rows(Inbox)
        assert bad.state == QUARANTINED and bad.error and "keine" not in bad.error
        assert good.payload is None
        await server.world.until(lambda: not server.world.waiting(), WITHIN)


async def test_even_what_is_no_update_at_all_holds_up_nobody(
    server: Server, tmp_path: Path
) -> None:
    anna = server.user(ANNA)
    server.world.queue("Unsinn")
    server.world.queue({"update_id": "x"}, numbered=False)
    anna.says("/sag Weiter")
    async with running(server, tmp_path / "town.db") as town:
        await anna.reads("Weiter")
        assert [r.state for r in town.rows(Inbox)] == [QUARANTINED, QUARANTINED, 1]


async def test_a_second_bot_on_the_same_token_is_named_loudly(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    anna = server.user(ANNA)
    async with Listening(server) as bot, aiohttp.ClientSession() as other:
        await bot.caught_up()
        url = f"{server.url}/bot{server.token}/getUpdates"
        async with other.post(url, json={"timeout": 0}) as response:
            assert response.status == 200
        await server.world.until(lambda: "409" in caplog.text, WITHIN)
        assert "another program is receiving this bot's updates" in caplog.text
        assert caplog.records[-1].levelno == logging.ERROR
        anna.says("Hallo")
        await server.world.until(lambda: bot.stored, WITHIN)
        # It does not become a quarrel of many requests a second.
        async with other.post(url, json={"timeout": 0}) as response:
            assert response.status == 200
        await server.world.until(lambda: "Next try in 2 s" in caplog.text, WITHIN)


async def test_a_webhook_that_was_set_is_deleted_without_losing_anything(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.updates.url = "https://example.org/old"
    server.user(ANNA).says("Hallo")
    async with Listening(server) as bot:
        await bot.caught_up()
        assert len(bot.stored) == 1 and server.updates.url == ""
        assert server.called("deleteWebhook") == [{"drop_pending_updates": False}]
        server.updates.url = "https://example.org/again"
        server.world.changed()
        server.user(ANNA).says("Noch da?")
        await server.world.until(lambda: len(bot.stored) == 2, WITHIN)
    assert "another program" not in caplog.text


async def test_an_outage_is_survived_and_named_once(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    anna = server.user(ANNA)
    async with Listening(server) as bot:
        await bot.caught_up()
        await server.refuse()
        anna.says("Hallo?")
        await server.world.until(lambda: "cannot be reached" in caplog.text, WITHIN)
        await server.accept()
        await server.world.until(lambda: bot.stored, WITHIN)
    said = [r.getMessage() for r in caplog.records if r.name.startswith("bot.platforms")]
    assert len(said) == 2 and "cannot be reached" in said[0] and "answers again" in said[1]


async def test_the_bot_starts_while_telegram_is_away(server: Server) -> None:
    await server.refuse()
    server.user(ANNA).says("Hallo?")
    async with Listening(server) as bot:
        await asyncio.sleep(0)
        assert not bot.telegram.caught_up.is_set()
        await server.accept()
        await bot.caught_up()
        assert len(bot.stored) == 1


@pytest.mark.parametrize("kind", ["error", "garbage", "drop"])
async def test_a_broken_answer_to_the_poll_loses_nothing(server: Server, kind: str) -> None:
    anna = server.user(ANNA)
    async with Listening(server) as bot:
        await bot.caught_up()
        server.fault(kind, "getUpdates", 2)  # type: ignore[arg-type]
        anna.says("Hallo")
        await server.world.until(lambda: bot.stored, WITHIN)
        assert set(bot.keys()) == {480_000_001}


async def test_an_outage_of_more_than_a_day_says_that_something_is_lost(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    later = timedelta()
    telegram = Telegram(server.token, lambda: now() + later, base_url=server.url)
    await server.refuse()

    async def receive(_: str, __: Iterable[Arrival]) -> int:
        return 0

    task = asyncio.create_task(telegram.run(receive))
    await server.world.until(lambda: "cannot be reached" in caplog.text, WITHIN)
    later = timedelta(hours=25)
    await server.accept()
    await asyncio.wait_for(telegram.caught_up.wait(), WITHIN)
    assert "out of reach for over 24 hours" in caplog.text
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await telegram.close()


# --- webhook ------------------------------------------------------------------------------------

SECRET = "only-telegram-and-we-know_it"


async def test_updates_come_by_webhook_with_its_secret(server: Server) -> None:
    anna = server.user(ANNA)
    anna.says("vorher")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/telegram/webhook"
    hook = Listening(server, Webhook(address, SECRET))
    web = WebServer("127.0.0.1", port, [hook.telegram])
    serving = asyncio.create_task(web.run())
    await asyncio.wait_for(web.ready.wait(), WITHIN)
    async with aiohttp.ClientSession() as http:
        async with http.post(address, json={}, headers={SECRET_HEADER: SECRET}) as response:
            assert response.status == 503
        async with hook:
            await hook.caught_up()
            anna.says("nachher")
            await server.world.until(lambda: len(hook.stored) == 2, WITHIN)
            for headers in ({}, {SECRET_HEADER: "falsch"}, {SECRET_HEADER: "ü"}):
                async with http.post(address, json={"update_id": 1}, headers=headers) as response:
                    assert response.status == 403
            async with http.post(address, data=b"{", headers={SECRET_HEADER: SECRET}) as response:
                assert response.status == 400
            assert len(hook.stored) == 2
            hook.fails = 1
            anna.says("zweimal gebracht")
            await server.world.until(lambda: len(hook.stored) == 3, WITHIN)
    assert server.called("setWebhook")[0]["secret_token"] == SECRET
    assert "message" in server.called("setWebhook")[0]["allowed_updates"]
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("https://example.org/telegram/webhook", "kurz"),
        ("https://example.org/telegram/webhook", "mit Leerzeichen darin"),
        ("https://example.org/", SECRET),
    ],
)
def test_a_webhook_that_cannot_work_is_refused(url: str, secret: str) -> None:
    with pytest.raises(ValueError, match="a webhook's"):
        Webhook(url, secret)


async def test_two_webhooks_for_one_bot_are_named(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.updates.url = "https://example.org/other"
    mine = "http://127.0.0.1:9/telegram/webhook"
    async with Listening(server, Webhook(mine, SECRET)):
        await server.world.until(lambda: server.updates.url == mine, WITHIN)
    assert "another webhook was set for this bot" in caplog.text
    assert SECRET not in repr(Webhook(mine, SECRET))


async def test_a_webhook_of_an_earlier_version_is_asked_for_all_kinds_of_updates(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    mine = "http://127.0.0.1:9/telegram/webhook"
    server.updates.url, server.world.allowed = mine, ["message", "callback_query"]
    async with Listening(server, Webhook(mine, SECRET)) as hook:
        await hook.caught_up()
        assert {"chat_join_request", "poll_answer"} <= set(server.world.allowed)
    async with Listening(server, Webhook(mine, SECRET)) as hook:
        await hook.caught_up()
    assert len(server.called("setWebhook")) == 1
    assert "another webhook" not in caplog.text


# --- token --------------------------------------------------------------------------------------


async def test_the_token_is_in_no_log_whatever_goes_wrong(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.accepts_token = False
    async with Listening(server) as bot:
        await server.world.until(lambda: "does not accept" in caplog.text, WITHIN)
        with pytest.raises(NotAccepted) as told:
            await bot.telegram.check()
        await server.refuse()
        with pytest.raises(Unreachable) as away:
            await bot.telegram.check()
    try:
        raise RuntimeError(f"https://127.0.0.1/bot{TOKEN}/sendMessage")
    except RuntimeError:
        logging.getLogger("somebody.else").exception("url %s of %s", TOKEN, "a bot")
    logging.getLogger("somebody.else").warning("stack", stack_info=True)
    formatter = logging.Formatter()
    logged = "\n".join(formatter.format(r) for r in caplog.records)
    secret = TOKEN.partition(":")[2]
    for text in (logged, str(told.value), str(away.value), " ".join(sys.argv)):
        assert TOKEN not in text and secret not in text
    assert "url [token] of a bot" in logged and "/bot[token]/sendMessage" in logged


async def test_the_chat_library_does_not_log_what_people_wrote(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    anna = server.user(ANNA)
    async with running(server, tmp_path / "town.db"):
        anna.says("/sag nur für dich")
        await anna.reads("nur für dich")
        server.fault("garbage", "getUpdates")
        anna.says("/sag nur für dich allein")
        await anna.reads("allein")
    assert "nur für dich" not in caplog.text


def test_a_secret_that_is_too_short_to_hide_is_refused() -> None:
    with pytest.raises(ValueError, match="short"):
        keep_secret(["abc"])


@pytest.mark.parametrize("token", ["", "abc", "123:", "123:kurz", f"{TOKEN} ", "123:ü" * 9])
def test_what_is_no_token_is_said_at_once(token: str) -> None:
    with pytest.raises(NotAccepted) as told:
        Telegram(token, now)
    assert not token or token not in str(told.value)


async def test_a_right_token_is_greeted_by_its_name(server: Server) -> None:
    telegram = Telegram(server.token, now, base_url=server.url + "/")
    with pytest.raises(RuntimeError, match="not known"):
        telegram.link("abc")
    assert await telegram.check() == f"@{BOT_NAME}"
    assert int(server.token.partition(":")[0]) == BOT_ID
    await telegram.close()
    await telegram.close()
