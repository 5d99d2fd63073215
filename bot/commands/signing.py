"""``matrix-reset-signing``: new signing keys for the Matrix account, in place of whatever is there.

Never done by itself: who had verified the bot is told by their client that it has changed.
"""

from __future__ import annotations

import asyncio
import os

import click

from bot import config as configuration
from bot.commands.parts import matrix_of, now, opened
from bot.commands.trouble import SETTINGS, WORK, Stopped, of_platform
from bot.locking import Busy, only_one
from bot.platforms.matrix import Matrix
from bot.platforms.matrix.server import NotAccepted, Unreachable
from bot.platforms.matrix.signing import grouped


def start(config: str | None) -> None:
    """Ask for the password and replace the keys; the device is signed at the next start."""
    path = configuration.path_of(config)
    settings = configuration.read(path)
    try:
        with only_one(settings.data / "gnk-bot.lock"), opened(settings) as db:
            matrix = matrix_of(settings, db, now)
            if matrix is None:
                raise Stopped(f"{path}: Matrix ist nicht eingerichtet.", SETTINGS)
            user = matrix.login.user_id
            password = os.environ.get("GNK_MATRIX_PASSWORD") or click.prompt(
                f"Passwort von {user}", hide_input=True
            )
            master = asyncio.run(_reset(matrix, password))
    except Busy:
        raise Stopped("Der Bot läuft. Beenden Sie ihn zuerst.") from None
    except (NotAccepted, Unreachable) as error:
        raise Stopped(of_platform("matrix", error), WORK) from None
    click.echo(f"Neuer Hauptschlüssel von {user}: {grouped(master)}")
    click.echo("Starten Sie jetzt den Bot; er signiert damit sein Gerät. Sichern Sie danach neu.")


async def _reset(matrix: Matrix, password: str) -> str:
    try:
        return (await matrix.reset_signing(password)).public("master")
    finally:
        await matrix.close()
