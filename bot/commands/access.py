"""The accesses that ``init`` asks for, each tried at its server before it is written down."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.commands.parts import now
from bot.commands.questions import Questions
from bot.commands.trouble import Stopped, of_platform

TELEGRAM = "https://api.telegram.org"
DEVICE = "GNK-Bot"
WEB_PORT = "8080"
SEEDS = "seeds.json"
"""In the store: of the account, not of a device; a new device is signed with them."""


@dataclass(frozen=True)
class TelegramAccess:
    """A token that Telegram accepted, and the bot's name there."""

    token: str = field(repr=False)
    base_url: str
    name: str

    @property
    def settings(self) -> dict[str, Any]:
        """The section of the file."""
        own = {} if self.base_url == TELEGRAM else {"base_url": self.base_url}
        return {"token": self.token, "mode": "polling", **own}

    def link(self, code: str) -> str:
        """What opens the bot with an invitation."""
        return f"https://t.me/{self.name.removeprefix('@')}?start={code}"


@dataclass(frozen=True)
class MatrixAccess:
    """A device that was logged in."""

    homeserver: str
    user_id: str
    access_token: str = field(repr=False)
    device_id: str

    @property
    def settings(self) -> dict[str, Any]:
        """The section of the file."""
        return {
            "homeserver": self.homeserver,
            "user_id": self.user_id,
            "access_token": self.access_token,
            "device_id": self.device_id,
        }


@dataclass(frozen=True)
class WebAccess:
    """Where the web server listens."""

    port: int
    names: tuple[str, ...]

    @property
    def settings(self) -> dict[str, Any]:
        """The section of the file."""
        return {"host": "127.0.0.1", "port": self.port, "names": list(self.names)}


def telegram(questions: Questions) -> TelegramAccess | None:
    """Ask for a token until Telegram accepts it; None for no Telegram."""
    while token := questions.ask(
        "telegram_token", "Telegram: Token von BotFather (leer: ohne Telegram)", hidden=True
    ):
        base_url = str(questions.given.get("telegram_api") or TELEGRAM).rstrip("/")
        try:
            return TelegramAccess(token, base_url, asyncio.run(_ask_telegram(token, base_url)))
        except _Refused as refused:
            if questions.given.get("telegram_token") or not questions.again(str(refused)):
                raise Stopped(f"telegram.token: {refused}") from None
    return None


class _Refused(Exception):
    """A server did not accept what was given; the message says why."""


async def _ask_telegram(token: str, base_url: str) -> str:
    from bot.platforms.telegram import NotAccepted, Telegram, Unreachable

    try:
        platform = Telegram(token, now, base_url=base_url)
        try:
            return await platform.check()
        finally:
            await platform.close()
    except (NotAccepted, Unreachable) as error:
        raise _Refused(of_platform("telegram", error)) from None


def matrix(questions: Questions, store: Path) -> MatrixAccess | None:
    """Ask for an account until the server logs it in; None for no Matrix.

    The password is used once and not kept.
    """
    while homeserver := questions.ask("matrix_homeserver", "Matrix: Server (leer: ohne Matrix)"):
        if store.exists() and any(p.name != SEEDS for p in store.iterdir()):
            # Keys belong to the device that made them; another one could not use them.
            raise Stopped(
                f"matrix.store: In {store} liegen Schlüssel eines früheren Geräts. "
                "Benennen Sie den Ordner um, wenn Sie den Bot neu anmelden wollen."
            )
        user = questions.ask("matrix_user", "Matrix: Konto des Bots (@bot:example.org)")
        password = questions.ask("matrix_password", "Matrix: Passwort", hidden=True)
        try:
            return asyncio.run(_log_in(homeserver, user, password))
        except _Refused as refused:
            if questions.given.get("matrix_user") or not questions.again(str(refused)):
                raise Stopped(f"matrix: {refused}") from None
    return None


async def _log_in(homeserver: str, user: str, password: str) -> MatrixAccess:
    from bot.platforms.matrix.server import NotAccepted, Unreachable, log_in

    try:
        login = await log_in(homeserver, user, password, DEVICE)
    except (NotAccepted, Unreachable) as error:
        raise _Refused(of_platform("matrix", error)) from None
    return MatrixAccess(login.homeserver, login.user_id, login.access_token, login.device_id)


def web(questions: Questions) -> WebAccess | None:
    """Ask whether there is to be a web server."""
    wanted = questions.given.get("web_port") or questions.agrees(
        "Webserver für Zustandsabfragen einschalten (nur auf diesem Rechner)?", default=False
    )
    if not wanted:
        return None
    port = questions.ask("web_port", "Port", default=WEB_PORT)
    name = questions.ask("web_name", "Öffentlicher Name, wenn er einen hat (leer: keiner)")
    if not port.isdigit():
        raise Stopped(f"web.port: „{port}“ ist keine Zahl.")
    return WebAccess(int(port), (name,) if name else ())
