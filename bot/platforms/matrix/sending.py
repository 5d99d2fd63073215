"""Deliveries: messages, files, pins, entering and leaving, and what may be repeated.

Every event has a transaction id derived from its outbox row, by which the homeserver recognises a
repetition (for a day and per device), so nothing here can be said twice.
"""

from __future__ import annotations

import json
import logging
import struct
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from nio.crypto.attachments import encrypt_attachment

from bot.platforms import Delivered, Delivery, Failed, Outcome, Retry
from bot.platforms.matrix import layout, polls
from bot.platforms.matrix.asking import AGAIN, Refused, Turn, put_off, refused
from bot.platforms.matrix.devices import Device
from bot.platforms.matrix.rooms import NOT_DIRECT, PLATFORM, Rooms
from bot.platforms.matrix.server import CLIENT, Answer, Server, Unreachable, room_path
from bot.platforms.matrix.state import SPACE
from bot.platforms.matrix.tasks import NOT_POSSIBLE, NOT_THERE, Tasks
from bot.text import plain
from handlers.chat import (
    Picture,
    Text,
)
from handlers.tasks import AskNatively, EndNatively
from storage import outbox, remembered
from storage.db import Database, Tx

log = logging.getLogger(__name__)

_PICTURE = "picture:"
"""Before the id of a card in what is remembered of its picture: ``{"event", "hash"}``."""


@dataclass(frozen=True, slots=True)
class _Uploaded:
    """A file on the homeserver: what names it in a message, by key ``url`` or ``file``."""

    named: dict[str, Any]


