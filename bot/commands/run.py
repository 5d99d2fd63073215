"""``run``: the bot on all platforms that are set up, in one process."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import make_url

from bot import config as configuration
from bot import logs
from bot.commands.parts import Parts, now, opened, parts, routes
from bot.commands.stopping import run_until_stopped
from bot.commands.trouble import Stopped, of_platform
from bot.config import Config
from bot.locking import Busy, only_one
from storage import rosters
from storage.db import Database
from storage.upgrading import upgrade

if TYPE_CHECKING:
    from bot.platforms.matrix import Matrix
    from bot.platforms.telegram import Telegram

ANSWERS_WITHIN = 15.0
"""Seconds that a platform has to tell who we are there; the bot runs meanwhile."""


def start(config: str | None) -> None:
    """Run until SIGINT or SIGTERM."""
    path = configuration.path_of(config)
    settings = configuration.read(path)
    if settings.telegram is None and settings.matrix is None and settings.web is None:
        raise Stopped(
            f"{path}: Es ist nichts eingerichtet. Es fehlt [telegram], [matrix] oder [web]; "
            "„gnk-bot init --force“ fragt danach."
        )
    # journald adds the time itself.
    logs.set_up(settings.log_level, settings.hidden, times="JOURNAL_STREAM" not in os.environ)
    try:
        lock = settings.data / "gnk-bot.lock"
        with only_one(lock), opened(settings) as db, db.held() as alone:
            if not alone:
                raise Stopped("Mit dieser Datenbank läuft schon ein Bot, vielleicht anderswo.")
            upgrade(db)
            _run(settings, db)
    except Busy:
        raise Stopped(f"Der Bot läuft schon (mit den Daten in {settings.data}).") from None


def _run(settings: Config, db: Database) -> None:
    features = routes()
    try:
        made = parts(settings, db, features, now)
    except _not_accepted() as refused:
        raise Stopped(f"telegram.token: {of_platform('telegram', refused)}") from None

    async def work() -> None:
        from bot.running import running

        async with running(db, features, made.platforms, now, server=made.server) as bot:
            for line in (*_database(settings, db), *_server(made)):
                click.echo(line)
            telling = asyncio.create_task(_tell(made))
            try:
                await bot.until_broken()
            finally:
                telling.cancel()

    try:
        run_until_stopped(work)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
            raise
        raise Stopped(
            f"web.port: Auf {settings.web and settings.web.host} lässt sich Port "
            f"{settings.web and settings.web.port} nicht öffnen ({error.strerror})."
        ) from None
    click.echo("Beendet.")


def _not_accepted() -> Any:
    """Telegram's refusal of a token, without importing Telegram where it is not set up."""
    module = sys.modules.get("bot.platforms.telegram")
    return module.NotAccepted if module is not None else ()


def _database(settings: Config, db: Database) -> Iterator[str]:
    url = make_url(settings.database)
    where = (
        Path(url.database or "").name
        if db.is_sqlite
        else f"{url.database} auf {url.host or 'diesem Rechner'}"
    )
    with db.read() as tx:
        names = [town.name for town in rosters.towns(tx)]
    yield f"Datenbank: {'SQLite' if db.is_sqlite else 'PostgreSQL'}, {where}"
    missing = "noch keine; lesen Sie eine ein mit: gnk-bot import DATEI"
    yield f"Kommunen: {', '.join(names) or missing}"


def _server(made: Parts) -> Iterator[str]:
    if made.server is not None:
        yield f"Webserver: {made.server.address}"


async def _tell(made: Parts) -> None:
    """Say whom we are connected to, once each platform answers."""
    asked: list[Telegram | Matrix] = [p for p in (made.telegram, made.matrix) if p is not None]
    for line in await asyncio.gather(*(_who(platform) for platform in asked)):
        click.echo(line)


async def _who(platform: Telegram | Matrix) -> str:
    name = platform.name.capitalize()
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            return f"{name}: {await platform.check()}"
    except TimeoutError:
        return f"{name}: antwortet noch nicht; der Bot versucht es weiter"
    except Exception as error:
        # Each platform has errors of its own for this; their messages are made to be shown.
        return f"{name}: {of_platform(platform.name, error)}"
