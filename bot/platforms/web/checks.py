"""Requests read against what they may be; everything else is refused in a sentence."""

from __future__ import annotations

import json
import mimetypes
import uuid
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import BodyPartReader, web

from bot.platforms.web.messages import file_name
from bot.text import LANGUAGES, Reader
from handlers.chat import Text
from handlers.router import LONGEST_ACTION

LONGEST_TEXT = 8000
"""Characters of one message."""

LARGEST_FILE = 20_000_000
"""Bytes of a file that a person may send."""

_LONGEST_JSON = 64 * 1024
_LARGEST_FORM = LARGEST_FILE + 64 * 1024
_PIECE = 256 * 1024

LANGUAGE = web.RequestKey("language", str)
"""The language of the person who asks, once known."""


class Refused(Exception):
    """A request that is answered with an error and a sentence."""

    def __init__(self, status: int, text: Text) -> None:
        self.status, self.text = status, text
        super().__init__(text.message)


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words from the page. ``id`` is the page's own and makes a repeated request harmless."""

    id: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press from the page."""

    id: str
    place: str
    message: int
    action: str


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file from the page."""

    id: str
    place: str
    name: str
    mime: str
    data: bytes


def reader_for(language: str) -> Reader:
    """Somebody whose time zone does not matter."""
    return Reader(language if language in LANGUAGES else "de", ZoneInfo("Europe/Berlin"))


def bad_request() -> Refused:
    """The page sent what no page of ours sends."""
    return Refused(400, Text("web.bad_request"))


def client_id(value: object) -> str:
    """A UUID in its usual form."""
    if not isinstance(value, str):
        raise bad_request()
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise bad_request() from None


async def spoken(request: web.Request) -> Spoken:
    """Read ``POST …/say``."""
    made = await _json(request)
    match made:
        case {"id": id, "place": str(place), "text": str(text)}:
            pass
        case _:
            raise bad_request()
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not text:
        raise Refused(400, Text("web.empty"))
    if len(text) > LONGEST_TEXT:
        raise Refused(413, Text("web.too_long", most=LONGEST_TEXT))
    return Spoken(client_id(id), place, _sound(text))


def _sound(text: str) -> str:
    # JSON can carry half a surrogate pair, which no database takes.
    return text.encode("utf-8", "replace").decode()


async def pressed(request: web.Request) -> Pressed:
    """Read ``POST …/press``."""
    match await _json(request):
        case {"id": id, "place": str(place), "message": int(message), "action": str(action)}:
            pass
        case _:
            raise bad_request()
    if not action.isascii() or not 0 < len(action) <= LONGEST_ACTION:
        raise bad_request()
    if not 0 < message < 2**62:
        raise bad_request()
    return Pressed(client_id(id), place, message, action)


async def _json(request: web.Request) -> Any:
    # Another site's form cannot send this type without being asked first.
    if request.content_type != "application/json":
        raise bad_request()
    if (request.content_length or 0) > _LONGEST_JSON:
        raise Refused(413, Text("web.too_long", most=LONGEST_TEXT))
    body = await request.read()
    if len(body) > _LONGEST_JSON:
        raise Refused(413, Text("web.too_long", most=LONGEST_TEXT))
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise bad_request() from None


def _too_large() -> Refused:
    return Refused(413, Text("web.too_large", most=LARGEST_FILE // 1_000_000))


async def uploaded(request: web.Request) -> Uploaded:
    """Read ``POST …/file``: id, place and file, in this order or another."""
    if request.content_type != "multipart/form-data":
        raise bad_request()
    if (request.content_length or 0) > _LARGEST_FORM:
        raise _too_large()
    words: dict[str, str] = {}
    name, data = "", b""
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise bad_request()
            if part.name in ("id", "place"):
                words[part.name] = (await _read(part, 200)).decode()
            elif part.name == "file":
                name, data = part.filename or "", await _read(part, LARGEST_FILE)
    except ValueError:
        raise bad_request() from None
    if not {"id", "place"} <= words.keys():
        raise bad_request()
    if not data:
        raise Refused(400, Text("web.empty_file"))
    name = file_name(_sound(name)) or "datei"
    mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Uploaded(client_id(words["id"]), words["place"], name, mime, data)


async def _read(part: BodyPartReader, most: int) -> bytes:
    read = bytearray()
    while piece := await part.read_chunk(_PIECE):
        read += piece
        if len(read) > most:
            raise _too_large()
    return bytes(read)


def number(value: str | None) -> int | None:
    """A message or change number from an address; None where there is none."""
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise bad_request()
    return int(value)
