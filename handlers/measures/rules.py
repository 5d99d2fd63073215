"""Searching measures: case, umlauts and accents make no difference."""

from __future__ import annotations

import re
import unicodedata

from handlers.router import LONGEST_WORD

_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def words_meant(typed: str) -> str:
    """What is searched for, short and plain enough for a button."""
    plain = re.sub(r"[^a-z0-9.&+-]+", " ", written_out(typed))
    return plain[:LONGEST_WORD].strip()


def written_out(text: str) -> str:
    """Lower case; ä as ae, é as e."""
    return _bare(unicodedata.normalize("NFC", text).casefold().translate(_WRITTEN_OUT))


def _bare(text: str) -> str:
    parts = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c))


def matches(words: str, *texts: str) -> bool:
    """Whether each of the words stands somewhere in these texts (grün: gruen, grun, GRÜN)."""
    where = " ".join(texts)
    spelt = (written_out(where), _bare(where))
    return all(any(word in text for text in spelt) for word in words.split())
