"""Steering the server over HTTP, for tests that run the bot and it as processes of their own."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tests.platforms.botapi.people import Group
from tests.platforms.botapi.server import Server


class Control:
    """``POST /control/<what>`` with JSON; the answer is JSON."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.groups: dict[int, Group] = {}

    def routes(self) -> list[web.AbstractRouteDef]:
        """Its one address."""
        return [web.post("/control/{what}", self.do)]

    async def do(self, request: web.Request) -> web.Response:
        """Do what is asked; 404 for what there is not."""
        function = getattr(self, f"_{request.match_info['what']}", None)
        if function is None:
            return web.json_response({"error": "unknown"}, status=404)
        try:
            return web.json_response(await function(**await request.json()))
        except (AssertionError, TimeoutError, KeyError, TypeError) as error:
            return web.json_response({"error": repr(error)}, status=409)

    async def _says(self, user: int, text: str, group: int | None = None) -> Any:
        return self.server.user(user).says(text, self.groups[group] if group else None)

    async def _presses(
        self, user: int, label: str, group: int | None = None, message: int | None = None
    ) -> Any:
        """``label``: its beginning, or the data; ``message``: which one, else the newest."""
        where = self.groups[group] if group else None
        person = self.server.user(user)
        chosen = [m for m in person.sees(where) if m["message_id"] == message]
        return person.presses(label, chosen[0] if chosen else None, where)

    async def _flood(self, presses: list[dict[str, Any]]) -> Any:
        """Many presses with data of one's own on messages that need not exist."""
        for press in presses:
            person = self.server.user(press["user"])
            person.user.started = True
            chat = self.server.world.private(person.user)
            message = {
                "message_id": press.get("message", 1),
                "from": self.server.world.bot(),
                "chat": chat.json(person.user),
                "date": int(self.server.world.clock().timestamp()),
                "text": "…",
            }
            self.server.world.press(person.user, message, press["data"])
        return len(presses)

    async def _sees(self, user: int, group: int | None = None) -> Any:
        return self.server.user(user).sees(self.groups[group] if group else None)

    async def _toasts(self, user: int) -> Any:
        return self.server.user(user).user.toasts

    async def _group(self, title: str, members: list[int], bot: str | None = None) -> Any:
        people = [self.server.user(id) for id in members]
        group = self.server.group(title, people)
        self.groups[group.id] = group
        if bot is not None:
            group.bot_becomes(bot, people[0])  # type: ignore[arg-type]
        return group.id

    async def _fault(self, kind: str, method: str = "", times: int = 1) -> Any:
        """Returns the number of the fault, for ``reached``."""
        self.server.fault(kind, method, times)  # type: ignore[arg-type]
        return len(self.server.faults.planned) - 1

    async def _reached(self, fault: int, within: float = 10.0) -> Any:
        """Wait until a call has come to a fault."""
        planned = self.server.faults.planned[fault]
        await self.server.world.until(planned.reached.is_set, within)
        return True

    async def _release(self) -> Any:
        self.server.faults.release()
        return True

    async def _revoke(self, revoked: bool = True) -> Any:
        """The token is no longer accepted, or accepted again."""
        self.server.accepts_token = not revoked
        return True

    async def _counts(self) -> Any:
        """How often each method was called, and how many updates wait."""
        waiting = len(self.server.world.waiting())
        toasts = sum(len(u.toasts) for u in self.server.world.users.values())
        return {**self.server.world.counts, "waiting": waiting, "toasts": toasts}
