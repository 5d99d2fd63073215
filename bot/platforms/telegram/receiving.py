"""Getting updates: by asking Telegram for them, or by being told at our own address.

Either way an update is in the inbox before Telegram may forget it.

PTB's ``Updater`` is not used: it parses a whole batch before its queue sees any of it, so that one
malformed update would hold up all others for good. The batch is fetched raw, by PTB's public
``do_api_request``, and each update is read by itself when it is handled.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from aiohttp import web
from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.platforms import Receive
from bot.platforms.telegram.errors import described, seconds_of
from bot.platforms.telegram.reading import KINDS, NAME, arrival, update_id

log = logging.getLogger(__name__)

PATH = "/telegram/webhook"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name

BATCH = 100
"""Updates fetched at once, the most that Telegram gives."""

LONG_POLL = 25
"""Seconds for which Telegram keeps a request open while nothing happens."""

KEPT_FOR = timedelta(hours=24)
"""How long Telegram keeps updates that nobody fetched (Bot API, Getting updates)."""

SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 30.0
_LOOK_AT_WEBHOOK = 300.0

T = TypeVar("T")

# Method names are case-insensitive (Bot API, Making requests). Spelt as its own method, PTB would
# warn that the method should be called, which parses.
_GET_UPDATES = "getupdates"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where Telegram delivers updates: the public address of ``PATH`` on our web server.

    ``secret``: 16-256 characters of ``A-Z a-z 0-9 _ -``, which Telegram repeats each time.

    Raises ValueError for another one, or an address that does not end with ``PATH``.
    """

    url: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if re.fullmatch(r"[A-Za-z0-9_-]{16,256}", self.secret) is None:
            raise ValueError("a webhook's secret is 16-256 of A-Z a-z 0-9 _ -")
        if not self.url.endswith(PATH):
            raise ValueError(f"a webhook's address ends with {PATH}")


