"""What stands in an invitation's letter, in the words of its reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from handlers.chat import Text, Translated
from handlers.people.documents import Letter, Way

Words = Callable[[Text], str]


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation while its code is known: at no later time."""

    name: Mapping[str, str]
    town: str
    contact: Mapping[str, str]
    code: str
    until: datetime


def letter(invited: Invited, links: Mapping[str, str], words: Words, language: str) -> Letter:
    """The letter of one person. ``links`` as in ``Context.links``."""
    at = {name: link.replace("{code}", invited.code) for name, link in links.items()}
    named, until = Translated(invited.name), invited.until
    return Letter(
        language=language,
        town=invited.town,
        title=words(Text("people.letter_title")),
        to=words(Text("people.letter_to", name=named)),
        intro=(
            words(Text("people.letter_who", town=invited.town)),
            words(Text("people.letter_what_for")),
        ),
        code_label=words(Text("people.letter_code", until=until)),
        code=invited.code,
        ways_title=words(Text("people.letter_ways", n=max(1, len(at)))),
        ways=tuple(_ways(at, invited.code, words)),
        notes=(
            words(Text("people.letter_notice_first")),
            words(Text("people.letter_personal")),
        ),
        help=words(Text("people.letter_help", contact=Translated(invited.contact))),
    )


def _ways(at: Mapping[str, str], code: str, words: Words) -> list[Way]:
    ways = []
    if "web" in at:
        ways.append(
            Way(
                words(Text("people.letter_web")),
                words(Text("people.letter_web_how")),
                at["web"].partition("://")[2],
                at["web"],
                words(Text("people.letter_web_qr", link=at["web"])),
            )
        )
    if "telegram" in at:
        ways.append(
            Way(
                words(Text("people.letter_telegram")),
                words(Text("people.letter_telegram_how", code=code)),
                at["telegram"].partition("://")[2].partition("?")[0],
                at["telegram"],
                words(Text("people.letter_telegram_qr", link=at["telegram"])),
            )
        )
    if "matrix" in at:
        bot = at["matrix"].partition("#/")[2]
        ways.append(
            Way(
                words(Text("people.letter_matrix")),
                words(Text("people.letter_matrix_how", code=code)),
                bot,
                at["matrix"],
                words(Text("people.letter_matrix_qr", bot=bot)),
            )
        )
    if not ways:
        ways.append(
            Way(words(Text("people.letter_chat")), words(Text("people.letter_chat_how", code=code)))
        )
    return ways
