"""PTB's connections to the Bot API, by aiohttp.

PTB's own backend (httpx) spends most of a bot's processor time where many votes are confirmed at
once: 1,500 presses took 13 seconds from Telegram to their toasts, and take 3.5 seconds this way.
It also writes addresses, with the token in them, and answers that it cannot read into the log.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECTIONS = 64
CONNECT = 10.0
READ = 20.0
UPLOAD = 300.0
"""Seconds."""

NEVER_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
)
"""Errors of a call that broke before a byte of it was sent."""

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Requests(BaseRequest):
    """Connections to one server."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[str, str | None] = {}

    @property
    def read_timeout(self) -> float | None:
        """Seconds for which an answer may stay away, where a call does not say."""
        return READ

    async def initialize(self) -> None:
        """Nothing: connections are opened when they are needed."""

    async def shutdown(self) -> None:
        """Close the connections; a later call opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make a request. The cause of a ``NetworkError`` or ``TimedOut`` is aiohttp's error."""
        read = READ if read_timeout is BaseRequest.DEFAULT_NONE else read_timeout
        form = request_data is not None and request_data.contains_files
        whole = None if read is None else read + CONNECT + (UPLOAD if form else 0)
        timeout = aiohttp.ClientTimeout(total=whole, connect=CONNECT, sock_read=read)
        body, headers = _body(request_data)
        proxy = self._proxy(url)
        try:
            async with self._opened().request(
                method, url, data=body, headers=headers, timeout=timeout, proxy=proxy
            ) as response:
                return response.status, await response.read()
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError) as error:
            # Some of aiohttp's own words name the address, and with it the token.
            raise NetworkError(type(error).__name__) from error

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """As PTB's, which would write an answer that it cannot read into the log."""
        try:
            return json.loads(payload.decode("utf-8", "replace"))
        except ValueError:
            raise TelegramError("Invalid server response") from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                headers={"User-Agent": self.USER_AGENT},
            )
        return self._session

    def _proxy(self, url: str) -> str | None:
        """The environment's proxy for an address, if one is set."""
        to = urlsplit(url)
        key = f"{to.scheme}://{to.netloc}"
        if key not in self._proxies:
            bypassed = proxy_bypass(to.hostname or "")
            self._proxies[key] = None if bypassed else getproxies().get(to.scheme)
        return self._proxies[key]


def _body(
    given: RequestData | None,
) -> tuple[aiohttp.FormData | bytes | None, dict[str, str] | None]:
    if given is None:
        return None, None
    if not given.contains_files:
        # aiohttp would make a multipart body of the same words first, which costs as much as
        # everything else in a call.
        return urlencode(given.json_parameters).encode(), _FORM
    # Telegram shows a file's name as it stands here, percent signs and all.
    form = aiohttp.FormData(given.json_parameters, quote_fields=False)
    for name, (filename, data, mime) in (given.multipart_data or {}).items():
        form.add_field(name, data, filename=filename, content_type=mime)
    return form, None
