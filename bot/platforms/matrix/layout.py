"""Cards as Matrix messages: text with numbered choices, since there are no buttons.

An event may have 64 KiB, encryption included; what is longer becomes several messages, the last
of which carries the choices.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import count
from typing import Any

from bot.text import Reader, label, plain, web_html
from handlers.chat import Button, Card, LinkButton, Text

MOST_BYTES = 40_000
"""Of a message's content as JSON: base64 makes 54 KB of it in an encrypted room."""

_PART = 12_000
"""Bytes of plain text after which a new message is begun (its HTML comes on top)."""

_NOTICED = 300
"""Characters that clients without edits are shown of a changed message."""


@dataclass(frozen=True, slots=True)
class Written:
    """Text twice: for notifications and simple clients, and as HTML."""

    plain: str
    html: str

    def content(self) -> dict[str, Any]:
        """As the content of a message. Nobody is mentioned, whatever people typed."""
        made: dict[str, Any] = {"msgtype": "m.text", "body": self.plain, "m.mentions": {}}
        if self.html != escape(self.plain, quote=False).replace("\n", "<br>"):
            made["format"] = "org.matrix.custom.html"
            made["formatted_body"] = self.html
        return made


def messages(card: Card, reader: Reader, *, direct: bool) -> list[dict[str, Any]]:
    """The contents of the messages that make up a card, the one with its choices last."""
    parts = list(_parts(card, reader))
    choices = _choices(card, reader, direct)
    if choices is not None:
        parts.append(choices)
    return [written.content() for written in _joined(parts)]


def in_thread(root: str | None) -> dict[str, Any]:
    """What puts a message into a thread; clients without threads show it as a reply to its root."""
    if root is None:
        return {}
    answered = {"event_id": root}
    relation = {"rel_type": "m.thread", "event_id": root, "is_falling_back": True}
    return {"m.relates_to": {**relation, "m.in_reply_to": answered}}


def edit(card: Card, reader: Reader, message: str, *, direct: bool) -> dict[str, Any]:
    """The content that puts a card in the place of ``message``, shortened if need be."""
    new = _one(card, reader, direct)
    noticed = new["body"]
    if len(noticed) > _NOTICED:
        noticed = noticed[: _NOTICED - 1] + "…"
    return {
        "msgtype": "m.text",
        "body": f"* {noticed}",
        "m.mentions": {},
        "m.new_content": new,
        "m.relates_to": {"rel_type": "m.replace", "event_id": message},
    }


def caption(card: Card | None, reader: Reader) -> Written | None:
    """The words that go with a file; None if there are none."""
    if card is None:
        return None
    return next(_joined(list(_parts(card, reader))), None)


def size(content: dict[str, Any]) -> int:
    """Bytes of a content as JSON."""
    return len(json.dumps(content, ensure_ascii=False).encode())


def _one(card: Card, reader: Reader, direct: bool) -> dict[str, Any]:
    choices = _choices(card, reader, direct)
    ends = [choices] if choices else []
    body = list(_parts(card, reader))
    whole = _together([*body, *ends]).content()
    if size(whole) <= MOST_BYTES:
        return whole
    # What cannot be shown in one message is cut; the choices must stay.
    first = next(_joined(body))
    return _together([first, Written("…", "…"), *ends]).content()


def _parts(card: Card, reader: Reader) -> Iterator[Written]:
    for text in card.body:
        words, html = plain(text, reader), web_html(text, reader)
        if len(words.encode()) <= _PART and len(html.encode()) <= 2 * _PART:
            yield Written(words, html)
            continue
        for piece in _pieces(words):
            yield Written(piece, escape(piece, quote=False).replace("\n", "<br>"))


def _pieces(words: str) -> Iterator[str]:
    """A very long paragraph in pieces, cut at lines or spaces where there are any."""
    most = _PART // 4
    while len(words) > most:
        at = max(words.rfind("\n", most // 2, most), words.rfind(" ", most // 2, most))
        at = at if at > 0 else most
        yield words[:at].rstrip()
        words = words[at:].lstrip()
    if words:
        yield words


def _joined(parts: list[Written]) -> Iterator[Written]:
    """As few messages as hold these paragraphs."""
    gathered: list[Written] = []
    used = 0
    for part in parts:
        more = len(part.plain.encode()) + len(part.html.encode())
        if gathered and used + more > 3 * _PART:
            yield _together(gathered)
            gathered, used = [], 0
        gathered.append(part)
        used += more
    if gathered:
        yield _together(gathered)


def _together(parts: Iterable[Written]) -> Written:
    kept = list(parts)
    return Written("\n\n".join(p.plain for p in kept), "<br><br>".join(p.html for p in kept))


def _choices(card: Card, reader: Reader, direct: bool) -> Written | None:
    numbers = count(1)
    lines: list[Written] = []
    for row in card.buttons:
        shown = [_choice(button, numbers, reader) for button in row]
        if shown:
            lines.append(
                Written(" · ".join(s.plain for s in shown), " · ".join(s.html for s in shown))
            )
    if not lines:
        return None
    choices = Written("\n".join(s.plain for s in lines), "<br>".join(s.html for s in lines))
    most = len(card.actions)
    if most == 0:
        return choices
    hint = Text("matrix.answer_here", n=most) if direct else Text("matrix.answer_in_room", n=most)
    how = Written(plain(hint, reader), f"<em>{web_html(hint, reader)}</em>")
    return _together([choices, how])


def _choice(button: Button | LinkButton, numbers: Iterator[int], reader: Reader) -> Written:
    words = label(button, reader)
    shown = escape(words, quote=False)
    if isinstance(button, LinkButton):
        address = escape(button.url)
        return Written(f"{words}: {button.url}", f'<a href="{address}">{shown}</a>')
    number = next(numbers)
    if plain(button.label, reader).isdecimal():
        # What it is called is typed, and goes before any number: "0" must not be the button 1.
        return Written(words, f"<code>{shown}</code>")
    shown = f"<strong>{shown}</strong>" if button.strong else shown
    return Written(f"{number} {words}", f"<code>{number}</code> {shown}")
