"""A throw-away Matrix homeserver, and people with ordinary encrypting clients on it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import importlib.util
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from nio import (
    AsyncClient,
    AsyncClientConfig,
    Event,
    JoinResponse,
    MegolmEvent,
    RoomMessage,
    RoomSendResponse,
)
from nio.crypto.attachments import decrypt_attachment, encrypt_attachment
from nio.store import SqliteStore

from bot.platforms.matrix.server import Login

MISSING = "matrix-synapse is missing (it comes with the development dependencies, on Linux)"
NAME = "gnk.test"
STARTS_WITHIN = 60.0
"""Seconds after which the server counts as not starting."""

WITHIN = 20.0
"""Seconds after which something awaited counts as not happening."""

_LIFTED = {"per_second": 1000, "burst_count": 1000}
_WITHOUT_LIMITS = {
    "rc_joins": {"local": _LIFTED, "remote": _LIFTED},
    "rc_joins_per_room": _LIFTED,
    "rc_invites": {"per_room": _LIFTED, "per_user": _LIFTED, "per_issuer": _LIFTED},
    "rc_room_creation": _LIFTED,
}


class Synapse:
    """A running homeserver. How many messages may be sent is settled for each user."""

    def __init__(self, folder: Path, *, strict: bool = False) -> None:
        """Start one in an empty ``folder``; ``strict``: with the limits that it comes with."""
        self.folder, self.strict = folder, strict
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._secret = secrets.token_hex(16)
        (folder / "homeserver.yaml").write_text(json.dumps(self._settings()))
        (folder / "log.yaml").write_text(json.dumps(_LOGGING | {"handlers": _handlers(folder)}))
        (folder / "signing.key").write_text(f"ed25519 a_test {secrets.token_urlsafe(32)}\n")
        self._start()
        admin = self._register("admin", admin=True)
        self._admin = admin.access_token

    def _settings(self) -> dict[str, Any]:
        folder = self.folder
        return {
            "server_name": NAME,
            "pid_file": str(folder / "pid"),
            "listeners": [
                {
                    "port": self.port,
                    "type": "http",
                    "bind_addresses": ["127.0.0.1"],
                    "resources": [{"names": ["client", "media"]}],
                }
            ],
            "database": {"name": "sqlite3", "args": {"database": str(folder / "data.sqlite3")}},
            "log_config": str(folder / "log.yaml"),
            "media_store_path": str(folder / "media"),
            "signing_key_path": str(folder / "signing.key"),
            "registration_shared_secret": self._secret,
            "report_stats": False,
            "trusted_key_servers": [],
            "federation_domain_whitelist": [],
            "bcrypt_rounds": 4,
            # By default a cached answer is replayed to a client that starts again.
            "caches": {"sync_response_cache_duration": "0s"},
            "rc_login": {"address": _LIFTED, "account": _LIFTED, "failed_attempts": _LIFTED},
            **({} if self.strict else _WITHOUT_LIMITS),
        }

    def _start(self) -> None:
        self._log = (self.folder / "out").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "synapse.app.homeserver", "-c",
             str(self.folder / "homeserver.yaml")],
            stdout=self._log, stderr=self._log, stdin=subprocess.DEVNULL, cwd=self.folder,
        )  # fmt: skip
        until = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                with urlopen(f"{self.address}/health", timeout=5):  # noqa: S310
                    return
            except (URLError, OSError):
                if self.process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.folder / "out").read_text()[-2000:]) from None
                time.sleep(0.1)

    def stop(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait(30)
        self._log.close()

    def user(self, name: str) -> Login:
        """A new user (a number makes the name unique) without limits, logged in once."""
        return self._user(name, messages_per_second=0, burst_count=0)

    def limited_user(self, name: str) -> Login:
        """A new user who may send two messages at once and then one each second."""
        return self._user(name, messages_per_second=1, burst_count=2)

    def usual_user(self, name: str) -> Login:
        """A new user with the limits that everybody has."""
        return self._register(f"{name}-{secrets.token_hex(4)}")

    def _user(self, name: str, **limits: int) -> Login:
        login = self._register(f"{name}-{secrets.token_hex(4)}")
        path = f"/_synapse/admin/v1/users/{login.user_id}/override_ratelimit"
        self.call("POST", path, limits, self._admin)
        return login

    def _register(self, name: str, admin: bool = False) -> Login:
        path = "/_synapse/admin/v1/register"
        nonce = self.call("GET", path)["nonce"]
        parts = (nonce, name, PASSWORD, "admin" if admin else "notadmin")
        mac = hmac.new(self._secret.encode(), "\0".join(parts).encode(), hashlib.sha1).hexdigest()
        body = {
            "nonce": nonce,
            "username": name,
            "displayname": name.rpartition("-")[0] or name,
            "password": PASSWORD,
            "admin": admin,
            "mac": mac,
        }
        made = self.call("POST", path, body)
        return Login(self.address, made["user_id"], made["access_token"], made["device_id"])

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        """A request of an administrator."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = Request(self.address + path, data, headers, method=method)  # noqa: S310
        with urlopen(request, timeout=30) as response:  # noqa: S310
            return json.load(response)

    def log_out(self, login: Login) -> None:
        """Make a login invalid, as an administrator's "log out everywhere" does."""
        self.call("POST", "/_matrix/client/v3/logout", {}, login.access_token)


