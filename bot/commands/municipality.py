"""The municipality of a new installation: from a file, or a minimal one from a few questions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.commands.importing import read
from bot.commands.questions import Questions
from bot.importing import ImportRefused, MunicipalityFile
from bot.importing_sentences import german_sentences
from handlers.router import plain_word

_LANGUAGES = "de,en,de-simple"


def municipality(questions: Questions) -> MunicipalityFile:
    """Raises ImportRefused or Stopped for what cannot be used."""
    if questions.given.get("name"):
        return _minimal(questions)
    path = questions.ask("file", "YAML-Datei der Kommune (leer: keine)")
    return read(Path(path)) if path else _minimal(questions)


def _minimal(questions: Questions) -> MunicipalityFile:
    """Coordination with two people, and an empty steering group."""
    name = questions.ask("name", "Name der Kommune")
    slug = questions.ask("slug", "Kurzname", default=_slug(name))
    zone = questions.ask("timezone", "Zeitzone", default="Europe/Berlin")
    languages = questions.ask("languages", "Sprachen", default=_LANGUAGES)
    contact = questions.ask(
        "contact",
        "Wer betreibt den Bot und beantwortet Fragen (keine Person)",
        default=f"{name} betreibt diesen Bot. Fragen beantwortet die Koordination.",
    )
    offered = [language.strip() for language in languages.split(",") if language.strip()]
    made: dict[str, Any] = {
        "municipality": {
            "slug": slug,
            "name": name,
            "kind": "municipality",
            "timezone": zone,
            "languages": offered,
            "default_language": offered[0] if offered else "de",
            "contact": {"de": contact},
        },
        "bodies": [
            {"key": "coordination", "name": {"de": "Koordination", "en": "Coordination"}},
            {"key": "steering_group", "name": {"de": "Steuerungsgruppe", "en": "Steering group"}},
        ],
        "people": [
            {
                "key": f"koordination-{number}",
                "name": {"de": f"Koordination {number}", "en": f"Coordinator {number}"},
                "bodies": ["coordination", "steering_group"],
            }
            for number in (1, 2)
        ],
    }
    try:
        return MunicipalityFile.model_validate(made)
    except ValidationError as invalid:
        raise ImportRefused(german_sentences(invalid)) from None


def _slug(name: str) -> str:
    words = re.findall(r"[a-z0-9]+", plain_word(name))
    # „Stadt Musterdorf“ is called musterdorf.
    return "-".join(words[1:] if len(words) > 1 and words[0] in _KINDS else words)[:40]


_KINDS = ("stadt", "gemeinde", "landgemeinde", "landkreis", "kreis")
