"""What typed words mean here."""

from __future__ import annotations

from collections.abc import Mapping

_LANGUAGES = {
    "de": ("de", "deutsch", "german"),
    "en": ("en", "englisch", "english"),
    "de-simple": ("de-simple", "einfach", "einfache", "einfache sprache", "simple", "plain"),
}


def language_meant(typed: str) -> str | None:
    """The language that a typed name means: ``de``, ``en`` or ``de-simple``."""
    name = " ".join(typed.casefold().split())
    return next((code for code, names in _LANGUAGES.items() if name in names), None)


def language_hinted(hint: str | None, otherwise: str) -> str:
    """The language that a platform's hint (``de-AT``, ``en``) stands for."""
    code = (hint or "").casefold().replace("_", "-").split("-")[0]
    return code if code in ("de", "en") else otherwise


def is_called(words: str, name: Mapping[str, str]) -> bool:
    """Whether each of the words stands in the name, in whatever language."""
    where = " ".join(name.values()).casefold()
    return all(word in where for word in words.casefold().split())
