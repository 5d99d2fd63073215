"""The addresses of the web chat: pages, questions, what people do, and the stream of events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Protocol

from aiohttp import web

from bot.platforms.web import checks
from bot.platforms.web.checks import LANGUAGE, Pressed, Refused, Spoken, Uploaded, number
from bot.platforms.web.looking import Around, Looking, News
from bot.platforms.web.messages import attachment
from bot.platforms.web.streams import Stream, Streams, event
from bot.text import plain
from handlers.chat import Text
from storage.db import Database
from storage.webchat import CHANNEL_ID

STATIC = Path(__file__).resolve().parent / "static"
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}

PING = 20.0
"""Seconds of silence after which a page is told that its connection stands."""

SLOWEST = 10.0
"""Seconds that a page may take to accept an event before it is let go; it comes back itself."""


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody whom a visitor of the demo may be. ``group`` as in ``GET /api/demo``."""

    who: str
    name: str
    institution: str
    group: str
    language: str = "de"


@dataclass(frozen=True, slots=True)
class DemoInfo:
    """The demo town. ``hint_html`` tells what to try first; it is shown as it is."""

    title: str
    people: tuple[DemoPerson, ...]
    hint_html: str


People = Callable[[], Awaitable[DemoInfo]]
Identify = Callable[[web.Request], Awaitable[str | None]]
"""The account of the session that a request belongs to, if it belongs to one."""


async def nobody(_: web.Request) -> str | None:
    """No session is known."""
    return None


class Writing(Protocol):
    """What a person does; each returns once it is stored."""

    async def said(self, who: str, spoken: Spoken) -> None:
        """Words."""

    async def pressed(self, who: str, pressed: Pressed) -> None:
        """A press."""

    async def uploaded(self, who: str, uploaded: Uploaded) -> None:
        """A file."""


