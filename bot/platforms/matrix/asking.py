"""Requests that the homeserver counts: one after the other, at the pace that it asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import monotonic

from bot.platforms import Failed, Outcome, Retry
from bot.platforms.matrix.server import Answer

LONGEST_WAIT = timedelta(seconds=20)
"""A longer pause that the homeserver asks for is left to the outbox."""

AGAIN = timedelta(seconds=15)
"""After a request that failed; by the third, a failing sync holds all deliveries back."""

_USUAL = 5.0
"""Seconds between two events where nothing else is configured in Synapse (``rc_message``)."""

_REMEMBERED = 60.0
"""Seconds for which a pause that was asked for says how fast the homeserver lets the bot be."""


class Refused(Exception):
    """The homeserver said no to a part of a delivery."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.code)
        self.answer = answer


def put_off(answer: Answer) -> Retry | None:
    """When to ask again for what was refused for now; None if it was refused for good."""
    if answer.wait is not None:
        return Retry(answer.wait, "too much at once")
    if answer.status >= 500 or answer.token_refused:
        return Retry(AGAIN, answer.code)
    return None


def refused(answer: Answer, *, inside: bool) -> Outcome:
    """What a refusal means for a message; ``inside``: as far as we know, the bot is in the room."""
    gone = (
        answer.status == 404
        or (answer.status == 403 and not inside)
        or "not in room" in str(answer.body.get("error", ""))
    )
    return put_off(answer) or Failed(answer.code, gone=gone)


class Turn:
    """Lets one request through at a time."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._apart = 0.0
        self._asked_to_wait = self._let_through = float("-inf")

    async def ask(
        self,
        request: Callable[[], Awaitable[Answer]],
        *,
        patient: bool = True,
        paced: bool = False,
    ) -> Answer:
        """Make a request in turn; short pauses that the homeserver asks for are kept here.

        Whoever is refused stays first in line: were it sent back to the outbox each time, a long
        line could use up a delivery's attempts. ``paced``: for what costs even when it is refused
        (Synapse counts an invitation for the invited person before it looks whether the bot may
        say anything now); as long as the pace is known, this waits beforehand. Raises Refused,
        Unreachable.
        """
        async with self._turn:
            if paced:
                await asyncio.sleep(self._due_in())
            while True:
                answer = await request()
                wait = answer.wait
                if wait is None or wait > LONGEST_WAIT or not patient:
                    break
                self._note(wait.total_seconds())
                await asyncio.sleep(wait.total_seconds())
            if answer.ok:
                self._let_through = monotonic()
        if not answer.ok:
            raise Refused(answer)
        return answer

    def _note(self, wait: float) -> None:
        """Learn how far apart requests may be: from the last one let through to the next."""
        now = monotonic()
        # After a burst, the first pause is only a part of those that follow.
        known = self._apart if now - self._asked_to_wait < _REMEMBERED else _USUAL
        apart = min(now + wait - self._let_through, LONGEST_WAIT.total_seconds())
        self._apart, self._asked_to_wait = max(known, apart), now

    def _due_in(self) -> float:
        now = monotonic()
        if now - self._asked_to_wait > _REMEMBERED:
            return 0.0
        return max(self._let_through + self._apart - now, 0.0)