PASSWORD = "Fahrrad-Ampel-7"

_LOGGING = {
    "version": 1,
    "formatters": {"plain": {"format": "%(asctime)s %(name)s %(levelname)s %(message)s"}},
    "root": {"level": "WARNING", "handlers": ["file"]},
    "disable_existing_loggers": False,
}


def _handlers(folder: Path) -> dict[str, Any]:
    file = {"class": "logging.FileHandler", "formatter": "plain", "filename": str(folder / "log")}
    return {"file": file}


@pytest.fixture(scope="session")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """A homeserver for all tests of this process."""
    require()
    server = Synapse(tmp_path_factory.mktemp("synapse"))
    yield server
    server.stop()


def require() -> None:
    """Skip what needs a homeserver where there is none."""
    if importlib.util.find_spec("synapse") is None:
        if os.environ.get("GNK_REQUIRE_ALL") == "1":
            pytest.fail(MISSING)
        pytest.skip(MISSING)


# --- people -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heard:
    """A message as a client shows it; ``text`` of a changed one is the new text."""

    room: str
    id: str
    sender: str
    text: str
    content: dict[str, Any]
    encrypted: bool
    changes: str | None = None

    @property
    def html(self) -> str:
        """The text as most clients show it."""
        return str(self.content.get("formatted_body", ""))


