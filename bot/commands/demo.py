"""``demo``: the invented town, served on this machine."""

from __future__ import annotations

import errno
import webbrowser
from pathlib import Path

import click

from bot import demo, logs
from bot.commands.parts import now, routes
from bot.commands.stopping import run_until_stopped
from bot.commands.trouble import WORK, Stopped
from bot.locking import Busy, only_one
from bot.platforms.web.server import WebServer


def start(*, reset: bool, host: str, port: int | None, browser: bool, folder: Path | None) -> None:
    """Serve until Ctrl-C."""
    folder = folder or demo.default_folder()
    logs.set_up("WARNING")
    try:
        with only_one(folder / "demo.lock"):
            if reset:
                demo.forget(folder)
            _serve(folder, host, demo.free_port(host) if port is None else port, browser)
    except Busy:
        raise Stopped(
            f"Die Demo läuft schon (in {folder}). Beenden Sie sie dort mit Ctrl-C.", WORK
        ) from None


def _serve(folder: Path, host: str, port: int, browser: bool) -> None:
    try:
        WebServer(host, port, [])
    except ValueError:
        raise Stopped(f"--host {host}: Die Demo läuft nur auf diesem Rechner.") from None
    features = routes()

    def ready(address: str) -> None:
        click.echo(f"Der Demo-Ort Ilmbrück: {address}  (Ctrl-C beendet ihn)")
        if browser:
            webbrowser.open(address)

    db = demo.open_database(folder, features, now())
    try:
        run_until_stopped(lambda: demo.serve(db, features, host, port, now, ready))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise Stopped(f"--port {port}: Dieser Port ist belegt. Nehmen Sie einen anderen.") from None
    finally:
        db.close()
