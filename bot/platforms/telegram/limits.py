"""Waiting before a call, so that Telegram never has to say 429.

PTB's ``AIORateLimiter`` is not used: its buckets start full and refill while they are emptied, so
that a group gets up to 40 messages in its first minute where Telegram allows 20; it knows nothing
of the limit of a private chat; and it waits inside the call, when a row is already marked as
being sent. Here a window slides exactly, and a long wait is known before anything is begun.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

PATIENCE = 4.0
"""Seconds that a delivery waits here; for longer ones it is put off and its place freed."""

LEFT_FOR_NEWS = 5
"""Of a group's calls a minute, those that redrawing live cards leaves for new messages."""

_KEPT = 2000
"""Places remembered before idle ones are forgotten."""

_LOOK_AGAIN = 0.02


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``calls`` within ``seconds``."""

    calls: int
    seconds: float


# Bots FAQ, "My bot is hitting limits": 30 messages a second in all, one a second in a chat with
# short bursts, 20 a minute in a group; edits count.
OVERALL = Limit(30, 1.0)
PRIVATE = Limit(3, 3.0)
GROUP = Limit(20, 60.0)


@dataclass
class Window:
    """The calls under way and those answered within the last ``limit.seconds``.

    A call counts from its start until that long after its answer: on the way some are slower than
    others, and Telegram counts them when they reach it.
    """

    limit: Limit
    answered: deque[float] = field(default_factory=deque)
    under_way: int = 0
    blocked_until: float = 0.0

    def wait(self, now: float, calls: int) -> float:
        """Seconds until ``calls`` more are allowed at once (all that ever are, if more)."""
        while self.answered and self.answered[0] <= now - self.limit.seconds:
            self.answered.popleft()
        needed = min(calls, self.limit.calls)
        over = len(self.answered) + self.under_way + needed - self.limit.calls
        if over > len(self.answered):
            return max(_LOOK_AGAIN, self.blocked_until - now)
        free_at = self.answered[over - 1] + self.limit.seconds if over > 0 else now
        return max(free_at - now, self.blocked_until - now, 0.0)

    def end(self, now: float, calls: int) -> None:
        """Calls were answered."""
        self.under_way -= calls
        self.answered.extend([now] * calls)


class Pace:
    """Telegram's limits for one bot."""

    def __init__(
        self,
        overall: Limit = OVERALL,
        private: Limit = PRIVATE,
        group: Limit = GROUP,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.private, self.group, self.now = private, group, now
        self._overall = Window(overall)
        self._places: dict[int, Window] = {}

    @asynccontextmanager
    async def turn(self, chat: int, calls: int = 1, *, live: bool = False) -> AsyncIterator[float]:
        """Wait until a chat may get ``calls`` messages, which are made inside; 0.0 is given.

        If that would take longer than ``PATIENCE``, the seconds are given and nothing may be sent:
        come back then. ``live``: a live card is redrawn, which leaves room for others.
        """
        window = self._place(chat)
        spared = LEFT_FOR_NEWS if live and chat < 0 else 0

        def wait() -> float:
            now = self.now()
            return max(window.wait(now, calls + spared), self._overall.wait(now, calls))

        async with self._counted((window, self._overall), calls, wait) as seconds:
            yield seconds

    @asynccontextmanager
    async def silent(self, chat: int) -> AsyncIterator[float]:
        """The same for one call that makes no message: what a chat may get does not limit it."""
        window = self._place(chat)

        def wait() -> float:
            now = self.now()
            return max(window.blocked_until - now, self._overall.wait(now, 1))

        async with self._counted((self._overall,), 1, wait) as seconds:
            yield seconds

    @asynccontextmanager
    async def _counted(
        self, windows: Sequence[Window], calls: int, wait: Callable[[], float]
    ) -> AsyncIterator[float]:
        while (seconds := wait()) > 0:
            if seconds > PATIENCE:
                yield seconds
                return
            await asyncio.sleep(seconds)
        for counted in windows:
            counted.under_way += calls
        try:
            yield 0.0
        finally:
            for counted in windows:
                counted.end(self.now(), calls)

    def refused(self, chat: int, seconds: float) -> None:
        """Telegram said 429 although we waited: the chat pauses that long, the others shortly.

        Telegram does not say whether the chat or the bot as a whole was too fast.
        """
        now = self.now()
        self._place(chat).blocked_until = now + seconds
        self._overall.blocked_until = now + min(seconds, 1.0)

    def _place(self, chat: int) -> Window:
        if chat not in self._places:
            self._forget_idle()
            self._places[chat] = Window(self.private if chat > 0 else self.group)
        return self._places[chat]

    def _forget_idle(self) -> None:
        if len(self._places) < _KEPT:
            return
        now = self.now()
        for chat, window in list(self._places.items()):
            if window.wait(now, window.limit.calls) <= 0:
                del self._places[chat]
