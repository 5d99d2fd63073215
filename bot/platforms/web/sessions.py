"""The pages by which members come into the web chat: the link, its notice, logging out.

A link is an invitation's code. Looking at it changes nothing; only the button redeems it, so that
a messenger's preview of the link uses nothing up. A device is known again by a cookie, of which
the database has the hash. The pages leave no trace of the code: no referrer, no log line.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Callable, Iterable
from hashlib import sha256
from html import escape

from aiohttp import web

from bot.entrance import Closed, Entered, Entrance, Known, Open, Paused, Taken
from bot.platforms.web.checks import Refused, reader_for
from bot.text import Reader, plain, web_html
from handlers.chat import Text
from storage.db import Database

DOOR = "/zugang/{code}"
"""Where links lead; the public address stands before it."""

_YEAR = 365 * 24 * 3600
_FORM_LASTS = 3600

# With ``no-referrer`` browsers hide from us, too, which site a form came from (Fetch, 3.2.5).
_HEADERS = {"Referrer-Policy": "strict-origin", "X-Robots-Tag": "noindex"}


class Sessions:
    """Who asks, and how devices come and go."""

    def __init__(
        self, db: Database, entrance: Entrance, *, secure: bool = False, proxy: bool = False
    ) -> None:
        """``secure``: the public address is https. ``proxy``: requests come through a reverse
        proxy, whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are to be believed."""
        self.db, self.entrance = db, entrance
        self.secure, self.proxy = secure, proxy
        self.arrived: Callable[[], None] = lambda: None
        """Called after something reached the inbox."""
        self.left: Callable[[str], None] = lambda account: None
        """Called after a device of an account was logged out."""
        # Whoever guesses is told apart without keeping addresses; a new process forgets them.
        self._key = secrets.token_bytes(32)

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Its addresses."""
        return [
            web.get(DOOR, self.door, allow_head=False),
            web.post(DOOR, self.enter),
            web.get("/abmelden", self.ask_to_leave),
            web.post("/abmelden", self.leave),
        ]

    async def identify(self, request: web.Request) -> str | None:
        """The account of the device that asks (``Identify``)."""
        cookie = self._cookie(request)
        if not cookie:
            return None
        found = await self.db.look(lambda tx: self.entrance.account(tx, cookie))
        if found is None:
            return None
        account, write_down = found
        if write_down:
            await self.db.write(lambda tx: self.entrance.used(tx, cookie))
        return account

    # --- the link ---------------------------------------------------------------------------

    async def door(self, request: web.Request) -> web.Response:
        """Show the notice with the button that redeems the link."""
        code, cookie, visitor = self._asked(request)
        if paused := await self._paused(visitor):
            return _pause(request, paused)
        found = await self.db.look(lambda tx: self.entrance.look(tx, code, cookie))
        if isinstance(found, Open):
            return self._notice(request, found)
        return await self._answer(request, found, visitor)

    async def enter(self, request: web.Request) -> web.Response:
        """The button was pressed."""
        code, cookie, visitor = self._asked(request)
        if paused := await self._paused(visitor):
            return _pause(request, paused)
        await self._check_form(request)
        hint = _hint(request)
        found = await self.db.write(lambda tx: self.entrance.enter(tx, code, cookie, visitor, hint))
        if not isinstance(found, Entered):
            return await self._answer(request, found, visitor)
        self.arrived()
        response = _to_chat()
        self._set(request, response, "session", found.cookie, _YEAR, "Lax")
        return response

    def _asked(self, request: web.Request) -> tuple[str, str, str]:
        return request.match_info["code"], self._cookie(request), self._visitor(request)

    async def _paused(self, visitor: str) -> Paused | None:
        return await self.db.look(lambda tx: self.entrance.paused(tx, visitor))

    async def _answer(
        self, request: web.Request, found: Closed | Taken | Known, visitor: str
    ) -> web.Response:
        match found:
            case Known():
                return _to_chat()
            case Taken(town, reader):
                words = Text("web.door_taken", town=town)
                leave = _link("/abmelden", Text("web.leave_button"), reader)
                body = f"<p>{web_html(words, reader)}</p>{leave}"
                return _page(Text("web.door_taken_title"), body, reader, 409)
            case Closed(guessed):
                if guessed:
                    await self.db.write(lambda tx: self.entrance.wrong(tx, visitor))
        reader = _reader_of(request)
        body = f"<p>{web_html(Text('web.door_closed'), reader)}</p>"
        return _page(Text("web.door_closed_title"), body, reader, 404)

    def _notice(self, request: web.Request, found: Open) -> web.Response:
        reader = found.reader
        word = secrets.token_urlsafe(16)
        paragraphs = (*found.notice.body, Text("web.door_device"))
        button = plain(Text("web.door_button"), reader)
        body = (
            "".join(f"<p>{part}</p>" for text in paragraphs for part in _parts(text, reader))
            + f'<form method="post"><input type="hidden" name="word" value="{word}">'
            + f'<button class="go">{escape(button)}</button></form>'
        )
        response = _page(Text("web.door_title"), body, reader)
        self._set(request, response, "form", word, _FORM_LASTS, "Strict")
        return response

    async def _check_form(self, request: web.Request) -> None:
        """The button was on our page, in this browser: nobody else's page logs somebody in."""
        given = (await request.post()).get("word")
        word = request.cookies.get(self._name(request, "form"), "")
        if not word or not isinstance(given, str) or not hmac.compare_digest(given, word):
            raise Refused(403, Text("web.bad_request"))

    # --- logging out ------------------------------------------------------------------------

    async def ask_to_leave(self, request: web.Request) -> web.Response:
        """Ask before a device is forgotten."""
        reader = await self._reader(request)
        button = plain(Text("web.leave_button"), reader)
        body = (
            f"<p>{web_html(Text('web.leave_ask'), reader)}</p>"
            f'<form method="post"><button class="go">{escape(button)}</button></form>'
            + _link("/chat", Text("web.leave_back"), reader)
        )
        return _page(Text("web.leave_title"), body, reader)

    async def leave(self, request: web.Request) -> web.Response:
        """Forget the device."""
        reader, cookie = await self._reader(request), self._cookie(request)
        if cookie and (left := await self.db.write(lambda tx: self.entrance.leave(tx, cookie))):
            self.left(left)
        body = f"<p>{web_html(Text('web.left'), reader)}</p>"
        response = _page(Text("web.left_title"), body, reader)
        self._set(request, response, "session", "", 0, "Lax")
        return response

    async def _reader(self, request: web.Request) -> Reader:
        cookie = self._cookie(request)
        known = await self.db.look(lambda tx: self.entrance.reader(tx, cookie)) if cookie else None
        return known or _reader_of(request)

    # --- cookies and addresses --------------------------------------------------------------

    def _cookie(self, request: web.Request) -> str:
        return request.cookies.get(self._name(request, "session"), "")[:100]

    def _name(self, request: web.Request, what: str) -> str:
        # The prefix keeps other servers below the same domain from setting it (RFC 6265bis).
        return f"__Host-gnk-{what}" if self._is_secure(request) else f"gnk-{what}"

    def _is_secure(self, request: web.Request) -> bool:
        return self.secure or (
            self.proxy and request.headers.get("X-Forwarded-Proto", "").strip() == "https"
        )

    def _set(
        self,
        request: web.Request,
        response: web.Response,
        what: str,
        value: str,
        lasts: int,
        same_site: str,
    ) -> None:
        response.set_cookie(
            self._name(request, what),
            value,
            max_age=lasts,
            path="/",
            httponly=True,
            secure=self._is_secure(request),
            samesite=same_site,
        )

    def _visitor(self, request: web.Request) -> str:
        """Who asks, as a pseudonym that means nothing to another process."""
        address = request.remote or ""
        if self.proxy and (forwarded := request.headers.get("X-Forwarded-For")):
            # The last one is what our own proxy saw; whatever stands before it anybody may write.
            address = forwarded.rpartition(",")[2].strip()
        return "visitor:" + hmac.new(self._key, _net(address).encode(), sha256).hexdigest()[:24]


