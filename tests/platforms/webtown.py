"""A town with a tiny feature of its own, served by the real app, deliveries and web server."""

from __future__ import annotations

import asyncio
import io
import json
import struct
import uuid
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from sqlmodel import SQLModel

from bot.app import App
from bot.delivery import Deliveries
from bot.drawing import drawing
from bot.platforms.web import DemoInfo, DemoPerson, Hint, WebChat
from bot.platforms.web.server import WebServer
from bot.text import Reader
from handlers.chat import (
    Action,
    Answers,
    Board,
    Button,
    Card,
    Command,
    InChannel,
    LinkButton,
    Picture,
    Post,
    Redraw,
    Replace,
    Say,
    SendFile,
    Sent,
    Toast,
    plain,
)
from handlers.router import Context, Look, Role, Router, Routes, action
from storage.db import Database, Tx
from storage.models import (
    Account,
    Body,
    Channel,
    Membership,
    Municipality,
    Person,
    PlatformState,
)

WITHIN = 5.0
"""Seconds after which something awaited counts as not happening."""

# --- the feature ----------------------------------------------------------------------------


@action("wt1")
@dataclass(frozen=True, slots=True)
class Count(Action):
    option: int


@action("wt2")
@dataclass(frozen=True, slots=True)
class Next(Action):
    page: int


tally = Router("webtown")


def png(shade: int) -> bytes:
    """A grey picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(bytes([0, shade]))
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", head) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


def counted(tx: Tx) -> int:
    row = tx.get(PlatformState, ("webtown", "count"))
    return int(row.value) if row else 0


@tally.board("wt_tally")
def draw(look: Look, id: int) -> Card | None:
    number = counted(look.tx)
    said = "Votes so far" if look.language == "en" else "Bisher gezählt"
    buttons = tuple(
        (Button(plain(w), Count(i), mark="●" * i),) for i, w in enumerate(("Radweg", "Dach"), 1)
    )
    picture = Picture(png(min(number, 255)), plain(f"Balken mit {number}"))
    return Card((plain(f"{said}: {number}"),), buttons, picture) if id != 404 else None


@tally.command("menue", "hilfe", by=Role.ANYONE)
def menu(ctx: Context, typed: Command) -> Answers:
    return [Say(Card((plain("Schreiben Sie /zaehlen."),)))]


@tally.command("zaehlen", by=Role.ANYONE)
def start(ctx: Context, typed: Command) -> Answers:
    return [Post(Board("wt_tally", int(typed.args or 1)), pin=True)]


@tally.command("aushang", by=Role.MEMBER, where="anywhere")
def announce(ctx: Context, typed: Command) -> Answers:
    return [Post(Board("wt_tally", 1), InChannel(int(typed.args)), pin=True)]


@tally.command("vorbei", by=Role.ANYONE, where="anywhere")
def over(ctx: Context, typed: Command) -> Answers:
    return [Redraw("wt_tally", 1, unpin=True)]


@tally.command("sag", by=Role.ANYONE, where="anywhere")
def echo(ctx: Context, typed: Command) -> Answers:
    return [
        Say(Card((plain(typed.args),), ((LinkButton(plain("Mehr"), "https://example.org/"),),)))
    ]


@tally.command("blatt", by=Role.ANYONE)
def sheet(ctx: Context, typed: Command) -> Answers:
    return [Say(_sheet(1))]


@tally.command("akte", by=Role.ANYONE)
def file(ctx: Context, typed: Command) -> Answers:
    return [SendFile("Übersicht.csv", "text/csv", b"a;b\n1;2\n", plain("Die Übersicht"))]


@tally.press(Count, by=Role.ANYONE, where="anywhere")
def press(ctx: Context, pressed: Count) -> Answers:
    row = tally_row(ctx.tx)
    row.value = str(int(row.value) + 1)
    return [Toast(plain(f"gespeichert: {pressed.option}")), Redraw("wt_tally", 1)]


def tally_row(tx: Tx) -> PlatformState:
    row = tx.get(PlatformState, ("webtown", "count"))
    if row is None:
        row = PlatformState(platform="webtown", name="count", value="0")
        tx.add(row)
    return row


@tally.press(Next, by=Role.ANYONE)
def turn(ctx: Context, pressed: Next) -> Answers:
    return [Replace(_sheet(pressed.page))]


@tally.when(Sent)
def received(ctx: Context, sent: Sent) -> Answers:
    return [Say(Card((plain(f"{sent.name} · {sent.mime} · {sent.size} · {sent.ref}"),)))]


def _sheet(page: int) -> Card:
    picture = Picture(png(page), plain(f"Bild {page}"))
    return Card((plain(f"Blatt {page}"),), ((Button(plain("Weiter"), Next(page + 1)),),), picture)


# --- the town -------------------------------------------------------------------------------

PEOPLE = (
    DemoPerson("sg-01", "Koordination 1", "Stadtverwaltung", "coordination"),
    DemoPerson("sg-08", "Mitglied 8", "Radverein", "steering_group"),
    DemoPerson("sg-09", "Member 9", "Housing association", "steering_group", "en"),
    DemoPerson("nb-01", "Nachbarkommune 1", "Gemeinde", "other_town"),
    DemoPerson("fremd", "Fremde Person", "", "stranger"),
)
HINT = "<p>Schreiben Sie <code>/zaehlen</code>.</p>"


def settle(tx: Tx, now: datetime) -> None:
    """Two towns; sg-01 in both of the first town's bodies, each with a web channel."""
    towns = [Municipality(slug=s, name=s.title()) for s in ("ilmbrueck", "tannwiesen")]
    tx.add_all(towns)
    tx.flush()
    bodies = [
        Body(municipality_id=towns[0].id, kind="steering_group", name={"de": "Steuerungsgruppe"}),
        Body(municipality_id=towns[0].id, kind="coordination", name={"de": "Koordination"}),
        Body(municipality_id=towns[1].id, kind="steering_group", name={"de": "Steuerungsgruppe"}),
    ]
    tx.add_all(bodies)
    tx.flush()
    belongs = {"sg-01": (0, 1), "sg-08": (0,), "sg-09": (0,), "nb-01": (2,)}
    for person in PEOPLE[:4]:
        town = towns[1 if person.who == "nb-01" else 0].id
        known = Person(
            municipality_id=town, key=person.who, name={"de": person.name}, language=person.language
        )
        tx.add(known)
        tx.flush()
        tx.add(
            Account(
                municipality_id=town,
                person_id=known.id,
                platform="web",
                external_id=person.who,
                linked_at=now,
                used_at=now,
            )
        )
        for body in belongs[person.who]:
            tx.add(Membership(municipality_id=town, body_id=bodies[body].id, person_id=known.id))
    for number, bound in enumerate(bodies, 1):
        title = {"de": f"{bound.name['de']} {number}"}
        tx.add(
            Channel(
                municipality_id=bound.municipality_id,
                body_id=bound.id,
                platform="web",
                external_id=f"c{number}",
                title=title,
                bound_at=now,
            )
        )


