"""``import``: a municipality from its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from bot import config as configuration
from bot.commands.parts import now, opened
from bot.commands.trouble import WORK, Stopped
from bot.importing import MunicipalityFile, read_municipality
from bot.loading import Summary, load
from storage.upgrading import upgrade

_PARTS = {
    "municipality": "Kommune",
    "bodies": "Gremien",
    "institutions": "Einrichtungen",
    "people": "Personen",
    "memberships": "Mitgliedschaften",
    "seats": "Sitze",
    "seat_fillers": "Besetzungen",
    "channels": "Kanäle",
    "fields_of_action": "Themenfelder",
    "measures": "Maßnahmen",
}


def read(path: Path) -> MunicipalityFile:
    """The checked file. Raises Stopped or ImportRefused."""
    try:
        return read_municipality(path.read_text("utf-8"))
    except OSError as error:
        raise Stopped(
            f"{path}: Diese Datei lässt sich nicht lesen ({error.strerror}).", WORK
        ) from None
    except UnicodeDecodeError:
        raise Stopped(f"{path}: Die Datei ist nicht in UTF-8 gespeichert.", WORK) from None


def start(config: str | None, path: Path) -> None:
    """Read the file, write it, say what changed."""
    settings = configuration.read(configuration.path_of(config))
    file = read(path)
    with opened(settings) as db:
        upgrade(db)
        with db.begin() as tx:
            done = load(tx, file, now())
    for line in summary(done):
        click.echo(line)


def summary(done: Summary) -> Iterator[str]:
    """What an import did, a line a part."""
    lines = [line for part, name in _PARTS.items() if (line := _line(done, part, name))]
    yield f"{done.name}: {'eingelesen.' if lines else 'schon auf diesem Stand.'}"
    yield from lines


def _line(done: Summary, part: str, name: str) -> str:
    counts = done.counts.get(part)
    if not counts:
        return ""
    said = [
        f"{number} {word}"
        for number, word in (
            (counts.added, "neu"),
            (counts.changed, "geändert"),
            (counts.ended, "beendet"),
        )
        if number
    ]
    return f"  {name}: {', '.join(said)}"
