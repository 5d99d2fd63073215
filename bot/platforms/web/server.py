"""The one web server: the web chat, and whatever else of this process is asked for by HTTP.

Host names are checked against DNS rebinding, changes against other sites' pages, and every
answer carries the security headers. Stopping takes less than a second however many pages hang on.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy.exc import DBAPIError

from bot.platforms.web.checks import LANGUAGE, Refused, reader_for
from bot.text import plain
from handlers.chat import Text

log = logging.getLogger(__name__)

LONGEST_BODY = 2 * 1024 * 1024
"""Bytes of a request that is read as a whole; files are read piece by piece."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


class Part(Protocol):
    """Something that answers requests: the web chat, a platform's webhook, health and figures."""

    loopback_only: bool
    """Whether it lets in anybody who can reach it, so that nobody else may."""

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """What it answers."""

    async def close(self) -> None:
        """End what hangs on its connections; may be called more than once."""


class WebServer:
    """Serves parts at an address. ``port`` 0 takes a free one; ``address`` says which."""

    def __init__(
        self, host: str, port: int, parts: Sequence[Part], hosts: Collection[str] | None = None
    ) -> None:
        """``hosts``: the names it may be asked by, besides this machine's own for itself.

        Without them it may be bound to the loopback address only.

        Raises ValueError for an address that others can reach where only this machine may.
        """
        guarded = hosts is None or any(part.loopback_only for part in parts)
        if guarded and not _is_loopback(host):
            raise ValueError(f"{host} can be reached from outside; use 127.0.0.1")
        self.host, self.port, self.parts = host, port, parts
        self.hosts = LOOPBACK_NAMES | frozenset(hosts or ())
        self.ready = asyncio.Event()
        """Set once it answers."""

    @property
    def address(self) -> str:
        """Where it is: ``http://127.0.0.1:8080``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def run(self) -> None:
        """Serve until cancelled. Raises OSError at once where the port is taken."""
        app = web.Application(
            middlewares=[self._answer_errors, self._guard], client_max_size=LONGEST_BODY
        )
        app.on_response_prepare.append(_secure)
        for part in self.parts:
            app.add_routes(part.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.3)
        try:
            await runner.setup()
            await web.TCPSite(runner, self.host, self.port).start()
            self.port = runner.addresses[0][1]
            self.ready.set()
            await asyncio.Event().wait()
        finally:
            self.ready.clear()
            for part in self.parts:
                await part.close()
            await runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if _host_name(request.host) not in self.hosts:
            raise Refused(421, Text("web.wrong_host"))
        if _from_other_site(request):
            raise Refused(403, Text("web.other_site"))
        return await handler(request)

    @web.middleware
    async def _answer_errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refused:
            return _error(request, refused.status, refused.text)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return _error(request, error.status, _OF_STATUS.get(error.status, _REFUSED))
        except DBAPIError:
            log.exception("the database refused a request to %s", _kind(request))
            return _error(request, 503, Text("web.try_again"))
        except Exception:
            log.exception("fault in answering %s", _kind(request))
            return _error(request, 500, Text("web.fault"))


_REFUSED = Text("web.bad_request")
_OF_STATUS = {404: Text("web.not_found"), 413: Text("web.too_large_request")}


def _error(request: web.Request, status: int, text: Text) -> web.Response:
    sentence = plain(text, reader_for(request.get(LANGUAGE, "de")))
    return web.json_response({"error": sentence}, status=status)


def _kind(request: web.Request) -> str:
    """The route, not the address: an address can name a person."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "an unknown address"


async def _secure(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")


def _host_name(host: str) -> str:
    return (urlsplit(f"//{host}").hostname or "") if _readable(host) else ""


def _readable(host: str) -> bool:
    try:
        urlsplit(f"//{host}").port  # noqa: B018 - reading it is the check
    except ValueError:
        return False
    return True


def _from_other_site(request: web.Request) -> bool:
    """Whether another site's page asks: for a change, or for what only our pages need."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if request.method in ("GET", "HEAD"):
        # A link from elsewhere may lead to a page, which then asks for the rest by itself.
        return site in ("cross-site", "same-site") and request.path.startswith("/api/")
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return True
    return site not in ("same-origin", "none")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
