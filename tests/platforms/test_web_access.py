"""The way into the web chat by a personal link, through the real web server and the real bot."""

from __future__ import annotations

import asyncio
import re
import shutil
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlmodel import select

from bot import config as configuration
from bot.commands.parts import parts, routes
from bot.platforms.web.server import WebServer
from bot.running import running
from storage import housekeeping, invitations, unlinking
from storage.db import Database
from storage.models import Account, CodeTrial, Invitation, NoticeShown, Person, WebSession
from tests import world

WITHIN = 5.0


class Device:
    """A browser: cookies of its own, redirects followed by hand."""

    def __init__(self, server: WebServer, **headers: str) -> None:
        jar = aiohttp.CookieJar(unsafe=True)
        self.http = aiohttp.ClientSession(server.address, cookie_jar=jar, headers=headers)

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        async with self.http.get(path, headers=headers, allow_redirects=False) as response:
            return response.status, await response.text()

    async def post(self, path: str, **fields: str) -> tuple[int, Any]:
        origin = str(self.http._base_url).rstrip("/")
        async with self.http.post(
            path, data=fields, headers={"Origin": origin}, allow_redirects=False
        ) as response:
            return response.status, response.headers.get("Location") or await response.text()

    async def enter(self, code: str) -> tuple[int, Any]:
        """Open the link and press the button."""
        status, page = await self.get(f"/zugang/{code}")
        assert status == 200, page
        return await self.post(f"/zugang/{code}", word=word_in(page))

    async def asks(self, what: str) -> Any:
        async with self.http.get(f"/api/chat/me/{what}") as response:
            return await response.json()

    async def says(self, text: str) -> int:
        body = {"id": str(uuid.uuid4()), "place": "direct", "text": text}
        async with self.http.post("/api/chat/me/say", json=body) as response:
            return response.status

    async def sees(self, words: str) -> str:
        """Everything in the direct chat, once ``words`` are there."""
        async with asyncio.timeout(WITHIN):
            while True:
                page = await self.asks("messages?place=direct")
                read = "\n".join(message["html"] for message in page["messages"])
                if words in read:
                    return read
                await asyncio.sleep(0.05)


