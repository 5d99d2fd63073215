"""A card as Telegram shows it: HTML within its limits, a keyboard, perhaps a photo."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape, unescape

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import KeyboardButtonStyle, MessageLimit

from bot.text import Reader, body_html, html, label
from handlers.chat import Button, Card, LinkButton
from handlers.router import pack

LONGEST_TEXT = int(MessageLimit.MAX_TEXT_LENGTH)
LONGEST_CAPTION = int(MessageLimit.CAPTION_LENGTH)
"""UTF-16 units after the markup is taken out (Bot API, sendMessage and sendPhoto)."""

WIDEST_ROW = 34
"""Characters of all labels in a row that a phone shows without cutting them."""

PAIRED = 16
"""Characters of a label that leaves room for a second button beside it."""

_MANY_ROWS = 4
_TAG = re.compile(r"</?(?:b|code)>")
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Part:
    """One message: words as HTML, a photo or not, a keyboard or not."""

    html: str
    png: bytes | None = None
    keyboard: InlineKeyboardMarkup | None = None


def parts(card: Card, reader: Reader) -> list[Part]:
    """The messages that a card becomes; the keyboard is on the last."""
    words = body_html(card.body, reader)
    keys = keyboard(card, reader)
    if card.picture is None:
        return _texts(words, keys)
    # Where there are words, they say what the picture shows: its alternative would repeat them.
    if not words:
        return [Part(html(card.picture.alt, reader), card.picture.png, keys)]
    if length(words) <= LONGEST_CAPTION:
        return [Part(words, card.picture.png, keys)]
    return [Part(html(card.picture.alt, reader), card.picture.png), *_texts(words, keys)]


def single(card: Card, reader: Reader) -> Part:
    """A card in one message, as a live card that is edited has to be.

    Words that are too long for a photo's caption go without the photo: they say the same. Words
    that are too long for any message are cut.
    """
    words = body_html(card.body, reader)
    keys = keyboard(card, reader)
    if card.picture is not None and length(words) <= LONGEST_CAPTION:
        return Part(words or html(card.picture.alt, reader), card.picture.png, keys)
    return Part(shortened(words, LONGEST_TEXT), None, keys)


def _texts(words: str, keys: InlineKeyboardMarkup | None) -> list[Part]:
    *first, last = split(words, LONGEST_TEXT)
    return [*(Part(text) for text in first), Part(last, None, keys)]


# --- words ----------------------------------------------------------------------------------


def units(text: str) -> int:
    """UTF-16 units, which Telegram counts in."""
    return len(text) + sum(1 for c in text if ord(c) > 0xFFFF)


def length(words: str) -> int:
    """The length that Telegram measures: without markup."""
    return units(unescape(_TAG.sub("", words)))


def split(words: str, most: int) -> list[str]:
    """HTML in pieces of at most ``most`` units, cut between paragraphs, lines or words.

    Markup that a cut goes through is closed before it and opened again behind it.
    """
    if length(words) <= most:
        return [words]
    rest = _marked(words)
    pieces: list[str] = []
    while rest:
        cut = _cut(rest, most)
        pieces.append(_written(_trimmed(rest[:cut])))
        rest = _trimmed(rest[cut:])
    return [piece for piece in pieces if piece]


def shortened(words: str, most: int) -> str:
    """HTML of at most ``most`` units, with an ellipsis where something was cut off."""
    if length(words) <= most:
        return words
    return split(words, most - 2)[0] + " " + _ELLIPSIS


def shortened_plain(text: str, most: int) -> str:
    """Plain text of at most ``most`` units, with an ellipsis where something was cut off."""
    if units(text) <= most:
        return text
    kept: list[str] = []
    room = most - 1
    for character in text:
        room -= units(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + _ELLIPSIS


Marked = Sequence[tuple[str, tuple[str, ...]]]
"""Characters, each with the tags that it stands in."""


def _marked(words: str) -> Marked:
    made: list[tuple[str, tuple[str, ...]]] = []
    open_tags: tuple[str, ...] = ()
    at = 0
    for found in _TAG.finditer(words):
        made += [(c, open_tags) for c in unescape(words[at : found.start()])]
        at = found.end()
        name = found[0].strip("</>")
        open_tags = open_tags[:-1] if found[0].startswith("</") else (*open_tags, name)
    made += [(c, open_tags) for c in unescape(words[at:])]
    return made


def _written(marked: Marked) -> str:
    written: list[str] = []
    now: tuple[str, ...] = ()
    for character, tags in (*marked, ("", ())):
        if tags != now:
            same = 0
            while same < min(len(now), len(tags)) and now[same] == tags[same]:
                same += 1
            written += [f"</{tag}>" for tag in reversed(now[same:])]
            written += [f"<{tag}>" for tag in tags[same:]]
            now = tags
        written.append(escape(character))
    return "".join(written)


def _cut(marked: Marked, most: int) -> int:
    """How many characters the next piece has."""
    room, fits = most, 0
    for character, _ in marked:
        room -= units(character)
        if room < 0:
            break
        fits += 1
    if fits == len(marked):
        return fits
    text = "".join(character for character, _ in marked[: fits + 1])
    for gap in ("\n\n", "\n", " "):
        at = text.rfind(gap)
        # A piece that is half empty is a worse sight than a paragraph that goes on in the next.
        if at > fits // 2:
            return at
    return max(fits, 1)


def _trimmed(marked: Marked) -> Marked:
    start, end = 0, len(marked)
    while start < end and marked[start][0].isspace():
        start += 1
    while end > start and marked[end - 1][0].isspace():
        end -= 1
    return marked[start:end]


# --- buttons --------------------------------------------------------------------------------


def keyboard(card: Card, reader: Reader) -> InlineKeyboardMarkup | None:
    """The card's buttons in rows that a phone shows whole."""
    rows: list[list[InlineKeyboardButton]] = []
    for row in card.buttons:
        rows += _rows([_button(b, reader) for b in row])
    rows = _paired(rows)
    return InlineKeyboardMarkup(rows) if rows else None


def _button(button: Button | LinkButton, reader: Reader) -> InlineKeyboardButton:
    words = label(button, reader)
    if isinstance(button, LinkButton):
        return InlineKeyboardButton(words, url=button.url)
    style = KeyboardButtonStyle.PRIMARY if button.strong else None
    return InlineKeyboardButton(words, callback_data=pack(button.action), style=style)


def _rows(buttons: Sequence[InlineKeyboardButton]) -> Iterable[list[InlineKeyboardButton]]:
    """A row of the card; buttons that would be cut beside each other go below each other."""
    row: list[InlineKeyboardButton] = []
    for button in buttons:
        widest = max(len(b.text) for b in (*row, button))
        if row and widest * (len(row) + 1) > WIDEST_ROW:
            yield row
            row = []
        row.append(button)
    if row:
        yield row


def _paired(rows: list[list[InlineKeyboardButton]]) -> list[list[InlineKeyboardButton]]:
    """A long list of short buttons (a menu, say) in two columns, in the same reading order."""
    alone = [len(row) == 1 and len(row[0].text) <= PAIRED for row in rows]
    if len(rows) <= _MANY_ROWS or not all(alone):
        return rows
    buttons = [row[0] for row in rows]
    return [buttons[i : i + 2] for i in range(0, len(buttons), 2)]
