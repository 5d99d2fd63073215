"""Stands between the bot and the homeserver and has accidents on request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

Accident = Callable[[str, str], str | None]
"""``accident(method, path)``: ``lose answer``, ``too much``, ``down``, ``unknown`` (no such path),
``password`` (is wanted), ``hold`` and ``hold answer`` (nobody answers), or None for no accident."""


@dataclass
class Between:
    """Passes everything on, unless ``accident`` says otherwise."""

    target: str
    address: str = ""
    accident: Accident = lambda method, path: None
    changed: Callable[[str, bytes], bytes] = lambda path, body: body
    """What an answer is changed into."""
    seen: list[tuple[str, str]] = field(default_factory=list)
    holding: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once something is held."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        method, path = request.method, request.path
        self.seen.append((method, path))
        what = self.accident(method, path)
        if what == "down":
            _hang_up(request)
        if what == "too much":
            return _refusal(429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 60_000})
        if what == "unknown":
            return _refusal(404, {"errcode": "M_UNRECOGNIZED"})
        if what == "password":
            flows = [{"stages": ["m.login.password"]}]
            return _refusal(401, {"flows": flows, "session": "s", "params": {}})
        if what == "hold":
            await self._hold()
        kept = ("Authorization", "Content-Type")
        headers = {name: request.headers[name] for name in kept if name in request.headers}
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                method, self.target + request.raw_path, data=await request.read(), headers=headers
            ) as response,
        ):
            body_bytes = self.changed(path, await response.read())
            if what == "hold answer":
                await self._hold()
            if what == "lose answer":
                _hang_up(request)
            return web.Response(
                status=response.status, body=body_bytes, content_type=response.content_type
            )

    async def _hold(self) -> None:
        self.holding.set()
        await asyncio.Event().wait()

    def count(self, part: str) -> int:
        """How many requests had this in their path."""
        return sum(part in path for _, path in self.seen)


def _refusal(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()
    raise ConnectionResetError


@asynccontextmanager
async def between(target: str) -> AsyncIterator[Between]:
    """Somebody between the bot and the homeserver at ``target``."""
    made = Between(target)
    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()
