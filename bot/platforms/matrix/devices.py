"""The bot's device: its keys, its sessions with other devices, and the rooms it knows.

nio does the cryptography and keeps what belongs to it in the store. The store and the device id
belong together: without the store, messages for this device can never be read again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from aiohttp import ClientError
from nio import (
    AsyncClient,
    AsyncClientConfig,
    EncryptionError,
    Event,
    JoinedMembersError,
    KeysClaimError,
    KeysQueryError,
    KeysUploadResponse,
    LocalProtocolError,
    MegolmEvent,
    RoomKeyEvent,
    SyncResponse,
)
from nio.store import SqliteStore

from bot.platforms.matrix.server import CLIENT, Login, NotAccepted, Server, Unreachable, whoami
from bot.platforms.matrix.signing import Signing

log = logging.getLogger(__name__)


MISSHAPEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading raises where something is not as the specification says."""


class StoreLost(NotAccepted):
    """The store does not hold the keys of this device (lost, or of another one)."""


class Device:
    """Encrypts, decrypts, and knows the rooms' members."""

    def __init__(self, login: Login, store: Path, server: Server) -> None:
        """``store`` is a folder; it is made where it does not exist."""
        self.login, self.store, self.server = login, store, server
        # These two write down whole messages and keys: nio malformed ones even as errors.
        for name in ("nio", "peewee"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._client: Any = None
        self._lock = asyncio.Lock()
        """Membership must not change between sharing a room's key and encrypting with it."""
        self._upload_failed = False
        self._signing = Signing(login, store, server)
        self.tended = False
        """Whether all keys were seen to after the last sync."""

    @property
    def rooms(self) -> Any:
        """The joined rooms by id (nio's ``MatrixRoom``)."""
        return {} if self._client is None else self._client.rooms

    @property
    def invited(self) -> Any:
        """The rooms that the bot is invited to (nio's ``MatrixInvitedRoom``)."""
        return self._client.invited_rooms

    async def open(self) -> None:
        """Load the store and compare it with what the homeserver knows of this device.

        Raises NotAccepted (StoreLost), Unreachable.
        """
        await whoami(self.server, self.login)
        if self._client is None:
            self._client = self._load()
        await self._compare()

    def _load(self) -> Any:
        self.store.mkdir(parents=True, exist_ok=True, mode=0o700)
        config = AsyncClientConfig(
            store=SqliteStore,
            store_name="matrix.sqlite3",
            max_limit_exceeded=0,
            max_timeouts=0,
        )
        login = self.login
        client = AsyncClient(
            self.server.address, login.user_id, login.device_id, str(self.store), config
        )
        client.restore_login(login.user_id, login.device_id, login.access_token)
        return client

    async def _compare(self) -> None:
        me, device = self.login.user_id, self.login.device_id
        answer = await self.server.call(
            "POST", f"{CLIENT}/keys/query", {"device_keys": {me: [device]}}
        )
        if not answer.ok:
            raise Unreachable(answer.code)
        published = answer.body.get("device_keys", {}).get(me, {}).get(device)
        account = self._client.olm.account
        if published is None:
            # The homeserver lost them (or never had them): they are uploaded (again).
            account.shared = False
        elif published["keys"].get(f"ed25519:{device}") != account.identity_keys["ed25519"]:
            raise StoreLost(
                f"the crypto store in {self.store} does not belong to the device {device} of {me}: "
                "put the store back from the backup, or log the bot in again as a new device "
                "with an empty store (encrypted messages from before stay unreadable)"
            )

    async def take_keys(self, response: SyncResponse) -> set[str]:
        """Take in what other devices sent in a sync; returns the rooms that keys came for."""
        sent, response.to_device_events = response.to_device_events, []
        async with self._lock:
            opened = [self._opened(event) for event in sent]
        return {event.room_id for event in opened if isinstance(event, RoomKeyEvent)}

    async def synced(self, response: SyncResponse) -> None:
        """Take in rooms and members from a sync response."""
        async with self._lock:
            await self._client.receive_response(response)

    def _opened(self, event: Any) -> Any:
        """Take in what another device sent; one that is no good must not hide rooms and members."""
        try:
            return self._client.olm.handle_to_device_event(event)
        except MISSHAPEN as error:
            log.warning("matrix: a device sent something malformed (%s)", type(error).__name__)
            return None

    def forget(self, room_id: str) -> None:
        """The bot is in this room no more."""
        self.rooms.pop(room_id, None)
        self.invited.pop(room_id, None)

    async def lost(self, room_id: str, account: str) -> None:
        """Somebody was removed: they get no key for what is said from now on.

        The next sync would say so too, but the next message may be earlier.
        """
        async with self._lock:
            room = self.rooms.get(room_id)
            if room is not None:
                room.remove_member(account)
                self._client.invalidate_outbound_session(room_id)

    async def tend(self) -> None:
        """Publish, sign and fetch the keys that are due, and answer other devices.

        Raises NotAccepted, Unreachable.
        """
        client = self._client
        self.tended = False
        async with self._lock, _reaching():
            if client.should_upload_keys:
                await self._publish()
            await self._signing.ensure(client.olm.account.identity_keys)
            if client.should_query_keys:
                await client.keys_query()
            if client.should_claim_keys:
                await client.keys_claim(client.get_users_for_key_claiming())
            await client.send_to_device_messages()
        self.tended = True

    async def _publish(self) -> None:
        """Upload this device's keys.

        nio's own ``keys_upload`` keeps the private halves only after the homeserver has answered:
        ended in between, the device could never read what others encrypt with the public ones.
        """
        keys = self._client.olm.share_keys()
        self._client.olm.save_account()
        answer = await self.server.call("POST", f"{CLIENT}/keys/upload", keys)
        if answer.ok:
            await self._client.receive_response(KeysUploadResponse.from_dict(dict(answer.body)))
        elif not self._upload_failed:
            log.error(
                "matrix: the homeserver refuses this device's keys (%s); new encrypted "
                "conversations may stay unreadable. Was an old backup of the store put back? "
                "Then log the bot in again as a new device",
                answer.code,
            )
        self._upload_failed = not answer.ok

    def decrypt(self, encrypted: dict[str, Any], room_id: str) -> dict[str, Any] | None:
        """The event inside an encrypted one; None as long as its key is missing.

        Of what its sender put into it, only type and content count: a state key would make it
        pass for a change that the homeserver had allowed. Raises ValueError if there is no event
        in it.
        """
        event = _parsed(encrypted, room_id)
        if event is None:
            return None
        try:
            source = self._client.decrypt_event(event).source
            made = {name: source[name] for name in ("type", "content")}
        except EncryptionError:
            return None
        except MISSHAPEN as error:
            raise ValueError(type(error).__name__) from None
        return {**made, "event_id": event.event_id, "sender": event.sender}

    async def ask_for_key(self, encrypted: dict[str, Any], room_id: str) -> None:
        """Ask the account's other devices for a missing key. Raises Unreachable."""
        event = _parsed(encrypted, room_id)
        if event is not None and event.session_id not in self._client.outgoing_key_requests:
            async with _reaching():
                await self._client.request_room_key(event)

    async def encrypt(
        self, room_id: str, kind: str, content: dict[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        """The event as it goes into this encrypted room, its key shared with all members.

        Devices need not be verified: people would have to compare emoji with a bot. Raises
        Unreachable when members or keys cannot be learned now.
        """
        client = self._client
        async with self._lock, _reaching():
            room = self.rooms[room_id]
            if not room.members_synced:
                _refuse(await client.joined_members(room_id), JoinedMembersError)
            if client.should_query_keys:
                _refuse(await client.keys_query(), KeysQueryError)
            if client.olm.should_share_group_session(room_id):
                missing = client.get_missing_sessions(room_id)
                if missing:
                    _refuse(await client.keys_claim(missing), KeysClaimError)
                await client.share_group_session(room_id, ignore_unverified_devices=True)
            everybody = self._everybody_has_the_key(room)
            made: tuple[str, dict[str, Any]] = client.encrypt(room_id, kind, content)
            if not everybody:
                # A device without one-time keys today shall be asked again at the next message.
                client.invalidate_outbound_session(room_id)
            return made

    def _everybody_has_the_key(self, room: Any) -> bool:
        """False if a device could not be reached; nio takes failed sharing for done."""
        client, olm = self._client, self._client.olm
        session = olm.outbound_group_sessions[room.room_id]
        reached = session.users_shared_with | session.users_ignored
        complete = True
        for user in room.users:
            for device in client.device_store.active_user_devices(user):
                if (user, device.id) in reached or device.id == self.login.device_id:
                    continue
                if olm.session_store.get(device.curve25519) is not None:
                    session.shared = False
                    raise Unreachable("a room key could not be shared")
                complete = False
        return complete

    async def close(self) -> None:
        """End connections and close the store."""
        if self._client is not None:
            await self._client.close()
            self._client.store.database.close()
            self._client = None


def _parsed(encrypted: dict[str, Any], room_id: str) -> Any:
    """nio's ``MegolmEvent``; None for what no key will ever open."""
    try:
        # Parsing takes some events apart.
        event = Event.parse_event(deepcopy(encrypted))
    except MISSHAPEN:
        return None
    if not isinstance(event, MegolmEvent):
        return None
    event.room_id = room_id
    return event


@asynccontextmanager
async def _reaching() -> AsyncIterator[None]:
    """Turns nio's connection errors into ours."""
    try:
        yield
    except (ClientError, TimeoutError, OSError, LocalProtocolError) as error:
        raise Unreachable(type(error).__name__) from None


def _refuse(answer: Any, error: type) -> None:
    if isinstance(answer, error):
        raise Unreachable(str(getattr(answer, "status_code", None)))
