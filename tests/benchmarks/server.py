"""The tests' Bot API server with a stopwatch: ``python -m tests.benchmarks.server``.

It notes when a button was pressed and when the bot answered, in its own process, so that asking
for the times costs the bots nothing. Prints one line of JSON like ``tests.platforms.botapi``.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
from datetime import UTC, datetime
from typing import Any

from tests.platforms.botapi.control import Control
from tests.platforms.botapi.flood import Limits
from tests.platforms.botapi.methods import Methods
from tests.platforms.botapi.server import Server
from tests.platforms.botapi.world import World


class Timed(Methods):
    """The methods; answers to presses are timed, those that come too late as well."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.pressed: dict[str, float] = {}
        self.answered: list[tuple[float, float]] = []
        """When it was pressed and when it was answered (seconds of the monotonic clock)."""

    def _answerCallbackQuery(self, given: dict[str, Any]) -> bool:
        pressed_at = self.pressed.pop(given["callback_query_id"], None)
        if pressed_at is not None:
            self.answered.append((pressed_at, time.monotonic()))
        return super()._answerCallbackQuery(given)


class Stopwatch(Control):
    """Many presses at once or at a pace, and how long their answers took."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.timed = server.methods = Timed(server.world)
        self._pressing: asyncio.Task[None] | None = None

    async def _voters(self, ids: list[int]) -> Any:
        """These people have written to the bot before."""
        for id in ids:
            user = self.server.user(id).user
            user.started = True
            self.server.world.private(user)
        return True

    async def _ballots(self, ids: list[int], text: str, choices: list[list[str]]) -> Any:
        """A message of the bot's with a button a choice (label, data) in these direct chats."""
        keys = [[{"text": label, "callback_data": data}] for label, data in choices]
        for id in ids:
            world = self.server.world
            chat = world.private(self.server.user(id).user)
            world.post(chat, world.bot(), text=text, reply_markup={"inline_keyboard": keys})
        return True

    async def _queue(self, presses: list[tuple[int, str]]) -> Any:
        """All at once; returns the time at which the last was pressed."""
        for user, data in presses:
            self._press(user, data)
        return time.monotonic()

    async def _pace(self, presses: list[tuple[int, str]], rate: float) -> Any:
        """One after the other, ``rate`` a second, whatever the bot does meanwhile."""
        self._pressing = asyncio.create_task(self._press_all(presses, rate))
        return True

    async def _press_all(self, presses: list[tuple[int, str]], rate: float) -> None:
        began = time.monotonic()
        for number, (user, data) in enumerate(presses):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            self._press(user, data)

    def _press(self, user: int, data: str) -> None:
        number = self.server.user(user).presses(data)
        self.timed.pressed[number] = time.monotonic()

    async def _answers(self, number: int, within: float) -> Any:
        """The times of so many answers, once they are there; they are forgotten then."""
        timed = self.timed
        await self.server.world.until(lambda: len(timed.answered) >= number, within)
        found, timed.answered = timed.answered, []
        return found


async def main() -> None:
    """Serve until SIGTERM, with Telegram's limits."""
    server = Server(lambda: datetime.now(UTC), Limits())
    await server.start(0, Stopwatch(server).routes())
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    print(json.dumps({"url": server.url, "token": server.token}), flush=True)
    await ended.wait()
    await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
