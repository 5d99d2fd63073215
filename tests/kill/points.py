"""The named points at which the bot is killed, put around its real parts from outside.

``fetched``: something came from the platform, nothing is committed. ``received``: the inbox has it
in a commit, the platform has not been told. ``handling`` / ``handled``: in and after the
transaction that handles it, nothing is sent. ``toasted``: the press is answered. ``sending`` /
``sent``: a message is marked as being sent; before and after it is. ``drawing`` / ``drawn``: a live
card, before and after it is edited. ``due``: a timer became an event. ``closing`` / ``closed``: in
and after the transaction that closes the poll. ``forgetting`` / ``forgotten``: a secret poll is
closed; before and after its pages are overwritten, which is not yet noted.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from sqlmodel import select

from bot.platforms import Delivered, Delivery, Outcome, Platform
from bot.platforms.web import WebChat
from storage.db import Database, Tx
from storage.models import Poll

Say = Callable[[str], None]
Call = Callable[..., Awaitable[Any]]


class Fuse:
    """Ends this process when a point is passed for the n-th time."""

    def __init__(self, point: str | None, nth: int, say: Say) -> None:
        self.point, self.left, self.say = point, nth, say
        self._lock = threading.Lock()

    def pass_by(self, point: str) -> None:
        """A point is passed, on whatever thread."""
        if point != self.point:
            return
        with self._lock:
            self.left -= 1
            if self.left == 0:
                self.say(f"killed {point}")
                os.kill(os.getpid(), signal.SIGKILL)


class WatchedDatabase:
    """Points in and after transactions; ``poll_id`` is the poll whose closing is one."""

    def __init__(self, db: Database, fuse: Fuse, poll_id: int) -> None:
        self.fuse, self.poll_id = fuse, poll_id
        self._write: Call = db.write
        self._alone: Call = db.alone
        self._closes = False
        put_before(db, "write", self.write)
        put_before(db, "alone", self.alone)

    async def write(self, change: Callable[[Tx], Any]) -> Any:
        """As ``Database.write``. What it is for can only be told by the function's name."""
        name = getattr(change, "__name__", "")
        if name != "_batch":
            result = await self._write(change)
            if name == "_fire":
                self.fuse.pass_by("due")
            return result
        handled = await self._write(lambda tx: self._batch(tx, change))
        if handled.events:
            self.fuse.pass_by("handled")
            if self._closes:
                self.fuse.pass_by("closed")
        return handled

    def _batch(self, tx: Tx, change: Callable[[Tx], Any]) -> Any:
        before = self._state(tx)
        handled = change(tx)
        self._closes = before != self._state(tx)
        if handled.events:
            self.fuse.pass_by("handling")
            if self._closes:
                self.fuse.pass_by("closing")
        return handled

    def _state(self, tx: Tx) -> str | None:
        return tx.exec(select(Poll.state).where(Poll.id == self.poll_id)).first()

    async def alone(self, work: Callable[..., Any]) -> Any:
        """As ``Database.alone``."""
        self.fuse.pass_by("forgetting")
        result = await self._alone(work)
        self.fuse.pass_by("forgotten")
        return result


class WatchedPlatform:
    """Points on the way in from a platform and out to it."""

    def __init__(self, platform: Platform, fuse: Fuse) -> None:
        self.fuse = fuse
        self._run: Call = platform.run
        self._deliver: Call = platform.deliver
        self._toast: Call = platform.toast
        put_before(platform, "run", self.run)
        put_before(platform, "deliver", self.deliver)
        put_before(platform, "toast", self.toast)
        if isinstance(platform, WebChat):  # which stores what comes in by itself
            put_before(platform, "pressed", self._storing(platform.pressed))

    def _storing(self, store: Call) -> Call:
        async def watched(*given: Any) -> Any:
            self.fuse.pass_by("fetched")
            result = await store(*given)
            self.fuse.pass_by("received")
            return result

        return watched

    async def run(self, receive: Call) -> None:
        """As ``Platform.run``."""
        await self._run(self._storing(receive))

    async def deliver(self, delivery: Delivery) -> Outcome:
        """As ``Platform.deliver``. A live card that is edited has no row of its own."""
        live = delivery.id == 0
        self.fuse.pass_by("drawing" if live else "sending")
        outcome: Outcome = await self._deliver(delivery)
        if isinstance(outcome, Delivered):
            self.fuse.pass_by("drawn" if live else "sent")
        return outcome

    async def toast(self, *given: Any) -> None:
        """As ``Platform.toast``."""
        await self._toast(*given)
        self.fuse.pass_by("toasted")


def put_before(owner: object, name: str, watching: Call) -> None:
    """Have calls of one object's method go through another that calls it."""
    setattr(owner, name, watching)