async def people() -> DemoInfo:
    return DemoInfo("Stadt Ilmbrück", PEOPLE, HINT)


def commands(tx: Tx, who: str, reader: Reader) -> list[Hint]:
    return [Hint("zaehlen", "Zählen beginnen", ("count",))]


BOUNDARY = "----form"


def form(**fields: str | tuple[str, bytes]) -> bytes:
    """A form as a hostile client may write it: file names with any character in them."""
    parts = []
    for name, value in fields.items():
        file, data = value if isinstance(value, tuple) else ("", value.encode())
        named = f"; filename*=UTF-8''{quote(file, safe='')}\r\nContent-Type: text/html"
        head = f'Content-Disposition: form-data; name="{name}"{named if file else ""}'
        parts.append(f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + data + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


class Stream:
    """The events of one open page."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.last = ""

    async def next(self, *kinds: str) -> tuple[str, Any]:
        """The next event of these kinds (any but pings, if none are named)."""
        async with asyncio.timeout(WITHIN):
            while True:
                kind, data = await self._event()
                if kind in kinds or (not kinds and kind not in ("ping", "")):
                    return kind, data

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next message for which ``wanted`` is true."""
        while True:
            _, message = await self.next("message")
            if wanted(message):
                return dict(message)

    async def _event(self) -> tuple[str, Any]:
        fields: dict[str, str] = {}
        while True:
            line = (await self.response.content.readline()).decode()
            if not line:
                raise EOFError("the server ended the stream")
            if line == "\n":
                break
            name, _, value = line.rstrip("\n").partition(": ")
            fields[name] = value
        self.last = fields.get("id", self.last)
        return fields.get("event", ""), json.loads(fields.get("data", "null"))


def says(words: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a message has these words."""
    return lambda message: words in message["html"]


def action_of(message: dict[str, Any], label: str) -> str:
    """What the message's button of this label sends."""
    buttons = [b for row in message["buttons"] for b in row]
    return str(next(b["action"] for b in buttons if b["label"].startswith(label)))


class Town:
    """The running bot and a visitor's ways to it."""

    def __init__(self, db: Database, chat: WebChat, server: WebServer, app: App) -> None:
        self.db, self.chat, self.server, self.app = db, chat, server, app
        self.http = aiohttp.ClientSession(server.address)
        self.later = timedelta()
        self.deliveries: Deliveries
        self.tasks: list[asyncio.Task[None]] = []

    async def stop(self) -> None:
        """End it, as Ctrl-C does; the second time nothing happens."""
        await self.http.close()
        for task in self.tasks:
            task.cancel()
        ended = await asyncio.gather(*self.tasks, return_exceptions=True)
        self.db.close()
        assert all(isinstance(e, asyncio.CancelledError) for e in ended), ended

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on, so that boards may be drawn again."""
        self.later += timedelta(seconds=seconds)
        self.deliveries.wake.set()

    async def get(self, path: str, **kwargs: Any) -> tuple[int, Any]:
        async with self.http.get(path, **kwargs) as response:
            return response.status, await response.json()

    async def post(self, path: str, body: Any, **kwargs: Any) -> tuple[int, Any]:
        typed = {"Content-Type": "application/json", **kwargs.pop("headers", {})}
        data = io.BytesIO(json.dumps(body).encode())
        async with self.http.post(path, data=data, headers=typed, **kwargs) as response:
            return response.status, await response.json()

    async def say(
        self, who: str, text: str, place: str = "direct", id: str | None = None
    ) -> tuple[int, Any]:
        body = {"id": id or str(uuid.uuid4()), "place": place, "text": text}
        return await self.post(f"/api/chat/{who}/say", body)

    async def press(
        self, who: str, message: int, packed: str, place: str = "direct", id: str | None = None
    ) -> tuple[int, Any]:
        body = {"id": id or str(uuid.uuid4()), "place": place, "message": message, "action": packed}
        return await self.post(f"/api/chat/{who}/press", body)

    async def send(
        self, who: str, name: str, data: bytes, place: str = "direct"
    ) -> tuple[int, Any]:
        body = form(id=str(uuid.uuid4()), place=place, file=(name, data))
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        address = f"/api/chat/{who}/file"
        async with self.http.post(address, data=io.BytesIO(body), headers=headers) as response:
            return response.status, await response.json()

    async def messages(self, who: str, place: str = "direct", query: str = "") -> Any:
        status, page = await self.get(f"/api/chat/{who}/messages?place={place}{query}")
        assert status == 200, page
        return page

    @asynccontextmanager
    async def watch(self, who: str, last: str = "", header: bool = True) -> AsyncIterator[Stream]:
        """Open the event stream; it stands when this is entered."""
        headers = {"Last-Event-ID": last} if last and header else {}
        query = f"?last={last}" if last and not header else ""
        async with self.http.get(f"/api/chat/{who}/events{query}", headers=headers) as response:
            assert response.status == 200
            stream = Stream(response)
            await stream.next("ping")
            yield stream


@asynccontextmanager
async def running(path: Path, port: int = 0, **options: Any) -> AsyncIterator[Town]:
    """The bot on a database file; made and settled where it does not exist yet."""
    fresh = not path.exists()  # noqa: ASYNC240 - before anything runs
    db = Database(f"sqlite:///{path}")
    later: list[Town] = []

    def clock() -> datetime:
        return datetime.now(UTC) + (later[0].later if later else timedelta())

    if fresh:
        SQLModel.metadata.create_all(db.engine)
        with db.begin() as tx:
            settle(tx, clock())
    routes = Routes([tally])
    given = {"people": people, "commands": commands, **options}
    chat = WebChat(db, drawing(routes, clock), clock, **given)
    app = App(db, routes, [chat], clock)
    deliveries = Deliveries(db, routes, chat, clock)
    chat.arrived, app.decided = app.arrived.set, deliveries.wake.set
    server = WebServer("127.0.0.1", port, [chat])
    tasks = [
        asyncio.create_task(work)
        for work in (server.run(), chat.run(app.receive), app.run(), deliveries.run())
    ]
    await asyncio.wait_for(server.ready.wait(), WITHIN)
    town = Town(db, chat, server, app)
    town.deliveries = deliveries
    town.tasks = tasks
    later.append(town)
    try:
        yield town
    finally:
        await town.stop()
