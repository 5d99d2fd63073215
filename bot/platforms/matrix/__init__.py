"""Matrix: encrypted and plain rooms, direct chats, cards with numbered choices.

There are no buttons and no private toast; members answer with a number, in the direct chat alone,
elsewhere as a reply or a reaction. The first sync comes first, then this device's keys and their
signature (``signing``), and only then the first message.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

from nio.crypto.attachments import decrypt_attachment
from nio.exceptions import EncryptionError

from bot.platforms import Delivery, Outcome, Receive
from bot.platforms.matrix import reading, signing
from bot.platforms.matrix.devices import Device, StoreLost
from bot.platforms.matrix.rooms import PLATFORM, Rooms
from bot.platforms.matrix.sending import Sender
from bot.platforms.matrix.server import (
    Login,
    NotAccepted,
    Server,
    Unreachable,
    log_in,
    whoami,
)
from bot.platforms.matrix.syncing import Syncing
from bot.text import Reader
from handlers.chat import Capabilities, Event, PlaceKind, Text
from storage.db import Database
from storage.inbox import Waiting

__all__ = ["Login", "Matrix", "NotAccepted", "StoreLost", "Unreachable", "log_in"]

log = logging.getLogger(__name__)

MOST_BYTES = 50 * 1024 * 1024
"""Of a file that somebody sent."""

_PAUSE = 10.0
"""Seconds between two attempts to reach the homeserver at start."""


class Matrix:
    """A Matrix account as a platform."""

    name = PLATFORM
    capabilities = Capabilities(buttons=False, private_toast=False, native_polls=True)
    repeatable: tuple[str, ...] | None = None

    def __init__(
        self, db: Database, clock: Callable[[], datetime], login: Login, *, store: Path
    ) -> None:
        """``store`` is the folder with the device's keys; back it up with the configuration."""
        self.login = login
        self.capabilities = replace(
            self.capabilities, public_link=f"https://matrix.to/#/{login.user_id}"
        )
        self.caught_up = asyncio.Event()
        self._ready = asyncio.Event()
        self._server = Server(login.homeserver, login.access_token)
        self._device = Device(login, store, self._server)
        self._rooms = Rooms(db)
        self._syncing = Syncing(db, clock, self._server, self._device, self._rooms)
        self._sender = Sender(db, self._server, self._device, self._rooms)

    async def check(self) -> str:
        """Ask the homeserver who this is; returns the user id. Raises NotAccepted."""
        try:
            await whoami(self._server, self.login)
        except Unreachable as error:
            raise NotAccepted(f"{self.login.homeserver} does not answer ({error})") from None
        return self.login.user_id

    async def signature(self) -> signing.State:
        """Whether the bot's device is signed. Raises NotAccepted, Unreachable."""
        return await signing.state(self._server, self.login, self._device.store)

    async def reset_signing(self, password: str) -> signing.Identity:
        """See ``signing.reset``; the bot must not run. Raises NotAccepted, Unreachable."""
        return await signing.reset(self._server, self.login, self._device.store, password)

    # --- in ------------------------------------------------------------------------------------

    async def run(self, receive: Receive) -> None:
        """Receive until cancelled. Raises NotAccepted (StoreLost) when it makes no sense to go on.

        Deliveries wait until the first sync is done; after NotAccepted they wait for the next
        start, and nothing of them is lost.
        """
        try:
            await self._rooms.load()
            await self._sender.load()
            await self._open()
            await self._syncing.run(receive, self._synced)
        except NotAccepted as error:
            log.error("matrix: %s", error)
            raise
        finally:
            self._ready.clear()

    async def _open(self) -> None:
        while True:
            try:
                await self._device.open()
                return
            except Unreachable as error:
                log.warning("matrix: %s does not answer (%s)", self.login.homeserver, error)
            await asyncio.sleep(_PAUSE)

    def _synced(self, complete: bool) -> None:
        if not complete:
            # Deliveries wait rather than use up their attempts.
            self._ready.clear()
            return
        self._ready.set()
        self.caught_up.set()

    def read(self, waiting: Waiting) -> Event | None:
        """The event in an inbox row."""
        event = reading.event(waiting, self.login.user_id)
        if event.place.kind is PlaceKind.DIRECT and self._rooms.is_shared(event.place.id):
            # Said while they were alone; now a third person would read the answer.
            return replace(event, place=replace(event.place, kind=PlaceKind.CHANNEL))
        return event

    async def fetch(self, ref: str) -> bytes:
        """The bytes of a file that was sent (``Sent.ref``), decrypted.

        Raises KeyError if it is gone or was changed on the way, ValueError if it has more than
        ``MOST_BYTES``, Unreachable.
        """
        named = json.loads(ref)
        address = urlsplit(named["url"])
        if address.scheme != "mxc":
            raise KeyError(named["url"])
        media = quote(address.path.strip("/"), safe="")
        path = f"/_matrix/client/v1/media/download/{quote(address.netloc, safe=':')}/{media}"
        data = await self._server.bytes_of(path, MOST_BYTES)
        if "key" not in named:
            return data
        try:
            return bytes(decrypt_attachment(data, named["key"], named["hash"], named["iv"]))
        except EncryptionError:
            raise KeyError(named["url"]) from None

    # --- out -----------------------------------------------------------------------------------

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Deliver one thing, once rooms and keys are known and while the homeserver answers."""
        await self._ready.wait()
        return await self._sender.deliver(delivery)

    async def toast(self, event: Event, text: Text | None, reader: Reader) -> None:
        """Nothing: Matrix has no toast, and its events ask for none (no ``answer_token``)."""

    async def offer(self, place: str, language: str, commands: Sequence[tuple[str, str]]) -> None:
        """Rooms have no menu."""

    async def close(self) -> None:
        """End connections and close the store."""
        await self._device.close()
        await self._server.close()
