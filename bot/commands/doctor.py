"""``doctor``: what is wrong, and what to do about it; a line each, marked ok, ! or ✗ (broken)."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from bot import config as configuration
from bot.commands.parts import matrix_of, now, opened, routes, telegram_of
from bot.commands.trouble import of_platform, told
from bot.config import Config, Unusable
from storage import inbox, outbox, retention, rosters, timers
from storage.db import Database, Tx
from storage.upgrading import head, version

if TYPE_CHECKING:
    from bot.platforms.matrix.signing import State

FEW_BYTES = 500 * 1024 * 1024
ANSWERS_WITHIN = 15.0
SHOWN = 5
"""Events put aside that are named one by one."""


@dataclass(frozen=True)
class Finding:
    """Something that was looked at. ``mark``: ``ok``, ``!`` or ``✗``."""

    mark: str
    what: str

    def __str__(self) -> str:
        return f"{self.mark:<2} {self.what}"


def start(config: str | None) -> int:
    """Print what was found; 1 if something is broken, else 0."""
    broken = 0
    for finding in _findings(configuration.path_of(config)):
        click.echo(str(finding))
        broken += finding.mark == "✗"
    return 1 if broken else 0


def _findings(path: Path) -> Iterator[Finding]:
    try:
        settings = configuration.read(path)
    except Unusable as unusable:
        yield from (Finding("✗", line) for line in unusable.lines)
        return
    yield Finding("ok", f"Einstellungen: {path}, nur für Sie lesbar")
    yield from _disk(settings)
    with opened(settings) as db:
        try:
            found = version(db)
        except (DBAPIError, ImportError) as error:
            yield from (Finding("✗", line) for line in told(error)[0])
            return
        yield _version(found)
        if found == head():
            yield from _database(settings, db)
            with db.read() as tx:
                yield from _contents(tx)
        yield from _platforms(settings, db)


def _disk(settings: Config) -> Iterator[Finding]:
    folder = settings.data
    if not folder.exists():
        yield Finding("!", f"Datenordner: {folder} gibt es noch nicht; „gnk-bot run“ legt ihn an")
        return
    free = shutil.disk_usage(folder).free
    megabytes = f"{free // 1024 // 1024} MB frei in {folder}"
    if free < FEW_BYTES:
        yield Finding("!", f"Speicherplatz: nur {megabytes}. Schaffen Sie Platz.")
    else:
        yield Finding("ok", f"Speicherplatz: {megabytes}")


def _version(found: str | None) -> Finding:
    known = head()
    if found is None:
        return Finding("!", "Datenbank: noch leer; „gnk-bot run“ legt sie an")
    if found == known:
        return Finding("ok", f"Datenbank: erreichbar, Stand {found}")
    if found < known:
        return Finding("!", f"Datenbank: Stand {found}; „gnk-bot run“ bringt sie auf {known}")
    return Finding(
        "✗",
        f"Datenbank: Stand {found}, dieses Programm kennt nur {known}. "
        "Installieren Sie die neuere Version.",
    )


def _database(settings: Config, db: Database) -> Iterator[Finding]:
    with db.read() as tx:
        if db.is_sqlite:
            mode = tx.execute(text("PRAGMA journal_mode")).scalar_one()
            safe = tx.execute(text("PRAGMA synchronous")).scalar_one()
            good, what = (
                mode == "wal" and int(safe) >= 2,
                f"journal_mode {mode}, synchronous {safe}",
            )
            path = Path(make_url(settings.database).database or "")
            complaint = configuration.open_to_others(path) if path.exists() else None
        else:
            fsync = tx.execute(text("SHOW fsync")).scalar_one()
            commit = tx.execute(text("SHOW synchronous_commit")).scalar_one()
            good, what = (
                fsync == "on" and commit != "off",
                f"fsync {fsync}, synchronous_commit {commit}",
            )
            complaint = _unrestrained(tx)
    if good:
        yield Finding("ok", f"Haltbarkeit: {what}")
    else:
        yield Finding(
            "✗", f"Haltbarkeit: {what}. So können bei Stromausfall Stimmen verloren gehen."
        )
    if complaint:
        yield Finding("!", complaint)


def _unrestrained(tx: Tx) -> str | None:
    role = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    if not tx.execute(text(role)).scalar_one():
        return None
    return (
        "Datenbank: Das Konto des Bots ist Superuser oder hat BYPASSRLS; PostgreSQL trennt die "
        "Kommunen so nicht. Nehmen Sie ein gewöhnliches Konto, dem die Datenbank gehört."
    )


def _contents(tx: Tx) -> Iterator[Finding]:
    towns = [town.name for town in rosters.towns(tx)]
    if towns:
        yield Finding("ok", f"Kommunen: {', '.join(towns)}")
    else:
        yield Finding("!", "Kommunen: keine. Lesen Sie eine ein mit: gnk-bot import DATEI")
    aside = inbox.quarantined(tx)
    if not aside:
        yield Finding("ok", "Eingang: nichts beiseitegelegt")
    else:
        yield Finding(
            "!",
            f"Eingang: {len(aside)} unlesbare Ereignisse beiseitegelegt. "
            "Melden Sie das mit diesen Zeilen:",
        )
        for platform, key, at, error in aside[-SHOWN:]:
            yield Finding("!", f"  {platform} {key} vom {at:%d.%m.%Y %H:%M} UTC: {error}")
    counts = outbox.counts(tx)
    yield _outbox(counts)
    for town in rosters.towns(tx):
        yield _periods(town.name, retention.last(tx, town.id))
    due = timers.next_due(tx)
    late = int((now() - due).total_seconds() // 60) if due is not None else 0
    if late > 1:
        yield Finding("!", f"Termine: einer ist seit {late} Minuten überfällig. Läuft der Bot?")
    else:
        yield Finding("ok", "Termine: keiner überfällig")


def _outbox(counts: dict[str, int]) -> Finding:
    unknown, failed, waiting = (counts.get(s, 0) for s in ("unknown", "failed", "queued"))
    if unknown or failed:
        return Finding(
            "!",
            f"Ausgang: {failed} nicht zustellbar, bei {unknown} ist ungewiss, ob sie ankamen; "
            f"{waiting} warten. Ungewisse werden nie blind wiederholt.",
        )
    return Finding("ok", f"Ausgang: {waiting} warten, nichts fehlgeschlagen")


def _periods(town: str, last: tuple[datetime, retention.Counts] | None) -> Finding:
    if last is None:
        return Finding(
            "ok", f"Löschfristen {town}: noch nie durchgesetzt; „gnk-bot run“ tut es nachts"
        )
    at, counts = last
    what = (
        f"Löschfristen {town}: zuletzt am {at:%d.%m.%Y %H:%M} UTC durchgesetzt, "
        f"{counts.total} Einträge gelöscht, davon {counts.former_members} Personen anonymisiert"
    )
    late = now() - at > timedelta(days=2)
    return Finding("!", f"{what}. Läuft der Bot nachts?") if late else Finding("ok", what)


def _platforms(settings: Config, db: Database) -> Iterator[Finding]:
    if settings.telegram is None and settings.matrix is None:
        yield Finding("!", "Plattformen: weder Telegram noch Matrix eingerichtet")
        return

    async def ask() -> list[Finding]:
        found = []
        if settings.telegram is not None:
            found.append(await _checked("Telegram", lambda: telegram_of(settings, routes(), now)))
        if settings.matrix is not None:
            found.append(await _checked("Matrix", lambda: matrix_of(settings, db, now)))
            if found[-1].mark == "ok":
                found += await _signature(settings, db)
        return found

    yield from asyncio.run(ask())


async def _signature(settings: Config, db: Database) -> list[Finding]:
    matrix = matrix_of(settings, db, now)
    if matrix is None:
        return []
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            state = await matrix.signature()
    except TimeoutError:
        return [Finding("✗", "Matrix: keine Antwort auf die Frage nach den Schlüsseln")]
    except Exception as error:
        # As with all that a platform says.
        return [Finding("✗", f"Matrix: {of_platform('matrix', error)}")]
    finally:
        await matrix.close()
    found = [Finding(*_about(state))]
    if state.device and state.master:
        found.append(Finding("ok", f"  Fingerabdruck des Geräts: {state.device}"))
        found.append(Finding("ok", f"  Hauptschlüssel des Kontos: {state.master}"))
    seeds = settings.matrix_store / "seeds.json"
    complaint = configuration.open_to_others(seeds) if seeds.exists() else None
    return [*found, *([Finding("!", complaint)] if complaint else [])]


def _about(state: State) -> tuple[str, str]:
    if state.foreign:
        what = (
            "Matrix: Auf dem Server liegen Signaturschlüssel, die der Bot nicht hat. Spielen Sie "
            "den Ordner der Schlüssel aus der Sicherung zurück, oder beenden Sie den Bot und "
            "rufen Sie auf: gnk-bot matrix-reset-signing"
        )
        return "✗", what
    if state.signed:
        return "ok", f"Matrix: Das Gerät {state.device_id} ist signiert"
    return "!", f"Matrix: Das Gerät {state.device_id} ist noch nicht signiert; „gnk-bot run“ tut es"


async def _checked(name: str, make: Any) -> Finding:
    platform = None
    try:
        platform = make()
        async with asyncio.timeout(ANSWERS_WITHIN):
            return Finding("ok", f"{name}: verbunden als {await platform.check()}")
    except TimeoutError:
        return Finding("✗", f"{name}: keine Antwort. Ist das Netz da, stimmt die Adresse?")
    except Exception as error:
        # Each platform has errors of its own for this; their messages are made to be shown.
        return Finding("✗", f"{name}: {of_platform(name.lower(), error)}")
    finally:
        if platform is not None:
            await platform.close()
