"""A Bot API server on 127.0.0.1 that behaves as published, and can be told to misbehave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.platforms.botapi import parameters, people
from tests.platforms.botapi.faults import BEFORE, Fault, Faults, Kind
from tests.platforms.botapi.flood import Flood, Limits
from tests.platforms.botapi.methods import Methods
from tests.platforms.botapi.parameters import METHODS, Upload
from tests.platforms.botapi.people import Group, Person
from tests.platforms.botapi.polling import Updates
from tests.platforms.botapi.refusal import Refusal, bad
from tests.platforms.botapi.world import BOT_NAME, TOKEN, User, World

_LARGEST = 60 * 1024 * 1024
_GATEWAY = "<html><head><title>502 Bad Gateway</title></head></html>"


class Server:
    """The server and everybody who uses it. ``calls`` in ``world`` lists what the bot asked."""

    token = TOKEN
    username = BOT_NAME

    def __init__(self, clock: Callable[[], datetime], limits: Limits | None = None) -> None:
        """``limits=None``: no 429."""
        self.world = World(clock)
        self.flood = Flood(limits)
        self.faults = Faults()
        self.updates = Updates(self.world)
        self.methods = Methods(self.world)
        self.accepts_token = True
        """False: the token was revoked."""
        self.port = 0
        self._groups = 0
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    @property
    def url(self) -> str:
        """Its address, as ``base_url``."""
        return f"http://127.0.0.1:{self.port}"

    # --- people and faults ----------------------------------------------------------------------

    def user(self, id: int, name: str = "", language: str | None = "de") -> Person:
        """Somebody, new or known."""
        user = self.world.users.setdefault(id, User(id, name or f"Person {id}", language))
        return Person(self.world, user)

    def group(
        self, title: str, members: Iterable[Person] = (), *, supergroup: bool = False
    ) -> Group:
        """A new group without the bot."""
        self._groups += 1
        number = -1002100000000 - self._groups if supergroup else -410000000 - self._groups
        kind = "supergroup" if supergroup else "group"
        return people.group(self.world, number, title, kind, members)

    def fault(self, kind: Kind, method: str = "", times: int = 1) -> Fault:
        """Plan a fault (see ``faults``)."""
        return self.faults.plan(kind, method, times)

    def called(self, *methods: str) -> list[dict[str, Any]]:
        """The parameters of every call of these methods."""
        return [given for name, given in self.world.calls if name in methods]

    # --- serving --------------------------------------------------------------------------------

    async def start(self, port: int = 0, more: Iterable[web.AbstractRouteDef] = ()) -> None:
        """Serve; ``more`` are further addresses."""
        app = web.Application(client_max_size=_LARGEST)
        app.add_routes(
            [
                web.route("*", "/bot{token}/{method}", self._method),
                web.get("/file/bot{token}/{path:.*}", self._download),
                *more,
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        self.port = port
        await self.accept()

    async def accept(self) -> None:
        """Accept connections (again)."""
        if self._runner is None:
            raise RuntimeError("not started")
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await self._site.start()
        if self.port == 0:
            self.port = self._runner.addresses[0][1]

    async def refuse(self) -> None:
        """Refuse connections, and end those that stand."""
        if self._site is not None and self._runner is not None:
            await self._site.stop()
            server = self._runner.server
            if server is not None:
                for connection in list(server.connections):
                    connection.force_close()
                    if connection.transport is not None:
                        connection.transport.abort()

    async def stop(self) -> None:
        """End it."""
        self.faults.release()
        await self.updates.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _method(self, request: web.Request) -> web.StreamResponse:
        name = METHODS.get(request.match_info["method"].lower())
        try:
            self._check_token(request)
            if name is None:
                raise Refusal(404, "Not Found")
            return await self._answer(request, name)
        except Refusal as refusal:
            return web.json_response(refusal.json(), status=refusal.code)

    def _check_token(self, request: web.Request) -> None:
        if request.match_info["token"] != self.token or not self.accepts_token:
            raise Refusal(401, "Unauthorized")

    async def _answer(self, request: web.Request, name: str) -> web.StreamResponse:
        given = await _given(request)
        fault = self.faults.next(name)
        if fault is not None and fault.kind in BEFORE:
            stopped = await self._meet(request, fault)
            if stopped is not None:
                return stopped
        answer, status = await self._carry_out(name, given)
        if fault is not None and fault.kind not in BEFORE:
            stopped = await self._meet(request, fault)
            if stopped is not None:
                return stopped
        return web.json_response(answer, status=status)

    async def _meet(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        fault.reached.set()
        self.world.changed()
        match fault.kind:
            case "drop" | "drop_before":
                if request.transport is not None:
                    request.transport.abort()
                return web.Response()
            case "error" | "error_after":
                return web.Response(status=502, text=_GATEWAY, content_type="text/html")
            case "garbage":
                return web.Response(text="<html>maintenance</html>", content_type="text/html")
        await fault.released.wait()
        # Whoever asked may be gone (killed): then it was never asked.
        gone = request.transport is None or request.transport.is_closing()
        return web.Response() if gone else None

    async def _carry_out(self, name: str, given: dict[str, Any]) -> tuple[dict[str, Any], int]:
        self.world.counts[name] += 1
        try:
            checked = parameters.read(name, given)
            if name != "getUpdates":
                kept = {k: v for k, v in checked.items() if not isinstance(v, Upload)}
                self.world.calls.append((name, kept))
            if isinstance(checked.get("chat_id"), int):
                self.flood.check(name, checked["chat_id"])
            result = await self._result(name, checked)
        except Refusal as refusal:
            self.world.changed()
            return refusal.json(), refusal.code
        return {"ok": True, "result": result}, 200

    async def _result(self, name: str, given: dict[str, Any]) -> Any:
        match name:
            case "getUpdates":
                return await self.updates.get(given)
            case "setWebhook":
                return self.updates.set(given)
            case "deleteWebhook":
                return self.updates.delete(given)
            case "getWebhookInfo":
                return self.updates.info(given)
        return self.methods.of(name)(given)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        file = self.world.files.get(request.match_info["path"].removeprefix("documents/"))
        try:
            self._check_token(request)
            if file is None:
                raise Refusal(404, "Not Found")
        except Refusal as refusal:
            return web.json_response(refusal.json(), status=refusal.code)
        return web.Response(body=file.data)


async def _given(request: web.Request) -> dict[str, Any]:
    """The parameters by address, form, multipart or JSON (Bot API, Making requests)."""
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            given |= json.loads(await request.read())
        except (ValueError, TypeError):
            raise bad("can't parse request: JSON expected") from None
        return given
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            data = await asyncio.to_thread(value.file.read)
            given[name] = Upload(value.filename, value.content_type, data)
        else:
            given[name] = value
    return given
