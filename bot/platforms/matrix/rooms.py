"""Which rooms are direct chats, decided once and kept.

A room is a direct chat if it was offered as one, or if it has no name and nobody else is in it.
As soon as a third person is invited it is none any more, and never again: ballots would be read
by somebody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.platforms.matrix.state import SPACE
from storage import boards, outbox, people, remembered
from storage.db import Database, Tx

PLATFORM = "matrix"

NOT_DIRECT = "no longer a direct chat"
"""Why something personal was not sent."""

_KIND = "room:"


@dataclass(frozen=True, slots=True)
class Room:
    """What an event's reader has to know of the room it happened in."""

    id: str
    direct: bool
    encrypted: bool
    title: str
    names: Mapping[str, str]
    """Display names of its people, by user id."""


class Rooms:
    """Remembers the kind of every room."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._direct: dict[str, bool] = {}

    async def load(self) -> None:
        """Read what earlier runs decided."""
        kept = await self._db.look(lambda tx: remembered.under(tx, PLATFORM, _KIND))
        self._direct = {room: kind == "direct" for room, kind in kept.items()}

    def is_direct(self, room_id: str) -> bool:
        """What was decided; an unknown room is none."""
        return self._direct.get(room_id, False)

    def is_shared(self, room_id: str) -> bool:
        """Whether a room is known to be no direct chat (any more)."""
        return self._direct.get(room_id) is False

    async def joined(self, room: Any) -> Room:
        """A joined room (nio's ``MatrixRoom``), its kind decided now if it was not before."""
        alone = len(room.users) <= 2 and room.room_type != SPACE
        known = self._direct.get(room.room_id)
        direct = alone and (known if known is not None else room.named_room_name() is None)
        await self.decide(room.room_id, direct)
        names = {user.user_id: user.name for user in room.users.values()}
        title = "" if direct else str(room.named_room_name() or "")
        return Room(room.room_id, direct, bool(room.encrypted), title, names)

    async def decide(self, room_id: str, direct: bool) -> None:
        """Keep the kind of a room."""
        before = self._direct.get(room_id)
        if before is direct:
            return

        def keep(tx: Tx) -> None:
            remembered.put(tx, PLATFORM, _KIND + room_id, "direct" if direct else "channel")
            if before:
                # Nothing personal is sent where a third person reads.
                people.unreachable(tx, PLATFORM, room_id)
                boards.close_place(tx, PLATFORM, room_id)
                outbox.close_place(tx, PLATFORM, room_id, NOT_DIRECT)

        await self._db.write(keep)
        self._direct[room_id] = direct

    async def forget(self, room_id: str) -> None:
        """The bot left this room."""
        if self._direct.pop(room_id, None) is not None:
            await self._db.write(lambda tx: remembered.drop(tx, PLATFORM, _KIND + room_id))