class Outages:
    """Says once that Telegram cannot be reached, and once that it can again; paces the tries."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.since: datetime | None = None
        self._pause = SHORTEST_PAUSE
        self._conflict_at: datetime | None = None
        self._conflict_pause = LONGEST_PAUSE

    def over(self) -> None:
        """A call came through."""
        self._pause = SHORTEST_PAUSE
        if self.since is None:
            return
        lost, self.since = self.clock() - self.since, None
        log.info("Telegram answers again after %s", _rounded(lost))
        if lost > KEPT_FOR:
            log.error("Telegram was out of reach for over 24 hours: older updates are lost there")

    async def wait(self, error: TelegramError) -> None:
        """Log what went wrong, as loudly as it deserves, and pause."""
        self._pause = pause = min(self._pause * 2, LONGEST_PAUSE)
        first, self.since = self.since is None, self.since or self.clock()
        match error:
            case Conflict():
                pause = self._after_conflict()
                log.error(
                    "Telegram: another program is receiving this bot's updates (409). "
                    "Only one can: stop the other one. Until then this bot hears nothing there. "
                    "Next try in %.0f s.",
                    pause,
                )
            case InvalidToken():
                pause = LONGEST_PAUSE
                log.error(
                    "Telegram does not accept the bot's token (any more). Has it been revoked at "
                    "BotFather? Set the new one and restart. Next try in %.0f s.",
                    pause,
                )
            case RetryAfter():
                pause = max(pause, seconds_of(error))
                log.warning("Telegram asks for a pause of %.0f s", pause)
            case _ if first:
                log.warning("Telegram cannot be reached (%s); trying again", described(error))
        await asyncio.sleep(pause)

    def _after_conflict(self) -> float:
        # Each of two pollers succeeds between two conflicts, so that success proves nothing.
        now, before = self.clock(), self._conflict_at
        again = before is not None and now - before < 4 * timedelta(seconds=LONGEST_PAUSE)
        self._conflict_at = now
        self._conflict_pause = min(self._conflict_pause * 2, LONGEST_PAUSE) if again else 1.0
        return self._conflict_pause


class Receiving:
    """Brings one bot's updates into the inbox."""

    def __init__(self, bot: Bot, clock: Callable[[], datetime], caught_up: asyncio.Event) -> None:
        self.bot, self.caught_up = bot, caught_up
        self.outages = Outages(clock)

    async def until_it_works(self, call: Callable[[], Awaitable[T]]) -> T:
        """The answer to a call, however long Telegram is away."""
        while True:
            try:
                answer = await call()
            except TelegramError as error:
                await self.outages.wait(error)
            else:
                self.outages.over()
                return answer

    async def poll(self, receive: Receive, me: str) -> None:
        """Fetch updates until cancelled."""
        await self.until_it_works(self._no_webhook)
        offset: int | None = None
        while True:
            offset = await self._fetch(receive, me, offset)

    async def _no_webhook(self) -> None:
        # Not without looking: each deletion tells another running copy that we are here.
        if (await self.bot.get_webhook_info()).url:
            log.warning("Telegram: the webhook that was set is deleted; updates are fetched")
            await self.bot.delete_webhook(drop_pending_updates=False)

    async def _fetch(self, receive: Receive, me: str, offset: int | None) -> int | None:
        """One batch, committed; returns the offset that confirms it with the next request."""
        # At first everything that waits is wanted, and an empty answer says that nothing does.
        seconds = LONG_POLL if self.caught_up.is_set() else 0
        asked = {"limit": BATCH, "timeout": seconds, "allowed_updates": list(KINDS)}
        if offset is not None:
            asked["offset"] = offset
        try:
            updates = await self.bot.do_api_request(
                _GET_UPDATES, asked, read_timeout=seconds + 10.0
            )
        except TelegramError as error:
            if isinstance(error, Conflict) and "webhook" in error.message:
                await self.until_it_works(self._no_webhook)
            else:
                await self.outages.wait(error)
            return offset
        self.outages.over()
        if not await self._store(receive, updates, me):
            return offset
        if len(updates) < BATCH:
            self.caught_up.set()
        numbers = [n for n in map(update_id, updates) if n is not None]
        return max(numbers) + 1 if numbers else offset

    async def _store(self, receive: Receive, updates: list[Any], me: str) -> bool:
        try:
            if updates:
                await receive(NAME, [arrival(update, me) for update in updates])
        except Exception:
            # Not confirmed, so Telegram gives it again; a full disk must not end the receiving.
            log.exception("updates from Telegram could not be stored; they are fetched again")
            await asyncio.sleep(1.0)
            return False
        return True

    async def be_told(self, webhook: Webhook) -> None:
        """Keep the webhook set, and say what Telegram says about it, until cancelled."""
        troubled: datetime | None = None
        first = True
        while True:
            info = await self.until_it_works(self.bot.get_webhook_info)
            # An earlier version may have asked for fewer kinds of updates at the same address.
            fewer = first and set(info.allowed_updates or ()) != set(KINDS)
            first = False
            if info.url != webhook.url or fewer:
                if info.url not in ("", webhook.url):
                    log.error("Telegram: another webhook was set for this bot; it is replaced")
                await self.until_it_works(lambda: self._set(webhook))
                continue
            if info.last_error_date is not None and info.last_error_date != troubled:
                troubled = info.last_error_date
                log.warning(
                    "Telegram could not deliver to the webhook: %s", info.last_error_message
                )
            if info.pending_update_count == 0:
                self.caught_up.set()
            await asyncio.sleep(_LOOK_AT_WEBHOOK if self.caught_up.is_set() else 1.0)

    async def _set(self, webhook: Webhook) -> None:
        await self.bot.set_webhook(
            webhook.url,
            secret_token=webhook.secret,
            allowed_updates=list(KINDS),
            drop_pending_updates=False,
        )


def hook(
    webhook: Webhook, ready: Callable[[], tuple[Receive, str] | None]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The request handler: commits an update, then says 200.

    ``ready`` gives the way to the inbox and the bot's name, None while they are not known: 503,
    and Telegram comes again.
    """

    async def told(request: web.Request) -> web.Response:
        secret = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(secret.encode("utf-8", "replace"), webhook.secret.encode()):
            return web.Response(status=403)
        try:
            update = json.loads(await request.read())
        except (ValueError, RecursionError):
            return web.Response(status=400)
        given = ready()
        if given is None:
            return web.Response(status=503, headers={"Retry-After": "2"})
        receive, me = given
        await receive(NAME, [arrival(update, me)])
        return web.Response()

    return told


def _rounded(time: timedelta) -> timedelta:
    return timedelta(seconds=round(time.total_seconds()))
