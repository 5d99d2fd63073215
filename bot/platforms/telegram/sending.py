"""Deliveries as Bot API calls, and what became of them."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Sequence
from typing import Any

from telegram import Bot, InputMediaPhoto, LinkPreviewOptions, Message
from telegram.constants import FileSizeLimit, ParseMode
from telegram.error import Forbidden, RetryAfter, TelegramError

from bot.platforms import Delivered, Delivery, Failed, File, Outcome, Unknown
from bot.platforms.telegram.errors import (
    NO_TEXT,
    NOT_MODIFIED,
    described,
    later,
    never_sent,
    outcome_of,
    says,
    seconds_of,
)
from bot.platforms.telegram.layout import (
    LONGEST_CAPTION,
    LONGEST_TEXT,
    Part,
    length,
    parts,
    single,
    split,
)
from bot.platforms.telegram.limits import Pace
from bot.platforms.telegram.tasks import Tasks
from bot.platforms.telegram.topics import in_topic, topic_of
from bot.text import body_html
from handlers.chat import Card

log = logging.getLogger(__name__)

LARGEST_UPLOAD = int(FileSizeLimit.FILESIZE_UPLOAD)
"""Bytes of a file that a bot may send (Bot API, Sending files)."""

_PHOTOS_KEPT = 64
_MORE_TRIES = 4
_LONGEST_PAUSE = 60.0

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Sending:
    """Sends for one bot, within its pace."""

    def __init__(self, bot: Bot, me: int, pace: Pace) -> None:
        """``me`` is the bot's own account."""
        self.bot, self.pace = bot, pace
        self._tasks = Tasks(bot, me, pace)
        self._photos: dict[bytes, str] = {}
        """Pictures that Telegram has already, so that each is uploaded once."""

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Deliver one thing."""
        if delivery.task is not None:
            return await self._tasks.deliver(delivery, delivery.task)
        try:
            chat = int(delivery.place)
        except ValueError:
            return Failed("not the id of a chat")
        if delivery.kind == "enter":
            return Delivered()
        if delivery.kind == "leave":
            return await self._leave(chat)
        if delivery.file is not None:
            return await self._file(chat, delivery, delivery.file)
        if delivery.card is None:
            return Failed(f"a delivery of kind {delivery.kind} without content")
        made = _messages(delivery, delivery.card)
        if delivery.kind == "edit":
            return await self._edit(chat, delivery, made)
        return await self._all(chat, made, pin=delivery.pin, topic=topic_of(delivery))

    # --- new messages -----------------------------------------------------------------------

    async def _all(
        self, chat: int, made: Sequence[Part], *, pin: bool = False, topic: int | None = None
    ) -> Outcome:
        """Send all parts; the last one's number stands for them."""
        async with self.pace.turn(chat, len(made) + pin) as wait:
            return later(wait) if wait else await self._one_by_one(chat, made, pin, topic)

    async def _one_by_one(
        self, chat: int, made: Sequence[Part], pin: bool, topic: int | None
    ) -> Outcome:
        last: Message | None = None
        for number, part in enumerate(made):
            send = self._send if number == 0 else self._rest
            try:
                last = await send(chat, part, topic)
            except TelegramError as error:
                if number > 0:
                    return Unknown(f"{number} of {len(made)} parts were sent: {described(error)}")
                return self._outcome(chat, error, repeatable=False)
        if last is None:
            return Failed("a card without words")
        if pin:
            await self._pin(last)
        return Delivered(str(last.message_id))

    async def _send(self, chat: int, part: Part, topic: int | None) -> Message:
        return await in_topic(topic, lambda thread: self._send_part(chat, part, thread))

    async def _send_part(self, chat: int, part: Part, topic: int | None) -> Message:
        if part.png is None:
            return await self.bot.send_message(
                chat,
                part.html,
                parse_mode=ParseMode.HTML,
                reply_markup=part.keyboard,
                link_preview_options=_NO_PREVIEW,
                message_thread_id=topic,
            )
        sent = await self.bot.send_photo(
            chat,
            self._photo(part.png),
            caption=part.html,
            parse_mode=ParseMode.HTML,
            reply_markup=part.keyboard,
            message_thread_id=topic,
        )
        self._keep_photo(part.png, sent)
        return sent

    async def _rest(self, chat: int, part: Part, topic: int | None) -> Message:
        """A further part: the first one is out, so what was refused is tried again here."""
        for further in range(_MORE_TRIES):
            try:
                return await self._send(chat, part, topic)
            except RetryAfter as error:
                pause = seconds_of(error)
                if pause > _LONGEST_PAUSE:
                    raise
            except TelegramError as error:
                if not never_sent(error):
                    raise
                pause = 2.0**further
            await asyncio.sleep(pause)
        return await self._send(chat, part, topic)

    async def _pin(self, message: Message) -> None:
        try:
            await self.bot.pin_chat_message(
                message.chat_id, message.message_id, disable_notification=True
            )
        except TelegramError as error:
            # The message stands: that it could not be pinned (no right to) is worth a line only.
            log.warning("a message could not be pinned: %s", described(error))

    async def _file(self, chat: int, delivery: Delivery, file: File) -> Outcome:
        if len(file.data) > LARGEST_UPLOAD:
            return Failed(f"the file is larger than {LARGEST_UPLOAD // 1_000_000} MB")
        caption = body_html(delivery.card.body, delivery.reader) if delivery.card else ""
        short = length(caption) <= LONGEST_CAPTION
        texts = [] if short else [Part(text) for text in split(caption, LONGEST_TEXT)]
        async with self.pace.turn(chat, 1 + len(texts)) as wait:
            if wait:
                return later(wait)
            said = caption if short else ""
            return await self._file_and_words(chat, file, said, texts, topic_of(delivery))

    async def _file_and_words(
        self, chat: int, file: File, caption: str, texts: Sequence[Part], topic: int | None
    ) -> Outcome:
        try:
            sent = await in_topic(
                topic,
                lambda thread: self.bot.send_document(
                    chat,
                    file.data,
                    filename=file.name,
                    caption=caption or None,
                    parse_mode=ParseMode.HTML,
                    disable_content_type_detection=True,
                    message_thread_id=thread,
                ),
            )
        except TelegramError as error:
            return self._outcome(chat, error, repeatable=False)
        for text in texts:
            try:
                await self._rest(chat, text, topic)
            except TelegramError as error:
                return Unknown(f"the file was sent without its words: {described(error)}")
        return Delivered(str(sent.message_id))

    # --- changes ----------------------------------------------------------------------------

    async def _edit(self, chat: int, delivery: Delivery, made: Sequence[Part]) -> Outcome:
        message, live = delivery.message or "", delivery.board is not None
        if not (message.isascii() and message.isdigit()):
            return Failed("the message is not there", gone=True)
        first, *more = made
        async with self.pace.turn(chat, 1 + delivery.unpin, live=live) as wait:
            if wait:
                return later(wait)
            if delivery.unpin:
                await _unpin(self.bot, chat, int(message))
            try:
                outcome = await self._change(chat, int(message), first, delivery)
            except TelegramError as error:
                return self._outcome(chat, error, repeatable=True)
        if not more or not isinstance(outcome, Delivered):
            return outcome
        # What did not fit into the message follows it.
        return await self._all(chat, more, topic=topic_of(delivery))

    async def _change(self, chat: int, message: int, part: Part, delivery: Delivery) -> Outcome:
        try:
            if part.png is not None:
                await self._change_photo(chat, message, part)
            else:
                await self._change_text(chat, message, part)
        except TelegramError as error:
            if says(error, NOT_MODIFIED):
                return Delivered(str(message))
            if says(error, NO_TEXT):
                return await self._photo_to_text(chat, message, part, delivery)
            raise
        return Delivered(str(message))

    async def _change_text(self, chat: int, message: int, part: Part) -> None:
        await self.bot.edit_message_text(
            part.html,
            chat,
            message,
            parse_mode=ParseMode.HTML,
            reply_markup=part.keyboard,
            link_preview_options=_NO_PREVIEW,
        )

    async def _change_photo(self, chat: int, message: int, part: Part) -> None:
        png = part.png or b""
        media = InputMediaPhoto(self._photo(png), caption=part.html, parse_mode=ParseMode.HTML)
        changed = await self.bot.edit_message_media(
            media, chat, message, reply_markup=part.keyboard
        )
        if isinstance(changed, Message):
            self._keep_photo(png, changed)

    async def _photo_to_text(
        self, chat: int, message: int, part: Part, delivery: Delivery
    ) -> Outcome:
        """A photo cannot become a text message.

        A live card keeps its photo and gets the words as far as they fit; anything else is sent
        anew in the place of the old message.
        """
        if delivery.board is not None:
            caption = split(part.html, LONGEST_CAPTION - 2)
            words = caption[0] + (" …" if len(caption) > 1 else "")
            return await self._call(
                chat,
                self.bot.edit_message_caption(
                    chat, message, caption=words, parse_mode=ParseMode.HTML,
                    reply_markup=part.keyboard,
                ),
                Delivered(str(message)),
            )  # fmt: skip
        sent = await self._all(chat, [part], topic=topic_of(delivery))
        if isinstance(sent, Delivered):
            try:
                await self.bot.delete_message(chat, message)
            except TelegramError as error:
                log.warning("a replaced message stays: %s", described(error))
        return sent

    async def _call(self, chat: int, call: Awaitable[Any], done: Delivered) -> Outcome:
        try:
            await call
        except TelegramError as error:
            if not says(error, NOT_MODIFIED):
                return self._outcome(chat, error, repeatable=True)
        return done

    async def _leave(self, chat: int) -> Outcome:
        try:
            await self.bot.leave_chat(chat)
        except Forbidden:
            return Delivered()  # It is not there (any more), which is what was wanted.
        except TelegramError as error:
            outcome = self._outcome(chat, error, repeatable=True)
            return Delivered() if isinstance(outcome, Failed) and outcome.gone else outcome
        return Delivered()

    # --- pieces -----------------------------------------------------------------------------

    def _outcome(self, chat: int, error: TelegramError, *, repeatable: bool) -> Outcome:
        if isinstance(error, RetryAfter):
            self.pace.refused(chat, seconds_of(error))
        return outcome_of(error, repeatable=repeatable)

    def _photo(self, png: bytes) -> bytes | str:
        return self._photos.get(hashlib.sha256(png).digest(), png)

    def _keep_photo(self, png: bytes, sent: Message) -> None:
        if not sent.photo:
            return
        while len(self._photos) >= _PHOTOS_KEPT:
            self._photos.pop(next(iter(self._photos)))
        self._photos[hashlib.sha256(png).digest()] = sent.photo[-1].file_id


def _messages(delivery: Delivery, card: Card) -> list[Part]:
    """The messages of a card; a live one is edited as a whole, so it has to be one message."""
    made = parts(card, delivery.reader)
    if delivery.board is None or len(made) == 1:
        return made
    one = single(card, delivery.reader)
    # A photo whose words do not fit below it goes before them once, and is not changed any more.
    photo_first = card.picture is not None and delivery.kind != "edit"
    return [made[0], one] if photo_first else [one]


async def _unpin(bot: Bot, chat: int, message: int) -> None:
    try:
        await bot.unpin_chat_message(chat, message_id=message)
    except TelegramError as error:
        # Not pinned (any more) is what was wanted; that it may not is worth a line only.
        log.warning("a message could not be unpinned: %s", described(error))
