"""The web chat: the demo's page, and the chat of members without a messenger.

Nobody else keeps its messages, so the bot does (``storage.webchat``); open pages are told by
server-sent events. The place of a direct chat is the account's own id, the place of a channel is
``c<number>`` (``channel.external_id``).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.drawing import Draw
from bot.platforms import Delivered, Delivery, Failed, Outcome, Receive, Unreadable
from bot.platforms.web.api import Api, DemoInfo, DemoPerson, Identify, People, nobody
from bot.platforms.web.checks import Pressed, Refused, Spoken, Uploaded
from bot.platforms.web.looking import Commands, Hint, Looking
from bot.platforms.web.messages import board_content, card_content
from bot.platforms.web.sessions import DOOR, Sessions
from bot.platforms.web.streams import Streams
from bot.text import Reader, plain, web_html
from handlers.chat import (
    AccountRef,
    Capabilities,
    Event,
    Place,
    PlaceKind,
    Press,
    Said,
    Sent,
    Text,
)
from storage import inbox, webchat
from storage.db import Database, Tx
from storage.inbox import Arrival, Waiting
from storage.webchat import CHANNEL_ID, Draft

__all__ = ["DemoInfo", "DemoPerson", "Hint", "Identify", "People", "Sessions", "WebChat"]

_MENTION = ("gnk-bot", "gnk bot", "gnkbot")


def no_commands(_: Tx, __: str, ___: Reader) -> tuple[Hint, ...]:
    """Nothing to be suggested."""
    return ()


class WebChat:
    """The web chat as a platform, and as a part of the web server."""

    name = webchat.PLATFORM
    capabilities = Capabilities(buttons=True, private_toast=True)
    repeatable: tuple[str, ...] | None = None

    def __init__(
        self,
        db: Database,
        draw: Draw,
        clock: Callable[[], datetime],
        *,
        people: People | None = None,
        identify: Identify = nobody,
        commands: Commands = no_commands,
        sessions: Sessions | None = None,
        address: str | None = None,
    ) -> None:
        """With ``people`` it is the demo: any visitor may be any of them, on this machine only.

        Without, ``identify`` or ``sessions`` tell whose session a request belongs to. ``address``
        is the public one (``https://bot.example.org``), for links.
        """
        self.db, self.clock = db, clock
        self.loopback_only = people is not None
        self.caught_up = asyncio.Event()
        # Pages deliver to us and repeat what was not confirmed: nothing waits elsewhere.
        self.caught_up.set()
        self.streams = Streams()
        self.arrived: Callable[[], None] = lambda: None
        """Called after something reached the inbox: ``App.arrived.set``."""
        self._sessions = sessions
        if sessions is not None:
            identify = sessions.identify
            sessions.arrived = lambda: self.arrived()
            sessions.left = self.streams.end
        if address is not None:
            self.capabilities = replace(self.capabilities, public_link=address + DOOR)
        self._looking = Looking(draw, clock, commands)
        self._api = Api(db, self._looking, self, self.streams, people, identify)

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Its addresses, for the web server."""
        more = self._sessions.routes() if self._sessions is not None else ()
        return [*self._api.routes(), *more]

    # --- in -----------------------------------------------------------------------------------

    async def run(self, receive: Receive) -> None:
        """Wait until cancelled: the web server brings in what people do."""
        await asyncio.Event().wait()

    async def said(self, who: str, spoken: Spoken) -> None:
        """Keep a person's words and hand them in, in one transaction."""

        def keep(tx: Tx) -> str | None:
            content = {"text": spoken.text, "client": spoken.id}
            return self._keep(tx, who, spoken, content, {"kind": "say", "text": spoken.text})

        self._told(await self.db.write(keep))

    async def uploaded(self, who: str, uploaded: Uploaded) -> None:
        """Keep a person's file and hand it in, in one transaction."""
        size = len(uploaded.data)
        file = {"name": uploaded.name, "mime": uploaded.mime, "size": size}

        def keep(tx: Tx) -> str | None:
            content = {"file": file, "client": uploaded.id}
            return self._keep(tx, who, uploaded, content, {"kind": "file", **file}, uploaded.data)

        self._told(await self.db.write(keep))

    async def pressed(self, who: str, pressed: Pressed) -> None:
        """Hand in a press on a message that stands where the person may be."""

        def keep(tx: Tx) -> None:
            place = self._looking.around(tx, who).place(pressed.place)
            line = webchat.line(tx, pressed.message)
            if line is None or line.place != place or line.author is not None:
                raise Refused(404, Text("web.not_found"))
            payload = {"kind": "press", "message": pressed.message, "action": pressed.action}
            self._arrive(tx, who, place, pressed.id, payload)

        await self.db.write(keep)
        self.arrived()

    def _keep(
        self,
        tx: Tx,
        who: str,
        request: Spoken | Uploaded,
        content: dict[str, Any],
        payload: dict[str, Any],
        data: bytes | None = None,
    ) -> str | None:
        """The place where something new was said; None if the request is known already."""
        around = self._looking.around(tx, who)
        place = around.place(request.place)
        language, town = around.reader.language, around.municipality_id
        draft = Draft(place, content, language, who, data, municipality_id=town)
        with tx.begin_nested() as undoable:
            message = webchat.say(tx, draft, self.clock())
            if self._arrive(tx, who, place, request.id, {**payload, "message": message}):
                return place
            undoable.rollback()
        return None

    def _arrive(self, tx: Tx, who: str, place: str, id: str, payload: dict[str, Any]) -> bool:
        # The page's own id counts for that person only: nobody can use up another's.
        key = f"{who}:{id}"
        text = json.dumps({**payload, "who": who, "place": place}, ensure_ascii=False)
        return inbox.put(tx, self.name, [Arrival(key, place, text)], self.clock()) > 0

    def _told(self, place: str | None) -> None:
        if place is not None:
            self.streams.changed(place)
        self.arrived()

    def read(self, waiting: Waiting) -> Event | None:
        """The event in an inbox row."""
        try:
            made = json.loads(waiting.payload)
            place, who, message = made["place"], made["who"], str(made["message"])
            in_channel = CHANNEL_ID.fullmatch(place) is not None
            what, token = _what(made, in_channel, waiting)
        except (ValueError, KeyError, TypeError) as error:
            raise Unreadable(f"a web event without {type(error).__name__} parts") from None
        kind = PlaceKind.CHANNEL if in_channel else PlaceKind.DIRECT
        account = AccountRef(self.name, who)
        at = waiting.received_at
        return Event(Place(self.name, place, kind), account, what, at, message, token)

    async def fetch(self, ref: str) -> bytes:
        """The bytes of a file that was sent (``Sent.ref``). Raises KeyError if they are gone."""
        data = await self.db.look(lambda tx: webchat.data_of(tx, int(ref)))
        if data is None:
            raise KeyError(ref)
        return data

    # --- out ----------------------------------------------------------------------------------

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Keep a message and wake the pages that show its place."""
        if delivery.kind in ("enter", "leave"):
            return Delivered()
        draft = _draft(delivery)
        if delivery.kind == "edit":
            return await self._change(delivery, draft)
        id = await self.db.write(lambda tx: webchat.deliver(tx, delivery.id, draft, self.clock()))
        self.streams.changed(delivery.place)
        return Delivered(str(id))

    async def _change(self, delivery: Delivery, draft: Draft) -> Outcome:
        message = delivery.message or ""
        known = message.isascii() and message.isdigit()

        def change(tx: Tx) -> bool:
            return webchat.change(tx, int(message), draft, unpin=delivery.unpin)

        if not known or not await self.db.write(change):
            return Failed("the message is not there", gone=True)
        self.streams.changed(delivery.place)
        return Delivered(message)

    async def toast(self, event: Event, text: Text | None, reader: Reader) -> None:
        """Show it on the person's open pages."""
        if text is not None and event.account is not None:
            self.streams.toast(event.account.id, plain(text, reader))

    async def offer(self, place: str, language: str, commands: Sequence[tuple[str, str]]) -> None:
        """Pages ask for suggestions by themselves (``commands``)."""

    async def close(self) -> None:
        """End the event streams."""
        self.streams.close()


def _what(
    made: dict[str, Any], in_channel: bool, waiting: Waiting
) -> tuple[Press | Said | Sent, str | None]:
    match made:
        case {"kind": "press", "action": str(action)}:
            return Press(action), waiting.key
        case {"kind": "say", "text": str(text)}:
            addressed = not in_channel or text.casefold().lstrip("@").startswith(_MENTION)
            return Said(text, addressed=addressed), None
        case {"kind": "file", "name": str(name), "mime": str(mime), "size": int(size)}:
            return Sent(name, mime, size, str(made["message"])), None
    raise ValueError(made.get("kind"))


def _draft(delivery: Delivery) -> Draft:
    reader, card = delivery.reader, delivery.card
    data: bytes | None = None
    content: dict[str, Any]
    if delivery.board is not None:
        content = board_content(delivery.board)
    elif delivery.file is not None:
        file = delivery.file
        described = {"name": file.name, "mime": file.mime, "size": len(file.data)}
        caption = "<br><br>".join(web_html(t, reader) for t in card.body) if card else ""
        content, data = {"html": caption, "file": described}, file.data
    elif card is not None:
        content = card_content(card, reader)
        data = card.picture.png if card.picture is not None else None
    else:
        raise TypeError(f"a delivery of kind {delivery.kind} without content")
    if delivery.kind == "edit" and delivery.board is None:
        content["edited"] = True
    return Draft(delivery.place, content, reader.language, None, data, delivery.pin)
