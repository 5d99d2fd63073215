"""``init``: a guided set-up.

First everything is asked and every access is tried; then the database is written in one
transaction, and the settings appear at once and as a whole. Ctrl-C before that leaves nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from sqlalchemy import make_url

from bot import config as configuration
from bot.commands import access
from bot.commands.access import MatrixAccess, TelegramAccess
from bot.commands.importing import summary
from bot.commands.municipality import municipality
from bot.commands.parts import now
from bot.commands.questions import Questions
from bot.commands.trouble import SETTINGS, Stopped
from bot.commands.writing import toml, write_secretly
from bot.importing import MunicipalityFile
from bot.loading import load
from storage import invitations, rosters
from storage.db import Database, Tx
from storage.models import Municipality
from storage.rosters import Listed
from storage.upgrading import upgrade, version

FIRST_INVITED = 2
"""How many people of the coordination get a code: a second one, should the first be lost."""

SQLITE = "sqlite:///data/gnk-bot.sqlite3"


@dataclass(frozen=True)
class Invited:
    """Somebody with a fresh code."""

    name: str
    code: str


def start(config: str | None, given: Mapping[str, Any], *, ask: bool, force: bool) -> None:
    """Ask, try, write, and print the first invitations."""
    path = configuration.path_of(config)
    if path.exists() and not force:
        raise Stopped(f"{path} gibt es schon. Mit --force wird die Datei überschrieben.", SETTINGS)
    questions = Questions({**given, **_secrets()}, ask)
    settings: dict[str, Any] = {
        "database": questions.ask("database", "Datenbank", default=SQLITE),
        "data": "data",
        "log_level": "INFO",
    }
    checked = configuration.check(settings, path)
    file = None if _towns(checked.database) and not given["file"] else municipality(questions)
    telegram = access.telegram(questions)
    matrix = access.matrix(questions, checked.matrix_store)
    web = access.web(questions)
    settings |= {
        name: part.settings
        for name, part in (("telegram", telegram), ("matrix", matrix), ("web", web))
        if part is not None
    }
    configuration.check(settings, path)
    invited = _write_database(checked.database, file)
    write_secretly(path, toml(settings))
    click.echo(f"Einstellungen: {path} (nur für Sie lesbar)")
    _print_invitations(invited, telegram, matrix)
    click.echo("Starten Sie jetzt den Bot: gnk-bot run")


def _secrets() -> dict[str, str | None]:
    """What nobody should write on a command line, which every account of a machine can read."""
    return {
        "telegram_token": os.environ.get("GNK_TELEGRAM__TOKEN"),
        "matrix_password": os.environ.get("GNK_MATRIX_PASSWORD"),
    }


def _towns(url: str) -> list[str]:
    """The municipalities that are in the database already; nothing is created."""
    path = make_url(url).database if url.startswith("sqlite") else None
    if path is not None and not Path(path).exists():
        return []
    db = Database(url)
    try:
        if version(db) is None:
            return []
        upgrade(db)
        with db.read() as tx:
            return [town.name for town in rosters.towns(tx)]
    finally:
        db.close()


def _write_database(url: str, file: MunicipalityFile | None) -> list[Invited]:
    db = Database(url)
    try:
        upgrade(db)
        with db.begin() as tx:
            if file is not None:
                for line in summary(load(tx, file, now())):
                    click.echo(line)
            return [invited for town in _meant(tx, file) for invited in _invite(tx, town)]
    finally:
        db.close()


def _meant(tx: Tx, file: MunicipalityFile | None) -> list[Municipality]:
    towns = rosters.towns(tx)
    return [t for t in towns if t.slug == file.municipality.slug] if file is not None else towns


def _invite(tx: Tx, town: Municipality) -> list[Invited]:
    """Codes for the first people of the coordination who have no account yet."""
    waiting = [
        person
        for person in rosters.roster(tx, now().date())
        if person.municipality_id == town.id
        and person.bodies.get("coordination") == "member"
        and not rosters.has_account(tx, person.id)
    ]
    return [_code(tx, person) for person in waiting[:FIRST_INVITED]]


def _code(tx: Tx, person: Listed) -> Invited:
    code = invitations.create(tx, person.id, person.municipality_id, now())
    return Invited(person.name.get("de", person.key), code)


def _print_invitations(
    invited: list[Invited], telegram: TelegramAccess | None, matrix: MatrixAccess | None
) -> None:
    if not invited:
        click.echo("Einladungen: Die Koordination ist schon dabei; weitere gibt es mit /einladen.")
        return
    click.echo("Einladungen für die Koordination, je einmal und 14 Tage gültig:")
    for person in invited:
        click.echo(f"  {person.name}: {person.code}")
        if telegram is not None:
            click.echo(f"    Telegram: {telegram.link(person.code)}")
        if matrix is not None:
            click.echo(f"    Matrix: an {matrix.user_id} schreiben: !beitreten {person.code}")