class Api:
    """Answers the requests of the chat pages."""

    def __init__(
        self,
        db: Database,
        looking: Looking,
        writing: Writing,
        streams: Streams,
        people: People | None,
        identify: Identify,
    ) -> None:
        self.db, self.looking, self.writing, self.streams = db, looking, writing, streams
        self.people, self.identify = people, identify
        self._town: dict[str, DemoPerson] = {}

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Its addresses (the protocol: ``docs/web-chat.md``)."""
        chat = "/api/chat/{who}"
        return [
            web.get("/", self.front),
            web.get("/chat", self.chat),
            web.get("/static/{name}", self.static),
            web.get("/api/demo", self.demo),
            web.get(f"{chat}/places", self.places),
            web.get(f"{chat}/messages", self.messages),
            web.get(f"{chat}/events", self.events, allow_head=False),
            web.get(f"{chat}/files/{{id}}", self.file),
            web.post(f"{chat}/say", self.say),
            web.post(f"{chat}/press", self.press),
            web.post(f"{chat}/file", self.upload),
        ]

    # --- pages ------------------------------------------------------------------------------

    async def front(self, request: web.Request) -> web.StreamResponse:
        """The demo's two chats; elsewhere the chat itself."""
        return _static("index.html") if self.people is not None else await self.chat(request)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """The chat of one person; without a session, a page that says how to get one."""
        if self.people is not None:
            raise web.HTTPFound("/")
        if await self.identify(request) is None:
            return web.Response(status=403, text=_closed_page(), content_type="text/html")
        return _static("chat.html")

    async def static(self, request: web.Request) -> web.StreamResponse:
        """A file of the pages."""
        return _static(request.match_info["name"])

    async def demo(self, request: web.Request) -> web.Response:
        """The people of the demo town."""
        if self.people is None:
            raise Refused(404, Text("web.not_found"))
        info = await self._demo(self.people)
        return web.json_response(
            {
                "title": info.title,
                "people": [
                    {
                        "who": p.who,
                        "name": p.name,
                        "institution": p.institution,
                        "group": p.group,
                        "language": p.language,
                    }
                    for p in info.people
                ],
                "hint_html": info.hint_html,
            }
        )

    async def _demo(self, people: People) -> DemoInfo:
        info = await people()
        self._town = {p.who: p for p in info.people if not CHANNEL_ID.fullmatch(p.who)}
        return info

    # --- who asks ---------------------------------------------------------------------------

    async def _who(self, request: web.Request) -> str:
        asked = request.match_info["who"]
        if self.people is not None:
            if asked not in self._town:
                await self._demo(self.people)
            if asked not in self._town:
                raise Refused(403, Text("web.not_yours"))
            request[LANGUAGE] = self._town[asked].language
            return asked
        who = await self.identify(request) if asked == "me" else None
        if who is None or CHANNEL_ID.fullmatch(who):
            raise Refused(403, Text("web.no_session"))
        return who

    # --- questions --------------------------------------------------------------------------

    async def places(self, request: web.Request) -> web.Response:
        """Where the person may read and write, and the commands they may use."""
        who = await self._who(request)
        answer = await self.db.look(lambda tx: self.looking.places(tx, who))
        if not answer["name"] and who in self._town:
            answer["name"] = self._town[who].name
            answer["language"] = self._town[who].language
        return web.json_response(answer)

    async def messages(self, request: web.Request) -> web.Response:
        """A page of a place's messages."""
        who = await self._who(request)
        before, place = number(request.query.get("before")), request.query.get("place", "")
        address = _address(request)
        return web.json_response(
            await self.db.look(lambda tx: self.looking.page(tx, who, address, place, before))
        )

    async def file(self, request: web.Request) -> web.Response:
        """A message's picture, or its file to be saved."""
        who = await self._who(request)
        id = number(request.match_info["id"]) or 0
        file, data = await self.db.look(lambda tx: self.looking.file(tx, who, id))
        headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
        if file is None:
            headers["Content-Disposition"] = "inline"
            return web.Response(body=data, content_type="image/png", headers=headers)
        headers["Content-Disposition"] = attachment(file["name"])
        return web.Response(body=data, content_type=file["mime"], headers=headers)

    # --- what people do ---------------------------------------------------------------------

    async def say(self, request: web.Request) -> web.Response:
        """Words; 202 once they are stored."""
        who = await self._who(request)
        await self.writing.said(who, await checks.spoken(request))
        return web.json_response({}, status=202)

    async def press(self, request: web.Request) -> web.Response:
        """A press; 202 once it is stored."""
        who = await self._who(request)
        await self.writing.pressed(who, await checks.pressed(request))
        return web.json_response({}, status=202)

    async def upload(self, request: web.Request) -> web.Response:
        """A file; 202 once it is stored."""
        who = await self._who(request)
        await self.writing.uploaded(who, await checks.uploaded(request))
        return web.json_response({}, status=202)

    # --- the stream -------------------------------------------------------------------------

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Changes and toasts as they happen, from the number on that the page saw last."""
        who = await self._who(request)
        since = number(request.headers.get("Last-Event-ID") or request.query.get("last"))
        address = _address(request)

        async def news(since: int | None) -> News:
            return await self.db.look(lambda tx: self.looking.news(tx, who, address, since))

        with self.streams.open(who) as stream:
            first = await news(since)
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            with suppress(ConnectionError, TimeoutError):
                await _stream(response, stream, first, news)
        return response


async def _stream(
    response: web.StreamResponse,
    stream: Stream,
    news: News,
    ask: Callable[[int | None], Awaitable[News]],
) -> None:
    async def write(*events: bytes) -> None:
        async with asyncio.timeout(SLOWEST):
            await response.write(b"".join(events))

    around: Around = news.around
    # The number to come back with is told at once: nothing is missed even before the first event.
    await write(b"retry: 2000\n\n", event("ping", {}, news.last))
    while not stream.closed:
        events = [event("message", made, change) for change, made in news.messages]
        if news.around != around:
            around = news.around
            events.append(event("places", {}))
        while stream.toasts:
            events.append(event("toast", {"text": stream.toasts.popleft()}))
        if events:
            await write(*events)
        if not news.messages and not await _woken(stream):
            await write(event("ping", {}))
        # Before asking: what changes while the question runs wakes us again.
        stream.woken.clear()
        if not stream.closed:
            news = await ask(news.last)


async def _woken(stream: Stream) -> bool:
    try:
        async with asyncio.timeout(PING):
            await stream.woken.wait()
    except TimeoutError:
        return False
    return True


def _address(request: web.Request) -> str:
    return request.rel_url.raw_path.rpartition("/")[0].removesuffix("/files")


def _static(name: str) -> web.FileResponse:
    path = STATIC / name
    mime = _TYPES.get(path.suffix)
    if mime is None or path.parent != STATIC or not path.is_file():
        raise Refused(404, Text("web.not_found"))
    headers = {"Content-Type": f"{mime}; charset=utf-8", "Cache-Control": "no-cache"}
    return web.FileResponse(path, headers=headers)


def _closed_page() -> str:
    reader = checks.reader_for("de")
    title = escape(plain(Text("web.closed_title"), reader))
    text = escape(plain(Text("web.no_session"), reader))
    return (
        '<!doctype html><html lang="de"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title} · GNK-Bot</title>"
        '<link rel="stylesheet" href="/static/base.css"></head>'
        f'<body class="single"><main><h1>{title}</h1><p>{text}</p></main></body></html>'
    )
