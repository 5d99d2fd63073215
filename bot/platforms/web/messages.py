"""Cards as the web chat keeps them, and messages as the page is given them.

Kept: ``{"html", "buttons", "alt"?, "file"?, "edited"?}`` of the bot's, ``{"text", "client"}`` or
``{"file", "client"}`` of people, ``{"board"}`` of a live card, ``{"forgotten"}``. HTML is made
by ``bot.text`` only.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from html import escape
from typing import Any
from urllib.parse import quote

from bot.drawing import Draw
from bot.text import Reader, body_web, chosen, clean, label, plain, web_html
from handlers.chat import Board, Button, Card, LinkButton, Text
from handlers.router import pack
from storage.db import Tx
from storage.webchat import Line

log = logging.getLogger(__name__)

DIRECT = "direct"
"""What the page calls the direct chat, whatever the person's place is called."""


@dataclass(frozen=True, slots=True)
class Glance:
    """Who looks, in which language, and how live cards are drawn for them."""

    who: str
    address: str
    """``/api/chat/<who>`` as this page asks for it."""
    reader: Reader
    draw: Draw


def card_content(card: Card, reader: Reader) -> dict[str, Any]:
    """A card as it is kept; its picture's bytes are kept beside it."""
    content: dict[str, Any] = {
        "html": body_web(card.body, reader),
        "buttons": [[_button(b, reader) for b in row] for row in card.buttons],
    }
    if card.picture is not None:
        content["alt"] = plain(card.picture.alt, reader)
    return content


def _button(button: Button | LinkButton, reader: Reader) -> dict[str, Any]:
    if isinstance(button, LinkButton):
        return {"label": label(button, reader), "url": button.url}
    made = {"label": label(button, reader), "action": pack(button.action)}
    return {**made, "strong": True} if button.strong else made


def board_content(board: Board) -> dict[str, Any]:
    """A live card as it is kept: what it shows, never its content."""
    return {"board": {"kind": board.kind, "id": board.id, "viewer": board.viewer}}


def board_card(tx: Tx, line: Line, glance: Glance) -> Card | None:
    """The live card of a message as it is now; None if there is nothing to show any more."""
    kept = line.content["board"]
    board = Board(kept["kind"], kept["id"], kept["viewer"])
    try:
        return glance.draw(tx, board, glance.reader.language)
    except Exception:
        # One card that cannot be drawn must not keep the whole conversation from being read.
        log.exception("board %s %s cannot be drawn", board.kind, board.id)
        return None


def shown(
    tx: Tx, line: Line, glance: Glance, names: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """A message as the page is given it. ``names``: of the accounts that wrote, by language."""
    content = line.content
    if "board" in content:
        card = board_card(tx, line, glance)
        content = card_content(card or Card((Text("web.gone"),)), glance.reader)
    made: dict[str, Any] = {
        "id": line.id,
        "place": DIRECT if line.place == glance.who else line.place,
        "from": _from(line, glance, names),
        "html": _html(content, glance.reader),
        "buttons": content.get("buttons", []),
        "picture": None,
        "file": None,
        "at": line.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "edited": content.get("edited", False),
        "pinned": line.pinned,
    }
    address = f"{glance.address}/files/{line.id}"
    if "alt" in content:
        # The number makes another address of another picture, past every cache.
        made["picture"] = {"url": f"{address}?v={line.version}", "alt": content["alt"]}
    if "file" in content:
        file = content["file"]
        made["file"] = {"name": file["name"], "url": address, "size": file["size"]}
    if "client" in content and line.author == glance.who:
        made["client"] = content["client"]
    return made


def _from(line: Line, glance: Glance, names: Mapping[str, Mapping[str, str]]) -> str:
    if line.author is None:
        return "bot"
    if line.author == glance.who:
        return "me"
    name = names.get(line.author)
    if name is None:
        return plain(Text("web.somebody"), glance.reader)
    return clean(chosen(name, glance.reader.language))


def _html(content: Mapping[str, Any], reader: Reader) -> str:
    if content.get("forgotten"):
        return web_html(Text("web.forgotten"), reader)
    if "text" in content:
        return escape(clean(content["text"])).replace("\n", "<br>")
    return str(content.get("html", ""))


def authors(lines: Sequence[Line]) -> set[str]:
    """The accounts that wrote these."""
    return {line.author for line in lines if line.author is not None}


def file_name(name: str) -> str:
    """A name without folders, control characters and excess: what a download may be called."""
    name = clean(name.replace("\\", "/").rpartition("/")[2]).replace("\n", " ").strip(" .\t")
    stem, dot, ending = name.rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"
    return name[:LONGEST_NAME]


LONGEST_NAME = 120


def attachment(name: str) -> str:
    """A Content-Disposition header (RFC 6266) that saves the file under this name."""
    plain_name = "".join(c if (c.isascii() and c.isalnum()) or c in "._-" else "_" for c in name)
    return f"attachment; filename=\"{plain_name}\"; filename*=UTF-8''{quote(name, safe='')}"
