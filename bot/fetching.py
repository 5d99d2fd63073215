"""Files that features want: fetched from the platform before the event is handled.

A batch cannot wait for a network. The event stays in the inbox, and with it what was said at the
same place afterwards; the file is fetched beside, and the next batch finds it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass

from bot.faults import log_fault
from bot.platforms import Platform
from handlers.chat import Sent
from handlers.dispatch import file_wanted
from handlers.router import Context
from storage.inbox import Waiting

log = logging.getLogger(__name__)

LONGEST = 60
"""Seconds after which a file counts as lost."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A file to be fetched for the event in an inbox row."""

    row: Waiting
    ref: str
    most: int


class Fetching:
    """What is under way and what has come, by the inbox row's id."""

    def __init__(self, platforms: Mapping[str, Platform]) -> None:
        self.platforms = platforms
        self._places: set[str] = set()
        self._files: dict[int, bytes | None] = {}

    def holds(self, row: Waiting, just_asked: Sequence[Asked]) -> bool:
        """Whether a file is waited for at the row's place."""
        return row.place in self._places or any(a.row.place == row.place for a in just_asked)

    def asked(self, ctx: Context, row: Waiting) -> Asked | None:
        """The file that has to be fetched before this event can be handled."""
        sent, route = ctx.event.what, file_wanted(ctx)
        if route is None or not isinstance(sent, Sent):
            return None
        if row.id in self._files or sent.size > route.most:
            return None
        return Asked(row, sent.ref, route.most)

    def fetched(self, row: Waiting) -> bytes | None:
        """The bytes that were fetched for this event; None if there are none."""
        return self._files.pop(row.id, None)

    def fetch(self, asked: Asked, done: Callable[[], None]) -> Coroutine[None, None, None]:
        """Fetch a file; one that does not come, or is too large after all, counts as lost.

        The place is held from now on, not only once the fetching begins.
        """
        self._places.add(asked.row.place)
        return self._fetch(asked, done)

    async def _fetch(self, asked: Asked, done: Callable[[], None]) -> None:
        row, data = asked.row, None
        try:
            async with asyncio.timeout(LONGEST):
                data = await self.platforms[row.platform].fetch(asked.ref)
        except Exception as error:
            # Whatever the platform's library raises: the person is told, the log knows why.
            log_fault(log, error, "the file of event %s did not come", row.id)
        self._files[row.id] = data if data is not None and len(data) <= asked.most else None
        self._places.discard(row.place)
        done()
