"""People at the web chat: pages that repeat what was not accepted, and come back when they can."""

from __future__ import annotations

import asyncio
import io
import json
import re
import uuid
from collections import Counter
from contextlib import suppress
from typing import Any

import aiohttp
from sqlalchemy import select

from storage import webchat
from storage.db import Database
from storage.models import WebMessage
from tests.kill.lives import Life
from tests.kill.on_telegram import POINTS
from tests.kill.vote import COORDINATION, DOTS, START, VOTERS, Press

CHANNEL = "c1"
_WITHIN = 20.0


class OnWeb:
    """Each person has a page with an event stream, on which an old message stands."""

    platform = "web"
    has_buttons = True
    repeats = True
    points = POINTS

    def __init__(self, db: Database) -> None:
        self.db = db
        self.http = aiohttp.ClientSession()
        self.life: Life | None = None
        self.waiting: list[tuple[str, dict[str, Any], Press | None]] = []
        """Requests not accepted yet, in their order, with who makes them."""
        self.presses: dict[str, list[Press]] = {who: [] for who in VOTERS}
        self.told: list[tuple[str, str]] = []
        """Toasts: who was told what."""
        self._streams: list[asyncio.Task[None]] = []
        self._sending = asyncio.Lock()
        self.old: dict[str, int] = {}
        with db.begin() as tx:
            content = {"html": "Willkommen", "buttons": []}
            for who in (COORDINATION, *VOTERS):
                self.old[who] = webchat.say(tx, webchat.Draft(who, content, "de"), START)

    @property
    def accounts(self) -> dict[str, list[tuple[str, str]]]:
        """Everybody's accounts and direct chats."""
        return {who: [(who, who)] for who in (COORDINATION, *VOTERS)}

    def about(self) -> dict[str, str]:
        """Nothing."""
        return {}

    async def asks(self, action: str) -> None:
        """Nobody misses a ballot: deliveries are repeated."""

    async def casts(self, press: Press) -> None:
        """A click; the page keeps it until it is accepted."""
        self.presses[press.who].append(press)
        self._request(press.who, press.action, press)
        await self._send()

    async def closes(self, action: str) -> None:
        """Coordination clicks a button."""
        self._request(COORDINATION, action, None)
        await self._send()

    def _request(self, who: str, action: str, press: Press | None) -> None:
        body = {"id": str(uuid.uuid4()), "place": "direct", "message": self.old[who]}
        self.waiting.append((who, {**body, "action": action}, press))

    async def _send(self) -> None:
        """Everything that waits, one after the other, as long as the bot answers."""
        async with self._sending:
            while self.waiting and self.life is not None and not self.life.ended.is_set():
                who, body, press = self.waiting[0]
                if not await self._accepted(f"{self.life.address}/api/chat/{who}/press", body):
                    return
                del self.waiting[0]
                if press is not None:
                    press.accepted = True

    async def _accepted(self, url: str, body: dict[str, Any]) -> bool:
        headers = {"Content-Type": "application/json"}
        data = io.BytesIO(json.dumps(body).encode())
        try:
            async with self.http.post(url, data=data, headers=headers) as response:
                assert response.status == 202, await response.text()
                return True
        except aiohttp.ClientConnectionError:
            return False

    async def lived(self, life: Life) -> None:
        """The pages come back: first their streams, then what waited."""
        await self.close_streams()
        self.life = life
        standing = []
        for who in VOTERS:
            stands = asyncio.Event()
            self._streams.append(asyncio.create_task(self._hear(life, who, stands)))
            standing.append(stands.wait())
        async with asyncio.timeout(_WITHIN):
            await asyncio.gather(*standing)
        await self._send()

    async def _hear(self, life: Life, who: str, stands: asyncio.Event) -> None:
        try:
            with suppress(aiohttp.ClientError):
                async with self.http.get(f"{life.address}/api/chat/{who}/events") as response:
                    kind = ""
                    async for line in response.content:
                        stands.set()
                        name, _, value = line.decode().rstrip("\n").partition(": ")
                        if name == "event":
                            kind = value
                        elif name == "data" and kind == "toast":
                            self.told.append((who, json.loads(value)["text"]))
        finally:
            stands.set()

    async def close_streams(self) -> None:
        """The pages' connections end."""
        for task in self._streams:
            task.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)
        self._streams.clear()

    async def close(self) -> None:
        """Everybody leaves."""
        await self.close_streams()
        await self.http.close()

    def settled(self) -> bool:
        """Whether everything was accepted."""
        return not self.waiting

    def confirmed(self) -> list[Press]:
        """By the toasts: how many dots are left tells which vote was saved."""
        saved = [(who, text) for who, text in self.told if text.startswith("Gespeichert")]
        return [self.presses[who][DOTS - 1 - left_of(text)] for who, text in saved]

    def refused(self) -> list[Press]:
        """A person's toasts do not tell which vote they refuse, but it is the last ones."""
        made: list[Press] = []
        for who, presses in self.presses.items():
            number = sum(w == who and "beendet" in text for w, text in self.told)
            made += presses[len(presses) - number :]
        return made

    async def shown(self) -> Counter[str]:
        """Without the old ones."""
        with self.db.read() as tx:
            rows = tx.execute(select(WebMessage).filter_by(author=None)).scalars()
            return Counter(row.place for row in rows if row.id not in self.old.values())

    async def results(self) -> list[str]:
        """The live cards of results."""
        with self.db.read() as tx:
            rows = tx.execute(select(WebMessage).filter_by(author=None)).scalars()
            boards = [(row.content or {}).get("board") for row in rows]
        return [str(board) for board in boards if board and "result" in str(board)]

    def card(self, place: str, message: str) -> str | None:
        """Live cards are drawn whenever a page asks for them."""
        return None


def left_of(saved: str) -> int:
    """The dots that are left by "Gespeichert. Noch 2 Punkte frei."."""
    found = re.search(r"\d+", saved)
    return int(found[0]) if found else 0
