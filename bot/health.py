"""``GET /health``: for whatever watches over the process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiohttp import web
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storage.db import Database

WITHIN = 5.0
"""Seconds in which the database has to answer."""


class Health:
    """Answers 200 while the database answers, else 503; tells nothing about anybody."""

    loopback_only = False

    def __init__(self, db: Database) -> None:
        self.db = db

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Its address."""
        return [web.get("/health", self.health)]

    async def health(self, _: web.Request) -> web.Response:
        """Ask the database something."""
        try:
            async with asyncio.timeout(WITHIN):
                await self.db.look(lambda tx: tx.execute(text("SELECT 1")).scalar_one())
        except (DBAPIError, TimeoutError):
            return web.json_response({"status": "database"}, status=503)
        return web.json_response({"status": "ok"})

    async def close(self) -> None:
        """Nothing hangs on it."""
