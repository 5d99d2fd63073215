"""Telegram, by python-telegram-bot: long polling or webhook, cards, toasts, files."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote

from aiohttp import web
from telegram import Bot, BotCommand, BotCommandScopeChat
from telegram.constants import CallbackQueryLimit, FileSizeLimit
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.platforms import Delivery, Outcome, Receive, Retry
from bot.platforms.telegram.errors import OLD_QUERY, described, says
from bot.platforms.telegram.layout import shortened_plain
from bot.platforms.telegram.limits import Pace
from bot.platforms.telegram.menus import CommandList, register
from bot.platforms.telegram.reading import NAME, read
from bot.platforms.telegram.receiving import PATH, Receiving, Webhook, hook
from bot.platforms.telegram.requests import Requests
from bot.platforms.telegram.secrecy import keep_secret
from bot.platforms.telegram.sending import Sending
from bot.text import Reader, plain
from handlers.chat import Capabilities, Event, Text
from storage.inbox import Waiting

__all__ = [
    "PATH",
    "CommandList",
    "NotAccepted",
    "Telegram",
    "TooLarge",
    "Unreachable",
    "Webhook",
    "keep_secret",
]

log = logging.getLogger(__name__)

LONGEST_TOAST = int(CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH)

READ_AT_A_GLANCE = 80
"""Characters of a toast that vanishes by itself; a longer one stays until it is closed."""

ANSWERS_AT_ONCE = 32
"""Presses answered at the same time: fewer than there are connections, or some would time out."""

LARGEST_DOWNLOAD = int(FileSizeLimit.FILESIZE_DOWNLOAD)
"""Bytes of a file that a bot may fetch (Bot API, getFile)."""

_TOKEN = re.compile(r"(\d{1,20}):([A-Za-z0-9_-]{8,})")
_CLOSING = 3.0


class NotAccepted(Exception):
    """Telegram does not take this token; the message says so in a sentence."""


class Unreachable(Exception):
    """Telegram could not be asked; the message says why."""


class TooLarge(Exception):
    """A file is larger than what a bot may fetch (``LARGEST_DOWNLOAD``)."""


class Telegram:
    """Telegram as a platform, and with a webhook as a part of the web server."""

    name = NAME
    repeatable: tuple[str, ...] | None = ("replace", "enter", "leave", "task")
    loopback_only = False

    def __init__(
        self,
        token: str,
        clock: Callable[[], datetime],
        *,
        base_url: str = "https://api.telegram.org",
        menus: Sequence[CommandList] = (),
        webhook: Webhook | None = None,
    ) -> None:
        """``base_url``: a Bot API server of one's own. Raises NotAccepted for what is no token."""
        made = _TOKEN.fullmatch(token)
        if made is None:
            raise NotAccepted("This is no bot token: BotFather's are digits, a colon, letters.")
        keep_secret([token, made[2], quote(token, safe="")])
        if webhook is not None:
            keep_secret([webhook.secret])
        # The form of PTB's next version; without it each 429 comes with a warning.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        self.capabilities = Capabilities(buttons=True, private_toast=True, native_polls=True)
        self.caught_up = asyncio.Event()
        self._requests = Requests(), Requests()
        self.bot = Bot(
            token,
            base_url=f"{base_url.rstrip('/')}/bot",
            base_file_url=f"{base_url.rstrip('/')}/file/bot",
            get_updates_request=self._requests[0],
            request=self._requests[1],
        )
        self.pace = Pace()
        self._id, self._menus, self._webhook = int(made[1]), menus, webhook
        self._sending = Sending(self.bot, self._id, self.pace)
        self._receiving = Receiving(self.bot, clock, self.caught_up)
        self._receive: Receive | None = None
        self._me: str | None = None
        self._offered: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {}
        self._answering = asyncio.Semaphore(ANSWERS_AT_ONCE)
        self._under_way: set[asyncio.Future[Outcome]] = set()
        self._closed = False

    # --- asking about it ----------------------------------------------------------------------

    async def check(self) -> str:
        """The bot's name (``@gnk_bot``). Raises NotAccepted or Unreachable."""
        try:
            self._met((await self.bot.get_me()).username)
        except InvalidToken:
            raise NotAccepted(
                "Telegram does not accept this token. Copy it from BotFather once more."
            ) from None
        except TelegramError as error:
            raise Unreachable(f"Telegram cannot be reached ({described(error)}).") from None
        return f"@{self._me}"

    def link(self, code: str) -> str:
        """The address that opens the bot with an invitation code.

        Raises ValueError for a code that Telegram does not carry, RuntimeError before the bot's
        name is known (``check`` or ``run``).
        """
        if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", code) is None:
            raise ValueError("a code for Telegram is 1-64 of A-Z a-z 0-9 _ -")
        if self._me is None:
            raise RuntimeError("the bot's name is not known yet")
        return f"https://t.me/{self._me}?start={code}"

    def _met(self, username: str | None) -> None:
        self._me = username or ""
        link = f"https://t.me/{self._me}?start={{code}}"
        self.capabilities = replace(self.capabilities, public_link=link)

    # --- in -----------------------------------------------------------------------------------

    async def run(self, receive: Receive) -> None:
        """Receive until cancelled."""
        me = await self._receiving.until_it_works(self.bot.get_me)
        self._met(me.username)
        self._receive = receive
        async with asyncio.TaskGroup() as group:
            group.create_task(register(self.bot, self._menus))
            if self._webhook is not None:
                group.create_task(self._receiving.be_told(self._webhook))
            else:
                group.create_task(self._receiving.poll(receive, self._me or ""))

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Its address for Telegram, if a webhook is wanted."""
        if self._webhook is None:
            return []
        return [web.post(PATH, hook(self._webhook, self._ready))]

    def _ready(self) -> tuple[Receive, str] | None:
        return (self._receive, self._me or "") if self._receive is not None else None

    def read(self, waiting: Waiting) -> Event | None:
        """The event in an inbox row; None if it means nothing to us; raises Unreadable."""
        return read(waiting, self._id)

    async def fetch(self, ref: str) -> bytes:
        """The bytes of a file that was sent (``Sent.ref``).

        Raises KeyError if they are gone, TooLarge, or Unreachable.
        """
        try:
            file = await self.bot.get_file(ref)
            if (file.file_size or 0) > LARGEST_DOWNLOAD:
                raise TooLarge(ref)
            return bytes(await file.download_as_bytearray())
        except BadRequest as error:
            if says(error, "file is too big"):
                raise TooLarge(ref) from None
            raise KeyError(ref) from None
        except TelegramError as error:
            raise Unreachable(f"Telegram cannot be reached ({described(error)}).") from None

    # --- out ----------------------------------------------------------------------------------

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Deliver one thing within Telegram's limits."""
        if self._closed:
            return Retry(timedelta(), "the connection is closed")
        work = asyncio.ensure_future(self._sending.deliver(delivery))
        self._under_way.add(work)
        work.add_done_callback(self._under_way.discard)
        return await work

    async def toast(self, event: Event, text: Text | None, reader: Reader) -> None:
        """Answer a press: the button stops spinning, and the text is shown to that person only."""
        if event.answer_token is None or self._closed:
            return
        said = shortened_plain(plain(text, reader), LONGEST_TOAST) if text is not None else None
        alert = bool(said and len(said) > READ_AT_A_GLANCE)
        try:
            async with self._answering:
                await self.bot.answer_callback_query(event.answer_token, said, show_alert=alert)
        except TelegramError as error:
            if not says(error, OLD_QUERY):
                log.warning("a press could not be answered: %s", described(error))

    async def offer(self, place: str, language: str, commands: Sequence[tuple[str, str]]) -> None:
        """Show these commands (word, what it does) in the menu of one direct chat.

        ``language`` is the one they are written in; they hold whatever language the app is set
        to, as the person chose it here. Offering the same again costs nothing.
        """
        offered = (language, tuple(commands))
        if self._offered.get(place) == offered:
            return
        try:
            await self.bot.set_my_commands(
                [BotCommand(word, hint) for word, hint in commands],
                BotCommandScopeChat(int(place)),
            )
        except TelegramError as error:
            log.warning("a chat's list of commands could not be set: %s", described(error))
            return
        self._offered[place] = offered

    async def close(self) -> None:
        """Let the deliveries under way end, shortly, then end connections."""
        if self._closed:
            return
        self._closed = True
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_CLOSING)
        # Not by ``Bot.shutdown``, which knows only what ``Bot.initialize`` opened; that one puts
        # the token into the words of its error.
        for requests in self._requests:
            await requests.shutdown()