class Sender:
    """Sends what is delivered, at the pace the homeserver asks for."""

    def __init__(self, db: Database, server: Server, device: Device, rooms: Rooms) -> None:
        self._db, self._server, self._device, self._rooms = db, server, device, rooms
        self._turn = Turn()
        self._tasks = Tasks(server, device, rooms, self._turn)
        self._series = ""

    async def load(self) -> None:
        """Learn (or choose) what tells this database's transactions from another's."""

        def chosen(tx: Tx) -> str:
            series = remembered.get(tx, PLATFORM, "series")
            if series is None:
                series = uuid4().hex[:12]
                remembered.put(tx, PLATFORM, "series", series)
            return series

        self._series = await self._db.write(chosen)

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Deliver one thing."""
        try:
            return await self._deliver(delivery)
        except Unreachable as error:
            return Retry(AGAIN, f"not reached ({error})")
        except Refused as no:
            return refused(no.answer, inside=delivery.place in self._device.rooms)

    async def _deliver(self, delivery: Delivery) -> Outcome:
        match delivery.kind:
            case "enter":
                return await self._enter(delivery.place)
            case "leave":
                return await self._leave(delivery.place)
        task = delivery.task
        if task is not None and not isinstance(task, AskNatively | EndNatively):
            return await self._tasks.do(delivery.place, task)
        room = self._device.rooms.get(delivery.place)
        if room is None:
            return await self._absent(delivery)
        if room.room_type == SPACE:
            # It holds rooms; what is said in it, no client shows.
            return NOT_POSSIBLE
        if isinstance(task, AskNatively | EndNatively):
            return await self._poll(delivery, task)
        if await self._is_for_other_eyes(delivery):
            return Failed(NOT_DIRECT)
        match delivery.kind:
            case "edit":
                return await self._edit(delivery)
            case "file":
                return Delivered(await self._file(delivery))
        return Delivered(await self._card(delivery))

    async def _is_for_other_eyes(self, delivery: Delivery) -> bool:
        """Whether others would read what is one person's: it was under way when they came."""
        if self._rooms.is_direct(delivery.place):
            return False
        if delivery.board is not None and delivery.board.viewer is not None:
            return True
        id = delivery.id
        return id != 0 and await self._db.look(lambda tx: outbox.is_personal(tx, id))

    # --- messages ------------------------------------------------------------------------------

    async def _card(self, delivery: Delivery) -> str:
        card, place = delivery.card, delivery.place
        if card is None:
            raise TypeError(f"a delivery of kind {delivery.kind} without a card")
        picture = None
        if card.picture is not None:
            picture = await self._picture(delivery, card.picture, f"{delivery.id}-picture")
        direct = self._rooms.is_direct(place)
        message = ""
        for number, content in enumerate(layout.messages(card, delivery.reader, direct=direct)):
            content |= layout.in_thread(delivery.thread)
            message = await self._post(place, content, f"{delivery.id}-{number}")
        if picture is not None and card.picture is not None:
            await self._remember(message, picture, card.picture)
        if delivery.pin:
            await self._pin(place, message)
        return message

    async def _edit(self, delivery: Delivery) -> Outcome:
        card, message = delivery.card, delivery.message
        if card is None or not message:
            return Failed("the message is not there", gone=True)
        part = f"{delivery.id}-edit" if delivery.id else f"{uuid4().hex}-edit"
        if card.picture is not None:
            await self._other_picture(delivery, message, card.picture, part)
        if delivery.unpin:
            await self._unpin(delivery.place, message)
        direct = self._rooms.is_direct(delivery.place)
        content = layout.edit(card, delivery.reader, message, direct=direct)
        # A live card is drawn anew later anyway; it shall not make people's messages wait.
        await self._post(delivery.place, content, part, patient=delivery.id != 0)
        return Delivered(message)

    async def _picture(
        self, delivery: Delivery, picture: Picture, part: str, instead_of: str | None = None
    ) -> str:
        alt = plain(picture.alt, delivery.reader)
        uploaded = await self._upload(delivery.place, picture.png, "image/png", "bild.png")
        width, height = struct.unpack(">II", picture.png[16:24])
        info = {"mimetype": "image/png", "size": len(picture.png), "w": width, "h": height}
        content = {
            "msgtype": "m.image",
            "body": alt,
            "info": info,
            "m.mentions": {},
            **uploaded.named,
            **layout.in_thread(delivery.thread),
        }
        if instead_of is not None:
            replaces = {"rel_type": "m.replace", "event_id": instead_of}
            content = {**content, "m.new_content": content, "m.relates_to": replaces}
        return await self._post(delivery.place, content, part)

    async def _remember(self, message: str, event: str, picture: Picture) -> None:
        kept = json.dumps({"event": event, "hash": sha256(picture.png).hexdigest()})
        await self._db.write(lambda tx: remembered.put(tx, PLATFORM, _PICTURE + message, kept))

    async def _other_picture(
        self, delivery: Delivery, message: str, picture: Picture, part: str
    ) -> None:
        """Change the picture of a card, which is a message of its own, if it is another."""
        kept = await self._db.look(lambda tx: remembered.get(tx, PLATFORM, _PICTURE + message))
        shown = json.loads(kept) if kept else None
        if shown is None:
            event = await self._picture(delivery, picture, f"{part}-picture")
        elif shown["hash"] == sha256(picture.png).hexdigest():
            return
        else:
            event = shown["event"]
            await self._picture(delivery, picture, f"{part}-picture", event)
        await self._remember(message, event, picture)

    async def _file(self, delivery: Delivery) -> str:
        file = delivery.file
        if file is None:
            raise TypeError("a delivery of kind file without a file")
        uploaded = await self._upload(delivery.place, file.data, file.mime, file.name)
        content = {
            "msgtype": "m.image" if file.mime.startswith("image/") else "m.file",
            "filename": file.name,
            "body": file.name,
            "info": {"mimetype": file.mime, "size": len(file.data)},
            "m.mentions": {},
            **uploaded.named,
            **layout.in_thread(delivery.thread),
        }
        words = layout.caption(delivery.card, delivery.reader)
        if words is not None:
            said = words.content()
            content |= {k: said[k] for k in ("body", "format", "formatted_body") if k in said}
        return await self._post(delivery.place, content, f"{delivery.id}-file")

    async def _upload(self, room_id: str, data: bytes, mime: str, name: str) -> _Uploaded:
        keys: dict[str, Any] | None = None
        path = "/_matrix/media/v3/upload"
        if self._encrypted(room_id):
            data, keys = encrypt_attachment(data)
            mime = "application/octet-stream"
        else:
            path += f"?filename={quote(name, safe='')}"
        answer = await self._turn.ask(
            lambda: self._server.call("POST", path, data, mime=mime, within=300)
        )
        address = answer.body["content_uri"]
        return _Uploaded({"url": address} if keys is None else {"file": {**keys, "url": address}})

    async def _post(
        self,
        room_id: str,
        content: dict[str, Any],
        part: str,
        *,
        patient: bool = True,
        kind: str = "m.room.message",
    ) -> str:
        transaction = f"gnk-{self._series}-{part}"

        async def send() -> Answer:
            named, sent = kind, content
            if self._encrypted(room_id):
                named, sent = await self._device.encrypt(room_id, kind, content)
            return await self._server.call(
                "PUT", room_path(room_id, "send", named, transaction), sent
            )

        answer = await self._turn.ask(send, patient=patient)
        return str(answer.body["event_id"])

    def _encrypted(self, room_id: str) -> bool:
        room = self._device.rooms.get(room_id)
        if room is None:
            # Thrown out between two steps.
            raise Refused(Answer(404, {}))
        return bool(room.encrypted)

    async def _pin(self, room_id: str, message: str) -> None:
        path = room_path(room_id, "state", "m.room.pinned_events", "")
        now = await self._server.call("GET", path)
        pinned = now.body.get("pinned", []) if now.ok else []
        if not now.ok and now.status != 404:
            raise Refused(now)
        if message in pinned:
            return
        try:
            pins = {"pinned": [*pinned, message]}
            await self._turn.ask(lambda: self._server.call("PUT", path, pins))
        except Refused as no:
            if no.answer.status != 403:
                raise
            log.info("matrix: the bot may not pin messages in one of its rooms")

    async def _poll(self, delivery: Delivery, task: AskNatively | EndNatively) -> Outcome:
        room_id = delivery.place
        try:
            if isinstance(task, EndNatively):
                words = plain(Text("matrix.poll_ended"), delivery.reader)
                content = polls.end(task.message, words)
                await self._post(room_id, content, f"{delivery.id}-end", kind=polls.END)
                return Delivered(task.message)
            if len(task.options) > polls.MOST_OPTIONS:
                return NOT_POSSIBLE
            content = polls.question(task.question, task.options, several=task.several)
            message = await self._post(room_id, content, f"{delivery.id}-poll", kind=polls.START)
        except Refused as no:
            if put_off(no.answer) is not None:
                raise
            inside = await self._tasks.is_in(room_id)
            return Failed("no_right:send") if inside else NOT_THERE
        return Delivered(message, {"poll": message})

    # --- rooms ---------------------------------------------------------------------------------

    async def _enter(self, room_id: str) -> Outcome:
        path = f"{CLIENT}/join/{quote(room_id, safe='')}"
        await self._turn.ask(lambda: self._server.call("POST", path, {}))
        return Delivered()

    async def _leave(self, room_id: str) -> Outcome:
        for path in (room_path(room_id, "leave"), room_path(room_id, "forget")):
            try:
                await self._turn.ask(partial(self._server.call, "POST", path, {}))
            except Refused as no:
                # Not there (any more) is what was wanted.
                if no.answer.status not in (400, 403, 404):
                    raise
        self._device.forget(room_id)
        await self._rooms.forget(room_id)
        return Delivered()

    async def _absent(self, delivery: Delivery) -> Outcome:
        """A room that nio does not know: entered just now, or the bot is not in it."""
        room_id = delivery.place
        path = room_path(room_id, "state", "m.room.member", self._device.login.user_id)
        answer = await self._server.call("GET", path)
        if answer.ok and answer.body.get("membership") == "join":
            return Retry(timedelta(seconds=2), "the room has not been synced yet")
        if answer.ok or answer.status in (403, 404):
            return NOT_THERE if delivery.task else Failed("the bot is not in this room", gone=True)
        return refused(answer, inside=room_id in self._device.rooms)

    async def _unpin(self, room_id: str, message: str) -> None:
        path = room_path(room_id, "state", "m.room.pinned_events", "")
        now = await self._server.call("GET", path)
        pinned = now.body.get("pinned", []) if now.ok else []
        if message not in pinned:
            return
        pins = {"pinned": [one for one in pinned if one != message]}
        try:
            await self._turn.ask(lambda: self._server.call("PUT", path, pins), patient=False)
        except Refused as no:
            if no.answer.status != 403:
                raise
            log.info("matrix: the bot may not unpin messages in one of its rooms")
