"""``backup``: database and keys in a new folder, while the bot goes on."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import click
from sqlalchemy import make_url

from bot import config as configuration
from bot.commands.trouble import WORK, Stopped
from bot.config import Config
from storage.tenancy import ALL, SETTING

_SQLITE = b"SQLite format 3\x00"


def start(config: str | None, target: Path) -> None:
    """Write the backup; a folder of that name appears only once it is whole."""
    path = configuration.path_of(config)
    settings = configuration.read(path)
    if target.exists():
        raise Stopped(f"{target}: Das gibt es schon. Nennen Sie einen neuen Ordner.", WORK)
    making = target.with_name(f".{target.name}.part")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700, parents=True)
    try:
        done = [*_database(settings, making), *_keys(settings, making)]
        whole = any(making.iterdir())
        if whole:
            os.rename(making, target)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    for line in done:
        click.echo(line)
    if not whole:
        return
    click.echo(f"Gesichert in {target}. Nicht dabei sind die Einstellungen mit den Tokens: {path}")
    click.echo("Wer diesen Ordner hat, kann alles lesen: bewahren Sie ihn sicher auf.")


def _database(settings: Config, folder: Path) -> list[str]:
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        source = Path(url.database or "")
        if not source.exists():
            raise Stopped(f"{source}: Diese Datenbank gibt es nicht.")
        copy_sqlite(source, folder / source.name)
        return [f"Datenbank: {source.name}"]
    command = ["pg_dump", "--enable-row-security", "--format=custom"]
    command += [f"--file={folder.parent / 'gnk-bot.dump'}"]
    command += [f"--host={url.host}"] if url.host else []
    command += [f"--port={url.port}"] if url.port else []
    command += [f"--username={url.username}"] if url.username else []
    # Row-level security shows other programs nothing until they ask for all municipalities.
    words = " ".join([f"PGOPTIONS='-c {SETTING}={ALL}'", *command, url.database or ""])
    return [f"PostgreSQL sichert sich selbst. Rufen Sie dafür auf: {words}"]


def _keys(settings: Config, folder: Path) -> list[str]:
    store = settings.matrix_store
    if not store.is_dir():
        return []
    for path in sorted(p for p in store.rglob("*") if p.is_file()):
        copy = folder / "matrix" / path.relative_to(store)
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("rb") as file:
            is_database = file.read(len(_SQLITE)) == _SQLITE
        if is_database:
            copy_sqlite(path, copy)
        elif not path.name.endswith(("-wal", "-shm", "-journal")):
            shutil.copy2(path, copy)
    return ["Schlüssel der verschlüsselten Matrix-Räume: matrix"]


def copy_sqlite(source: Path, copy: Path) -> None:
    """A consistent copy of a database that may be written to meanwhile."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(copy)) as new,
    ):
        old.backup(new)
    copy.chmod(0o600)
