"""Words: catalogues, dates, numbers and the tiny markup, for each kind of screen.

A catalogue is a folder ``locale/<language>/LC_MESSAGES`` with one ``.po`` file a feature; the
message ``polls.until`` stands in ``polls.po``. Only catalogues may carry markup: ``**bold**``
and ``\\`code\\```. Placeholders are ``{name}``, ``{at:date}``, ``{at:time}``; arguments are
escaped here, once, for the screen they go to.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from html import escape
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

from handlers.chat import Argument, Button, Join, LinkButton, Money, Text, Translated

LANGUAGES = ("de", "en", "de-simple")
"""German, English, Einfache Sprache (BCP 47); German is the reference."""

_FOLDERS = {"de": "de", "en": "en", "de-simple": "de@simple"}
_FALLBACK = {"de-simple": "de", "de": "en", "en": "de"}
_MARKUP = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`", re.DOTALL)

Escape = Callable[[str], str]


@dataclass(frozen=True)
class Reader:
    """Who a text is written for: a language and a time zone."""

    language: str
    zone: ZoneInfo


@dataclass(frozen=True)
class Catalogue:
    """The messages of one language: a form, or one for each plural."""

    messages: Mapping[str, tuple[str, ...]]
    plural: Callable[[int], int]

    def form(self, text: Text) -> str | None:
        """The sentence for this message and number, or ``None`` where it is missing."""
        forms = self.messages.get(text.message)
        if forms is None:
            return None
        n = text.args.get("n")
        if len(forms) == 1 or not isinstance(n, int):
            return forms[0]
        return forms[self.plural(n)]


def folder() -> Path:
    """Where the catalogues are: beside the packages, in a checkout and in an installed wheel."""
    return Path(__file__).resolve().parent.parent / "locale"


@cache
def catalogue(language: str) -> Catalogue:
    """Read all of a language's ``.po`` files; a message that stands twice is an error."""
    from babel.messages.pofile import read_po

    messages: dict[str, tuple[str, ...]] = {}
    plural: Callable[[int], int] = lambda n: int(n != 1)  # noqa: E731
    for path in sorted((folder() / _FOLDERS[language] / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            read = read_po(file, abort_invalid=True)
        plural = gettext.c2py(read.plural_expr)
        for message in read:
            key = message.id[0] if isinstance(message.id, tuple | list) else message.id
            forms = message.string if isinstance(message.string, tuple | list) else [message.string]
            if not key or not all(isinstance(f, str) and f for f in forms):
                continue
            if key in messages:
                raise ValueError(f"{path.name}: {key} stands in two catalogues of {language}")
            messages[key] = tuple(str(f) for f in forms)
    return Catalogue(messages, plural)


def sentence(text: Text, language: str) -> str:
    """The catalogue's sentence, from the nearest language that has it."""
    form = catalogue(language).form(text)
    if form is None and language in _FALLBACK:
        form = catalogue(_FALLBACK[language]).form(text)
    if form is None:
        raise KeyError(f"no catalogue has {text.message!r}")
    return form


def plain(text: Text, reader: Reader) -> str:
    """Without any markup: notifications, alternatives, button labels."""
    return _render(text, reader, lambda s: s, lambda inner: inner, lambda inner: inner)


def label(button: Button | LinkButton, reader: Reader) -> str:
    """A button's words with its mark, as people see them."""
    words = plain(button.label, reader)
    mark = button.mark if isinstance(button, Button) else ""
    return f"{words} {mark}" if mark else words


def html(text: Text, reader: Reader) -> str:
    """With ``<b>`` and ``<code>`` and line breaks as they are: Telegram's subset of HTML."""
    return _render(
        text, reader, escape, lambda inner: f"<b>{inner}</b>", lambda inner: f"<code>{inner}</code>"
    )


def web_html(text: Text, reader: Reader) -> str:
    """As ``html``, with ``<br>`` for line breaks: Matrix and the web chat."""
    return html(text, reader).replace("\n", "<br>")


def body_plain(body: Iterable[Text], reader: Reader) -> str:
    """Paragraphs, a blank line between them."""
    return "\n\n".join(plain(t, reader) for t in body)


def body_html(body: Iterable[Text], reader: Reader) -> str:
    """Paragraphs for Telegram."""
    return "\n\n".join(html(t, reader) for t in body)


def body_web(body: Iterable[Text], reader: Reader) -> str:
    """Paragraphs for Matrix and the web chat."""
    return "<br><br>".join(web_html(t, reader) for t in body)


def _render(
    text: Text,
    reader: Reader,
    quote: Escape,
    bold: Callable[[str], str],
    code: Callable[[str], str],
) -> str:
    def shown(value: Argument, spec: str) -> str:
        if isinstance(value, Text):
            return _render(value, reader, quote, bold, code)
        if isinstance(value, Join):
            return quote(value.by).join(_render(t, reader, quote, bold, code) for t in value.parts)
        return quote(_written(value, spec, reader))

    # Markup is read in the catalogue's sentence, before anything that people typed comes in.
    template = _MARKUP.sub(
        lambda m: f"\0b{m[1]}\1b" if m[1] is not None else f"\0c{m[2]}\1c",
        sentence(text, reader.language),
    )
    parts: list[str] = []
    for literal, name, spec, _ in Formatter().parse(template):
        parts.append(quote(literal))
        if name is not None:
            if name not in text.args:
                raise KeyError(f"{text.message!r} wants {name!r}")
            parts.append(shown(text.args[name], spec or ""))
    return _spans("".join(parts), bold, code)


def _spans(done: str, bold: Callable[[str], str], code: Callable[[str], str]) -> str:
    done = re.sub("\0b(.*?)\1b", lambda m: bold(m[1]), done, flags=re.DOTALL)
    return re.sub("\0c(.*?)\1c", lambda m: code(m[1]), done, flags=re.DOTALL)


def _written(value: Argument, spec: str, reader: Reader) -> str:
    language = "en" if reader.language == "en" else "de"
    match value:
        case str():
            return clean(value)
        case Translated():
            return clean(chosen(value.words, reader.language))
        case bool():
            raise TypeError("a truth value cannot be shown")
        case int():
            return number(value, language)
        case Fraction():
            return fraction(value, language)
        case Money():
            return (
                f"{number(value.euros, language)}\u00a0€"
                if language == "de"
                else (f"€{number(value.euros, language)}")
            )
        case datetime():
            return moment(value.astimezone(reader.zone), spec, language)
        case date():
            return day(value, language)
    raise TypeError(f"{type(value).__name__} cannot be shown")


def clean(text: str) -> str:
    """Without the control characters that only fake something, and with direction isolated."""
    text = _FORBIDDEN.sub("", text)
    return f"\u2068{text}\u2069" if _RTL.search(text) else text


_FORBIDDEN = re.compile("[\0-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


def chosen(words: Mapping[str, str], language: str) -> str:
    """The town's own words in the reader's language, or the nearest one."""
    for candidate in (language, _FALLBACK.get(language, "de"), "de", "en"):
        if words.get(candidate):
            return words[candidate]
    return next(iter(words.values()), "")


def number(value: int, language: str) -> str:
    """Groups of three: 1.420.000 in German, 1,420,000 in English."""
    return f"{value:,}".replace(",", "." if language == "de" else ",")


def fraction(value: Fraction, language: str) -> str:
    """At most two decimals, for display only."""
    if value.denominator == 1:
        return number(value.numerator, language)
    hundredths = round(value * 100)
    whole, rest = divmod(abs(hundredths), 100)
    sign = "−" if hundredths < 0 else ""
    comma = "," if language == "de" else "."
    decimals = f"{rest:02}".rstrip("0")
    return f"{sign}{number(whole, language)}{comma + decimals if decimals else ''}"


_DAYS = {
    "de": ("Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(value: date, language: str) -> str:
    """Fr., 26.03.2027 – in English: Fri 26 Mar 2027."""
    name = _DAYS[language][value.weekday()]
    if language == "de":
        return f"{name}, {value:%d.%m.%Y}"
    return f"{name} {value.day} {_MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime, spec: str, language: str) -> str:
    """Fr., 26.03.2027, 18:00 Uhr; ``spec`` may be ``date`` or ``time``."""
    time = f"{value:%H:%M} Uhr" if language == "de" else f"{value:%H:%M}"
    if spec == "time":
        return time
    return day(value, language) if spec == "date" else f"{day(value, language)}, {time}"