def word_in(page: str) -> str:
    found = re.search(r'name="word" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


@dataclass
class Town:
    """The bot with its web server, as ``run`` puts it together."""

    db: Database
    server: WebServer
    now: datetime = world.MORNING
    devices: list[Device] = field(default_factory=list)

    def device(self, **headers: str) -> Device:
        self.devices.append(Device(self.server, **headers))
        return self.devices[-1]

    def code(self, key: str = "sg-08", days: int = 14) -> str:
        with self.db.begin() as tx:
            person = tx.exec(select(Person).filter_by(key=key)).one()
            return invitations.create(tx, person.id, person.municipality_id, self.now, days)

    def all(self, table: Any, **values: Any) -> list[Any]:
        with self.db.read() as tx:
            rows = list(tx.execute(select(table).filter_by(**values)).scalars())
            tx.expunge_all()
            return rows

    def devices_of(self, key: str) -> list[Account]:
        [person] = self.all(Person, key=key)
        mine = self.all(Account, person_id=person.id)
        return [account for account in mine if account.external_id.startswith("w-")]


@asynccontextmanager
async def opened(template: Path, folder: Path, **web: Any) -> AsyncIterator[Town]:
    shutil.copy(template, folder / "town.sqlite3")
    given = {"database": "sqlite:///town.sqlite3", "web": {"port": 0, **web}}
    settings = configuration.check(given, folder / "gnk-bot.toml")
    db = Database(settings.database)
    later: list[Town] = []

    def clock() -> datetime:
        return later[0].now if later else world.MORNING

    features = routes()
    made = parts(settings, db, features, clock)
    assert made.server is not None
    later.append(Town(db, made.server))
    async with running(db, features, made.platforms, clock, server=made.server):
        yield later[0]
        for device in later[0].devices:
            await device.http.close()
    db.close()


@pytest.fixture
async def town(town_template: Path, tmp_path: Path) -> AsyncIterator[Town]:
    async with opened(town_template, tmp_path) as town:
        yield town


# --- coming in -----------------------------------------------------------------------------


async def test_looking_at_a_link_stores_nothing_and_uses_nothing_up(town: Town) -> None:
    code, before = town.code(), len(town.all(Account))
    for _ in range(7):
        status, page = await town.device().get(f"/zugang/{code}")
        assert status == 200
    assert "Vertretung Stadtratsfraktion A" in page and "Datenschutzhinweis" in page
    assert "Stabsstelle Nachhaltigkeit" in page and "Cookie" in page
    assert (len(town.all(Account)), town.all(WebSession)) == (before, [])
    assert (town.all(NoticeShown), town.all(CodeTrial)) == ([], [])
    assert [i.used_at for i in town.all(Invitation)] == [None]


async def test_the_button_opens_the_chat_of_this_person(town: Town) -> None:
    device = town.device()
    assert (await device.get("/chat"))[0] == 403
    assert await device.enter(town.code()) == (303, "/chat")
    assert (await device.get("/chat"))[0] == 200
    assert (await device.asks("places"))["name"] == "Vertretung Stadtratsfraktion A"
    read = await device.sees("Willkommen")
    assert "Sie gehören zur Steuerungsgruppe" in read
    assert await device.says("/offen") == 202
    await device.sees("/offen")
    [account] = town.devices_of("sg-08")
    assert len(account.external_id) > 20 and account.direct == account.external_id
    [shown] = town.all(NoticeShown)
    assert shown.external_id == account.external_id


async def test_a_notice_is_in_the_language_of_the_person(town: Town) -> None:
    status, page = await town.device().get(f"/zugang/{town.code('sg-15')}")
    assert status == 200 and '<html lang="en">' in page and "Read – open the chat" in page


async def test_the_code_works_in_small_letters_too(town: Town) -> None:
    assert (await town.device().enter(town.code().lower()))[0] == 303


async def test_a_link_is_used_once_and_its_device_may_follow_it_again(town: Town) -> None:
    code, device, other = town.code(), town.device(), town.device()
    _, page = await other.get(f"/zugang/{code}")
    await device.enter(code)
    status, answer = await other.post(f"/zugang/{code}", word=word_in(page))
    assert status == 404 and "Dieser Link gilt nicht" in answer
    assert (await other.get("/chat"))[0] == 403
    assert (await device.get(f"/zugang/{code}"))[0] == 303
    assert len(town.devices_of("sg-08")) == 1


@pytest.mark.parametrize("reason", ["expired", "revoked", "used", "invented"])
async def test_whatever_link_does_not_count_gets_the_same_page(town: Town, reason: str) -> None:
    code = "ABCD-EFGH-JKMN" if reason == "invented" else town.code()
    if reason == "expired":
        town.now += timedelta(days=14)
    if reason == "revoked":
        town.code()
    if reason == "used":
        await town.device().enter(code)
    status, page = await town.device().get(f"/zugang/{code}")
    assert status == 404 and "fragen Sie die Koordination" in page
    assert "Ilmbrück" not in page and "Fraktion" not in page
    # Only what was never given out is a guess.
    assert len(town.all(CodeTrial)) == (1 if reason == "invented" else 0)


async def test_five_invented_links_make_a_pause_for_that_visitor(
    town_template: Path, tmp_path: Path
) -> None:
    async with opened(town_template, tmp_path, proxy=True) as town:
        # What stands before the proxy's own entry, anybody may write.
        guesser = town.device(**{"X-Forwarded-For": "203.0.113.7, 198.51.100.1"})
        code = town.code()
        for number in range(5):
            assert (await guesser.get(f"/zugang/FALSCH{number}"))[0] == 404
        status, page = await guesser.get(f"/zugang/{code}")
        assert status == 429 and "in 15 Minuten" in page and "Ilmbrück" not in page
        neighbour = town.device(**{"X-Forwarded-For": "203.0.113.7, 198.51.100.2"})
        assert (await neighbour.get(f"/zugang/{code}"))[0] == 200
        town.now += timedelta(minutes=15, seconds=1)
        assert (await guesser.enter(code))[0] == 303
        kept = str([trial.external_id for trial in town.all(CodeTrial)])
        assert "198.51.100" not in kept


async def test_of_two_devices_at_once_one_gets_in(town: Town) -> None:
    code = town.code()
    devices = [town.device() for _ in range(6)]
    answers = await asyncio.gather(*(device.enter(code) for device in devices))
    assert sorted(status for status, _ in answers) == [303, 404, 404, 404, 404, 404]
    assert len(town.devices_of("sg-08")) == 1 and len(town.all(WebSession)) == 1


# --- nobody else's page, no trace ----------------------------------------------------------


async def test_no_other_page_can_log_somebody_in(town: Town) -> None:
    code, device = town.code(), town.device()
    _, page = await device.get(f"/zugang/{code}")
    word = {"word": word_in(page)}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        async with device.http.post(f"/zugang/{code}", data=word, headers=headers) as response:
            assert response.status == 403
    assert (await device.post(f"/zugang/{code}"))[0] == 403
    assert (await device.post(f"/zugang/{code}", word="x" * 22))[0] == 403
    assert (await town.device().post(f"/zugang/{code}", **word))[0] == 403
    assert town.all(WebSession) == []


async def test_a_cookie_that_was_there_before_is_not_taken_over(town: Town) -> None:
    device = town.device()
    device.http.cookie_jar.update_cookies({"gnk-session": "known-to-somebody-else"})
    await device.enter(town.code())
    spy = town.device()
    spy.http.cookie_jar.update_cookies({"gnk-session": "known-to-somebody-else"})
    assert (await spy.get("/chat"))[0] == 403
    assert (await device.get("/chat"))[0] == 200


async def test_behind_https_the_cookie_is_for_this_host_and_for_https_only(
    town_template: Path, tmp_path: Path
) -> None:
    async with opened(town_template, tmp_path, address="https://bot.example.org") as town:
        code = town.code()
        named = {"Host": "bot.example.org"}
        async with town.device().http.get(f"/zugang/{code}", headers=named) as response:
            page = await response.text()
            word = word_in(page)
            [form] = response.headers.getall("Set-Cookie")
            assert response.headers["Referrer-Policy"] == "strict-origin"
            assert response.headers["Cache-Control"] == "no-store"
        assert form.startswith("__Host-gnk-form=") and "SameSite=Strict" in form
        sent = {**named, "Origin": "https://bot.example.org", "Cookie": form.split(";")[0]}
        async with town.device().http.post(
            f"/zugang/{code}", data={"word": word}, headers=sent, allow_redirects=False
        ) as response:
            assert response.status == 303
            [session] = response.headers.getall("Set-Cookie")
        assert session.startswith("__Host-gnk-session=")
        for flag in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
            assert flag in session
        assert "Domain" not in session
        [kept] = town.all(WebSession)
        secret = session.split("=", 1)[1].split(";")[0]
        assert len(secret) >= 43 and secret not in str(kept)


async def test_without_a_proxy_nobody_believes_its_headers(town: Town) -> None:
    device = town.device(**{"X-Forwarded-Proto": "https"})
    async with device.http.get(f"/zugang/{town.code()}") as response:
        [form] = response.headers.getall("Set-Cookie")
    assert form.startswith("gnk-form=") and "Secure" not in form


async def test_a_link_leaves_no_line_in_the_log(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    code = town.code()
    await town.device().get("/zugang/ABCD-EFGH-JKMN")
    await town.device().enter(code)
    assert code not in caplog.text and "ABCD-EFGH-JKMN" not in caplog.text


# --- devices -------------------------------------------------------------------------------


async def test_a_second_device_needs_a_link_of_its_own_and_the_first_is_told(town: Town) -> None:
    first, second = town.device(), town.device()
    await first.enter(town.code())
    await first.sees("Willkommen")
    assert (await second.enter(town.code()))[0] == 303
    await first.sees("Ein weiteres Konto (Browser)")
    assert len(town.devices_of("sg-08")) == 2
    assert "weiteres Konto" not in await second.sees("Willkommen")


async def test_a_device_that_is_not_used_for_90_days_needs_a_new_link(town: Town) -> None:
    device = town.device()
    await device.enter(town.code())
    await device.sees("Willkommen")
    town.now += timedelta(days=89)
    assert (await device.get("/chat"))[0] == 200
    town.now += timedelta(days=89)
    assert (await device.get("/chat"))[0] == 200
    town.now += timedelta(days=90)
    assert (await device.get("/chat"))[0] == 403
    with town.db.begin() as tx:
        housekeeping.tidy(tx, town.now)
    assert town.all(WebSession) == []
    renewed = town.device()
    await renewed.enter(town.code())
    # The conversation is there again: it is the same account.
    await renewed.sees("Willkommen")
    assert len(town.devices_of("sg-08")) == 1


async def test_another_person_of_the_town_is_not_mixed_in(town: Town) -> None:
    device = town.device()
    await device.enter(town.code("sg-08"))
    code = town.code("sg-09")
    status, page = await device.get(f"/zugang/{code}")
    assert status == 409 and "anderen Person" in page and "/abmelden" in page
    assert (await device.post("/abmelden"))[0] == 200
    assert (await device.get("/chat"))[0] == 403
    assert (await device.enter(code))[0] == 303
    assert (await device.asks("places"))["name"] == "Vertretung Stadtratsfraktion B"


async def test_logging_out_asks_first(town: Town) -> None:
    device = town.device()
    await device.enter(town.code())
    status, page = await device.get("/abmelden")
    assert status == 200 and "Dieses Gerät abmelden?" in page
    assert (await device.get("/chat"))[0] == 200
    async with device.http.post("/abmelden", headers={"Origin": "https://evil.example"}) as refused:
        assert refused.status == 403
    async with device.http.get("/api/chat/me/events") as stream:
        status, page = await device.post("/abmelden")
        assert status == 200 and "Abgemeldet" in page
        async with asyncio.timeout(WITHIN):
            await stream.read()
    assert town.all(WebSession) == []


async def test_unlinking_ends_a_device_at_once(town: Town) -> None:
    device = town.device()
    await device.enter(town.code())
    await device.sees("Willkommen")
    with town.db.begin() as tx:
        [account] = town.devices_of("sg-08")
        unlinking.unlink(tx, tx.get_one(Account, account.id))
    assert (await device.get("/chat"))[0] == 403
    assert await device.says("/offen") == 403


async def test_one_device_in_two_towns_is_renewed_by_neither_for_the_other(town: Town) -> None:
    device = town.device()
    await device.enter(town.code("sg-08"))
    await device.enter(town.code("tw-02"))
    [here], [there] = town.devices_of("sg-08"), town.devices_of("tw-02")
    assert here.external_id == there.external_id
    await device.sees("Tannwiesen")
    town.now += timedelta(days=91)
    # Tannwiesen renews its own invitation: whoever has it must not come into Ilmbrück by it.
    other = town.device()
    await other.enter(town.code("tw-02"))
    both = town.devices_of("tw-02")
    assert len(both) == 2 and len(town.devices_of("sg-08")) == 1
    new = max(both, key=lambda account: account.id)
    assert new.external_id != here.external_id


async def test_what_one_town_unlinks_stays_with_the_other(town: Town) -> None:
    device = town.device()
    await device.enter(town.code("sg-08"))
    await device.enter(town.code("tw-02"))
    with town.db.begin() as tx:
        [account] = town.devices_of("tw-02")
        unlinking.unlink(tx, tx.get_one(Account, account.id))
    assert (await device.get("/chat"))[0] == 200
    assert (await device.asks("places"))["name"] == "Vertretung Stadtratsfraktion A"


# --- settings ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("http://bot.example.org", "https://"),
        ("https://example.org/bot", "nur der Rechnername"),
        ("bot.example.org", "eine Adresse"),
    ],
)
def test_a_public_address_that_would_not_do_is_refused(
    tmp_path: Path, address: str, complaint: str
) -> None:
    with pytest.raises(configuration.Unusable) as refused:
        configuration.check({"web": {"address": address}}, tmp_path / "gnk-bot.toml")
    assert complaint in str(refused.value)


def test_the_public_address_is_a_name_by_which_it_may_be_asked(tmp_path: Path) -> None:
    given = {"web": {"address": "https://bot.example.org", "names": ["intern.example.org"]}}
    settings = configuration.check(given, tmp_path / "gnk-bot.toml")
    assert settings.web is not None
    assert settings.web.hosts == ("intern.example.org", "bot.example.org")
