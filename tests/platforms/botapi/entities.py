"""HTML as the Bot API reads it (Formatting options, HTML style), with its error messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from tests.platforms.botapi.refusal import bad

_KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
    "ins": "underline", "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "code": "code", "pre": "pre", "a": "text_link", "tg-spoiler": "spoiler",
    "blockquote": "blockquote",
}  # fmt: skip
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)([^<>]*)>")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_COMMAND = re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?!\w)")
_MENTION = re.compile(r"(?<![\w@])@[A-Za-z][A-Za-z0-9_]{3,31}(?!\w)")


def units(text: str) -> int:
    """UTF-16 code units, which Telegram counts in."""
    return len(text.encode("utf-16-le")) // 2


@dataclass
class _Open:
    tag: str
    offset: int


def parse_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """The text without markup and its entities, or the 400 that Telegram gives."""
    parser = _Parser(source)
    at = 0
    while (found := source.find("<", at)) >= 0:
        parser.add(source[at:found])
        at = parser.tag_at(found)
    parser.add(source[at:])
    return parser.done()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.text: list[str] = []
        self.length = 0
        self.entities: list[dict[str, Any]] = []
        self.stack: list[_Open] = []

    def add(self, piece: str) -> None:
        piece = _ENTITY.sub(lambda m: unescape(m[0]), piece)
        self.text.append(piece)
        self.length += units(piece)

    def tag_at(self, at: int) -> int:
        """Read the tag at a place; returns where it ends."""
        byte = len(self.source[:at].encode())
        tag = _TAG.match(self.source, at)
        if tag is None:
            raise _wrong(f"Unsupported start tag {_quoted(self.source, at)} at byte offset {byte}")
        name = tag[2].lower()
        if tag[1]:
            self._end(name, byte)
        elif name not in _KINDS:
            raise _wrong(f'Unsupported start tag "{name}" at byte offset {byte}')
        else:
            self.stack.append(_Open(name, self.length))
        return tag.end()

    def _end(self, name: str, byte: int) -> None:
        if not self.stack:
            raise _wrong(f"Unexpected end tag at byte offset {byte}")
        opened = self.stack.pop()
        if opened.tag != name:
            raise _wrong(
                f"Unmatched end tag at byte offset {byte}, expected "
                f'"</{opened.tag}>", found "</{name}>"'
            )
        if self.length > opened.offset:
            span = {"offset": opened.offset, "length": self.length - opened.offset}
            self.entities.append({**span, "type": _KINDS[name]})

    def done(self) -> tuple[str, list[dict[str, Any]]]:
        if self.stack:
            raise _wrong(f'Can\'t find end tag corresponding to start tag "{self.stack[-1].tag}"')
        in_order = sorted(self.entities, key=lambda e: (e["offset"], -e["length"]))
        return _trimmed("".join(self.text), in_order)


def _quoted(source: str, at: int) -> str:
    name = re.match(r"[^\s<>]*", source[at + 1 :])
    return f'"{name[0] if name else ""}"'


def _wrong(what: str) -> Exception:
    return bad(f"can't parse entities: {what}")


def _trimmed(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """Telegram drops blanks at both ends."""
    lost = units(text) - units(text.lstrip())
    text = text.strip()
    whole = units(text)
    kept = []
    for entity in entities:
        start = max(entity["offset"] - lost, 0)
        end = min(entity["offset"] - lost + entity["length"], whole)
        if end > start:
            kept.append({**entity, "offset": start, "length": end - start})
    return text, kept


def found_in(text: str) -> list[dict[str, Any]]:
    """The entities that Telegram finds in what people type: commands and mentions."""
    found = [("bot_command", m) for m in _COMMAND.finditer(text)]
    found += [("mention", m) for m in _MENTION.finditer(text)]
    return [
        {"offset": units(text[: m.start()]), "length": units(m[0]), "type": kind}
        for kind, m in sorted(found, key=lambda pair: pair[1].start())
    ]