class Member:
    """Somebody with a client that encrypts, as Element does."""

    def __init__(self, login: Login, store: Path) -> None:
        self.login, self.id = login, login.user_id
        store.mkdir(parents=True, exist_ok=True)
        config = AsyncClientConfig(store=SqliteStore, store_name="member.sqlite3")
        self.client = AsyncClient(
            login.homeserver, login.user_id, login.device_id, str(store), config
        )
        self.client.restore_login(login.user_id, login.device_id, login.access_token)
        self.client.add_event_callback(self._hear, (RoomMessage, MegolmEvent))
        self.heard: list[Heard] = []
        self.unreadable = 0
        self._read = 0
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Come online."""
        self._task = asyncio.create_task(self._sync())
        await asyncio.wait_for(self.client.synced.wait(), WITHIN)

    async def _sync(self) -> None:
        await self.client.sync_forever(timeout=5000, full_state=True, loop_sleep_time=0)

    async def stop(self) -> None:
        """Go offline."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.client.close()
        self.client.store.database.close()

    async def _hear(self, room: Any, event: Event) -> None:
        if isinstance(event, MegolmEvent):
            self.unreadable += event.sender != self.id
        elif event.sender != self.id:
            content = event.source["content"]
            relation = content.get("m.relates_to", {})
            changes = relation.get("event_id") if relation.get("rel_type") == "m.replace" else None
            shown = content["m.new_content"] if changes else content
            self.heard.append(
                Heard(room.room_id, event.event_id, event.sender, shown["body"], shown,
                      bool(event.decrypted), changes)
            )  # fmt: skip
        self._news.set()

    # --- saying --------------------------------------------------------------------------------

    async def chats_with(self, other: str, *, encrypted: bool = True) -> str:
        """Begin a direct chat, as Element does; returns the room once the other is in it."""
        room = await self._create(is_direct=True, invite=[other], encrypted=encrypted)
        await self.meets(other, room)
        return room

    async def opens(
        self, title: str = "", *, encrypted: bool = False, invite: tuple[str, ...] = (), **more: Any
    ) -> str:
        """Open a room and invite people, without waiting for them."""
        return await self._create(name=title, invite=list(invite), encrypted=encrypted, **more)

    async def _create(self, *, encrypted: bool, **more: Any) -> str:
        state = {"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
        initial = [{**state, "state_key": ""}] if encrypted else []
        made = await self.client.room_create(initial_state=initial, **more)
        room: str = made.room_id
        await self.until(lambda: room in self.client.rooms)
        return room

    async def invites(self, other: str, room: str) -> None:
        """Invite somebody."""
        await self.client.room_invite(room, other)

    async def meets(self, other: str, room: str) -> None:
        """Wait until somebody has come in."""

        def there() -> bool:
            user = self.client.rooms[room].users.get(other)
            return user is not None and not user.invited

        await self.until(there)

    async def enters(self, room: str) -> bool:
        """Try to come into a room by oneself."""
        got = await self.client.join(room)
        if not isinstance(got, JoinResponse):
            return False
        await self.until(lambda: room in self.client.rooms)
        return True

    async def is_invited(self, room: str) -> None:
        """Wait for an invitation."""
        await self.until(lambda: room in self.client.invited_rooms)

    async def asks(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Make a request of the client interface as this person; status and answer."""
        data = None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {self.login.access_token}"}
        response = await self.client.send(method, f"/_matrix/client/v3/{path}", data, headers)
        return response.status, await response.json()

    async def misses(self, other: str, room: str) -> None:
        """Wait until somebody has left (or declined)."""
        await self.until(lambda: other not in self.client.rooms[room].users)

    async def says(self, room: str, text: str, **more: Any) -> str:
        """Say something; returns the message."""
        return await self.sends(room, {"msgtype": "m.text", "body": text, **more})

    async def replies(self, to: Heard, text: str) -> str:
        """Reply to a message, with the quotation that many clients put before it."""
        quoted = "\n".join(f"> {line}" for line in to.text.split("\n"))
        quoted = quoted.replace("> ", f"> <{to.sender}> ", 1)
        relation = {"m.in_reply_to": {"event_id": to.id}}
        return await self.says(to.room, f"{quoted}\n\n{text}", **{"m.relates_to": relation})

    async def reacts(self, to: Heard, key: str) -> None:
        """React to a message."""
        relation = {"rel_type": "m.annotation", "event_id": to.id, "key": key}
        await self.sends(to.room, {"m.relates_to": relation}, "m.reaction")

    async def uploads(self, room: str, name: str, data: bytes, mime: str) -> str:
        """Send a file, encrypted where the room is."""
        sent, keys = encrypt_attachment(data) if self.client.rooms[room].encrypted else (data, None)
        path = "/_matrix/media/v3/upload"
        headers = {
            "Authorization": f"Bearer {self.login.access_token}",
            "Content-Type": "application/octet-stream" if keys else mime,
        }
        response = await self.client.send("POST", path, sent, headers)
        url = (await response.json())["content_uri"]
        named = {"file": {**keys, "url": url}} if keys else {"url": url}
        info = {"mimetype": mime, "size": len(data)}
        return await self.sends(room, {"msgtype": "m.file", "body": name, "info": info, **named})

    async def sends(self, room: str, content: dict[str, Any], kind: str = "m.room.message") -> str:
        """Send any event."""
        sent = await self.client.room_send(room, kind, content, ignore_unverified_devices=True)
        assert isinstance(sent, RoomSendResponse), sent
        return str(sent.event_id)

    async def brings(self, messages: dict[str, Any]) -> None:
        """Send encrypted messages to devices (room keys, for instance)."""
        path = f"/_matrix/client/v3/sendToDevice/m.room.encrypted/{secrets.token_hex(8)}"
        headers = {"Authorization": f"Bearer {self.login.access_token}"}
        response = await self.client.send("PUT", path, json.dumps(messages), headers)
        assert response.status == 200

    # --- seeing --------------------------------------------------------------------------------

    async def sees(self, text: str) -> Heard:
        """The next message (after the one seen before) with this text in it."""

        def found() -> bool:
            for index in range(self._read, len(self.heard)):
                if text in self.heard[index].text:
                    self._read = index + 1
                    return True
            return False

        try:
            await self.until(found)
        except TimeoutError:
            said = [h.text for h in self.heard[-8:]]
            raise AssertionError(f"{text!r} was not seen; lately: {said}") from None
        return self.heard[self._read - 1]

    def saw(self, text: str) -> int:
        """How many messages with this text have come so far."""
        return sum(text in h.text for h in self.heard)

    async def opens_file(self, message: Heard) -> bytes:
        """The bytes of a file that was sent."""
        locked = message.content.get("file")
        url = locked["url"] if locked else message.content["url"]
        got = await self.client.download(mxc=url)
        data: bytes = got.body
        if locked:
            key, digest = locked["key"]["k"], locked["hashes"]["sha256"]
            data = decrypt_attachment(data, key, digest, locked["iv"])
        return data

    async def state(self, room: str, kind: str) -> dict[str, Any]:
        """A room's state of this type."""
        got = await self.client.room_get_state_event(room, kind)
        return dict(got.content)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something that this person's client gets to know."""
        async with asyncio.timeout(WITHIN):
            while not holds():
                self._news.clear()
                # Members come and go without a message.
                waiting = {
                    asyncio.ensure_future(e.wait()) for e in (self._news, self.client.synced)
                }
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for left in waiting:
                    left.cancel()
                self.client.synced.clear()


@asynccontextmanager
async def online(login: Login, store: Path) -> AsyncIterator[Member]:
    """Somebody who is online as long as this is entered."""
    member = Member(login, store)
    try:
        await member.start()
        yield member
    finally:
        await member.stop()
