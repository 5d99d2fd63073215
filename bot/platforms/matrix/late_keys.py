"""Encrypted messages whose key comes later than they do, or never.

They are put aside in the inbox, where ``doctor`` shows them, and handed in once when the key
arrives. In a direct chat the bot says after a while that it could not read one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.platforms import Receive
from bot.platforms.matrix import reading
from bot.platforms.matrix.devices import Device
from bot.platforms.matrix.keeping import keep
from bot.platforms.matrix.rooms import PLATFORM, Room
from bot.wire import card_to_json
from handlers.chat import Card, Text
from storage import boards, inbox, outbox, people, remembered
from storage.db import Database, Tx
from storage.inbox import Arrival
from storage.outbox import Draft

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=45)
"""Keys travel by another way than messages and may be a little late."""

MOST = 50
"""Messages of one room that wait for their keys, the newest; anybody could leave thousands."""

_TOLD = "cannot_read:"
"""Before the id of a room: until when what could not be read there was spoken about."""


@dataclass(frozen=True, slots=True)
class _Untold:
    """A message in a direct chat that nobody was told about yet."""

    sender: str
    at: datetime


class LateKeys:
    """What waits for its key. A sync that brings no key and nothing to be told costs nothing."""

    def __init__(self, db: Database, clock: Callable[[], datetime], device: Device) -> None:
        self._db, self._clock, self._device = db, clock, device
        self._waiting: dict[str, dict[str, None]] = {}
        """The keys of the rows that wait, the oldest first, by room."""
        self._due: set[str] = set()
        """The rooms to be tried again; after a start, all."""
        self._untold: dict[str, _Untold] = {}
        """The oldest untold message, by room."""
        self._unasked: dict[str, tuple[dict[str, Any], Room]] = {}
        """What came in this sync, by the row's key."""

    async def load(self) -> None:
        """Learn what earlier runs left."""
        rows, told = await self._db.look(_left)
        self._waiting, self._untold, self._unasked = {}, {}, {}
        for key, payload, at in rows:
            raw, room = reading.waiting_for_key(payload)
            self._waiting.setdefault(room.id, {})[key] = None
            until = told.get(room.id)
            if room.direct and (until is None or at > datetime.fromisoformat(until)):
                self._untold.setdefault(room.id, _Untold(raw["sender"], at))
        self._due = set(self._waiting)
        over = [room_id for room_id in told if room_id not in self._waiting]
        if over:
            await self._db.write(lambda tx: _forget_told(tx, over))

    def put_aside(self, raw: dict[str, Any], room: Room) -> Arrival:
        """The row of an event that cannot be decrypted."""
        log.warning("matrix: a message cannot be decrypted; it waits for its key")
        arrival = reading.undecrypted(raw, room)
        self._waiting.setdefault(room.id, {})[arrival.key] = None
        self._unasked[arrival.key] = raw, room
        if room.direct:
            self._untold.setdefault(room.id, _Untold(raw["sender"], self._clock()))
        return arrival

    async def within_bounds(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Keep the newest of each room, and ask for their keys. Raises Unreachable."""
        over: set[str] = set()
        for rows in self._waiting.values():
            over.update(list(rows)[:-MOST])
        if over:
            log.error("matrix: %s messages without a key are dropped, too many wait", len(over))
            await self._db.write(lambda tx: _drop(tx, over))
            self._waiting = {
                room_id: {key: None for key in rows if key not in over}
                for room_id, rows in self._waiting.items()
            }
        new, self._unasked = self._unasked, {}
        for key, (raw, room) in new.items():
            if key not in over:
                await self._device.ask_for_key(raw, room.id)
        return [arrival for arrival in arrivals if arrival.key not in over]

    def keys_came(self, room_ids: Collection[str]) -> None:
        """Keys have come for these rooms."""
        self._due |= self._waiting.keys() & set(room_ids)

    async def hand_in(self, receive: Receive) -> None:
        """Hand in what can be decrypted now, and say what could not be for too long."""
        for room_id in sorted(self._due):
            await self._try_again(room_id, receive)
            self._due.discard(room_id)
        now = self._clock()
        for room_id, untold in list(self._untold.items()):
            if now - untold.at > PATIENCE:
                await self._tell(room_id, untold.sender)
                del self._untold[room_id]

    async def _try_again(self, room_id: str, receive: Receive) -> None:
        prefix = f"{reading.UNDECRYPTED}{room_id} "
        rows = await self._db.look(lambda tx: inbox.put_aside(tx, PLATFORM, prefix))
        opened: list[str] = []
        for key, payload, _ in rows:
            raw, room = reading.waiting_for_key(payload)
            try:
                plain = self._device.decrypt(raw, room.id)
            except ValueError:
                await keep(receive, [reading.malformed(raw, room.id)])
                opened.append(key)
                continue
            if plain is not None:
                await self._opened(plain, room, receive)
                opened.append(key)
        if opened:
            await self._db.write(lambda tx: _drop(tx, opened))
        left = {key: None for key, _, _ in rows if key not in opened}
        self._waiting[room_id] = left
        if not left:
            del self._waiting[room_id]
            self._untold.pop(room_id, None)

    async def _opened(self, plain: dict[str, Any], room: Room, receive: Receive) -> None:
        cards = await cards_among(self._db, [plain], room)
        me = self._device.login.user_id
        arrival = reading.arrival(plain, room, me, cards.__contains__)
        await keep(receive, [arrival] if arrival is not None else [])

    async def _tell(self, room_id: str, sender: str) -> None:
        """Say it, at most once a day."""
        now = self._clock()
        card = card_to_json(Card((Text("matrix.cannot_read"),)))

        def queue(tx: Tx) -> None:
            known = people.behind(tx, PLATFORM, sender, None)
            language = known.person.language if known else "de"
            key = f"matrix.cannot_read {room_id} {now:%Y-%m-%d}"
            outbox.put(tx, [Draft(PLATFORM, room_id, "card", card, language, key=key)], now)
            remembered.put(tx, PLATFORM, _TOLD + room_id, now.isoformat())

        await self._db.write(queue)


def _left(tx: Tx) -> tuple[list[tuple[str, str, datetime]], dict[str, str]]:
    rows = inbox.put_aside(tx, PLATFORM, reading.UNDECRYPTED)
    return rows, remembered.under(tx, PLATFORM, _TOLD)


def _drop(tx: Tx, keys: Iterable[str]) -> None:
    for key in keys:
        inbox.drop(tx, PLATFORM, key)


def _forget_told(tx: Tx, room_ids: Iterable[str]) -> None:
    for room_id in room_ids:
        remembered.drop(tx, PLATFORM, _TOLD + room_id)


async def cards_among(db: Database, events: Iterable[dict[str, Any]], room: Room) -> set[str]:
    """Those messages that these events refer to and that are cards of the bot's."""
    named = {m for e in events for m in reading.referred(e)}
    if not named:
        return set()

    def those(tx: Tx) -> set[str]:
        return {m for m in named if boards.at_message(tx, PLATFORM, room.id, m)}

    return await db.look(those)