def _pause(request: web.Request, paused: Paused) -> web.Response:
    reader = _reader_of(request)
    body = f"<p>{web_html(Text('web.door_pause', n=paused.minutes), reader)}</p>"
    return _page(Text("web.door_pause_title"), body, reader, 429)


def _net(address: str) -> str:
    """One household: an IPv4 address, or the 64 bits that an IPv6 connection is given."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if ip.version == 4:
        return str(ip)
    return str(ipaddress.ip_network((ip, 64), strict=False))


def _to_chat() -> web.Response:
    return web.Response(status=303, headers={**_HEADERS, "Location": "/chat"})


def _hint(request: web.Request) -> str | None:
    """The language that the browser names first."""
    return request.headers.get("Accept-Language", "").split(",")[0].split(";")[0].strip() or None


def _reader_of(request: web.Request) -> Reader:
    return reader_for("en" if (_hint(request) or "").lower().startswith("en") else "de")


def _parts(text: Text, reader: Reader) -> list[str]:
    return web_html(text, reader).split("<br><br>")


def _link(address: str, label: Text, reader: Reader) -> str:
    return f'<p><a href="{address}">{escape(plain(label, reader))}</a></p>'


def _page(title: Text, body: str, reader: Reader, status: int = 200) -> web.Response:
    words = escape(plain(title, reader))
    language = "en" if reader.language == "en" else "de"
    text = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{words} · GNK-Bot</title>"
        '<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">'
        '<link rel="stylesheet" href="/static/base.css">'
        '<link rel="stylesheet" href="/static/door.css"></head>'
        f'<body class="door"><main><h1>{words}</h1>{body}</main></body></html>'
    )
    return web.Response(status=status, text=text, content_type="text/html", headers=_HEADERS)
