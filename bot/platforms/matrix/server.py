"""The homeserver: requests, how they are refused, and logging in.

Requests are made here, not by nio: every answer comes back with its status and code, nothing is
repeated behind our back, and the access token stands in a header only.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

CLIENT = "/_matrix/client/v3"
WITHIN = 30.0
"""Seconds that an ordinary request may take."""

_NO_TOKEN = ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED")


class NotAccepted(Exception):
    """The homeserver does not let the bot in; the message says why and what to do."""


class Unreachable(Exception):
    """No answer, or none that can be used now: the same request may be made again."""


@dataclass(frozen=True, slots=True)
class Login:
    """An account's device on a homeserver. The crypto store belongs to exactly this device."""

    homeserver: str
    user_id: str
    access_token: str = field(repr=False)
    device_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the homeserver said."""

    status: int
    body: Mapping[str, Any]
    listed: Sequence[Any] = ()
    """What it said if that was a list."""

    @property
    def ok(self) -> bool:
        """Whether it did what was asked."""
        return 200 <= self.status < 300

    @property
    def code(self) -> str:
        """The Matrix error code, or the status where there is none."""
        code = self.body.get("errcode")
        return code if isinstance(code, str) else f"HTTP {self.status}"

    @property
    def wait(self) -> timedelta | None:
        """How long to wait if this was too much at once."""
        if self.status != 429 and self.code != "M_LIMIT_EXCEEDED":
            return None
        after = self.body.get("retry_after_ms")
        return timedelta(milliseconds=after if isinstance(after, int | float) else 5000)

    @property
    def token_refused(self) -> bool:
        """Whether the access token is not valid (any more)."""
        return self.code in _NO_TOKEN


class Server:
    """A homeserver's client interface, with or without a login."""

    def __init__(self, address: str, token: str = "") -> None:
        """``address`` like ``https://matrix.example.org``."""
        self.address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        query: Mapping[str, str] | None = None,
        mime: str = "application/json",
        within: float = WITHIN,
    ) -> Answer:
        """Make one request. Raises Unreachable."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {**self._headers, "Content-Type": mime} if data is not None else self._headers
        try:
            async with self._open().request(
                method,
                self._url(path),
                params=query,
                data=data,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=within),
            ) as response:
                made = _read(await response.read())
                listed = made if isinstance(made, list) else ()
                body = made if isinstance(made, dict) else {}
                return Answer(response.status, body, listed)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # The library's own message may name proxies and addresses with credentials in them.
            raise Unreachable(type(error).__name__) from None

    async def bytes_of(self, path: str, most: int) -> bytes:
        """A resource of at most ``most`` bytes. Raises Unreachable, KeyError, ValueError."""
        try:
            async with self._open().get(
                self._url(path),
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=10 * WITHIN),
            ) as response:
                if response.status in (403, 404, 410):
                    raise KeyError(path)
                if response.status != 200:
                    raise Unreachable(f"HTTP {response.status}")
                got = bytearray()
                async for chunk in response.content.iter_chunked(1 << 16):
                    got += chunk
                    if len(got) > most:
                        raise ValueError(f"more than {most} bytes")
                return bytes(got)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(type(error).__name__) from None

    async def close(self) -> None:
        """End the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    def _url(self, path: str) -> URL:
        # Room and event ids are quoted already; quoting them again would name others.
        return URL(self.address + path, encoded=True)


def _read(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def room_path(room_id: str, *parts: str) -> str:
    """The path of something in a room."""
    return "/".join((f"{CLIENT}/rooms", *(quote(p, safe="") for p in (room_id, *parts))))


async def whoami(server: Server, login: Login) -> None:
    """See that the token is valid and belongs to this account and device.

    Raises NotAccepted, Unreachable.
    """
    answer = await server.call("GET", f"{CLIENT}/account/whoami")
    if answer.token_refused:
        raise NotAccepted(
            f"the homeserver does not accept the access token of {login.user_id} (any more): "
            "log the bot in again"
        )
    if not answer.ok:
        raise Unreachable(answer.code)
    if answer.body.get("user_id") != login.user_id:
        raise NotAccepted(f"the access token is not one of {login.user_id}")
    if answer.body.get("device_id", login.device_id) != login.device_id:
        raise NotAccepted(f"the access token is not one of the device {login.device_id}")


async def log_in(homeserver: str, user_id: str, password: str, device_name: str) -> Login:
    """Log in as a new device, which needs an empty crypto store.

    ``homeserver`` may be a server's name (``example.org``) or its address. Raises NotAccepted.
    """
    server = Server(await _address(homeserver))
    asked = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user_id},
        "password": password,
        "initial_device_display_name": device_name,
    }
    try:
        answer = await server.call("POST", f"{CLIENT}/login", asked)
    except Unreachable as error:
        raise NotAccepted(f"{server.address} does not answer ({error})") from None
    finally:
        await server.close()
    if answer.ok:
        body = answer.body
        return Login(server.address, body["user_id"], body["access_token"], body["device_id"])
    if answer.wait is not None:
        seconds = round(answer.wait.total_seconds())
        raise NotAccepted(f"too many logins: the homeserver asks to wait {seconds} seconds")
    if answer.status == 403:
        raise NotAccepted(f"the homeserver does not accept this password for {user_id}")
    raise NotAccepted(f"the homeserver refused the login ({answer.code})")


async def _address(homeserver: str) -> str:
    given = homeserver if "://" in homeserver else f"https://{homeserver}"
    for candidate in (given, await _announced(given)):
        if candidate and await _speaks_matrix(candidate):
            return candidate.rstrip("/")
    raise NotAccepted(f"there is no Matrix homeserver at {urlsplit(given).netloc}")


async def _announced(address: str) -> str | None:
    answer = await _asked(address, "/.well-known/matrix/client")
    named = answer.body.get("m.homeserver") if answer else None
    base = named.get("base_url") if isinstance(named, dict) else None
    return base if isinstance(base, str) else None


async def _speaks_matrix(address: str) -> bool:
    answer = await _asked(address, "/_matrix/client/versions")
    return answer is not None and answer.ok and "versions" in answer.body


async def _asked(address: str, path: str) -> Answer | None:
    server = Server(address)
    try:
        async with asyncio.timeout(WITHIN):
            return await server.call("GET", path)
    except (Unreachable, TimeoutError, ValueError):
        return None
    finally:
        await server.close()
