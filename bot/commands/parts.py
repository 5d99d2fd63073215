"""From settings to parts: database, platforms, web server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.config import Config
from handlers.router import Routes
from storage.db import Database

if TYPE_CHECKING:
    from bot.platforms import Platform
    from bot.platforms.matrix import Matrix
    from bot.platforms.telegram import Telegram
    from bot.platforms.web import Sessions
    from bot.platforms.web.server import Part, WebServer

Clock = Callable[[], datetime]


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def routes() -> Routes:
    """All features, joined."""
    from handlers.features import ROUTERS

    return Routes(ROUTERS)


@contextmanager
def opened(config: Config) -> Iterator[Database]:
    """The database of the settings, as it is."""
    db = Database(config.database)
    try:
        yield db
    finally:
        db.close()


@dataclass(frozen=True)
class Parts:
    """What the settings ask for."""

    platforms: list[Platform]
    server: WebServer | None
    telegram: Telegram | None
    matrix: Matrix | None


def parts(config: Config, db: Database, routes: Routes, clock: Clock) -> Parts:
    """The platforms and the web server. The web chat always: its channels keep what they get."""
    from bot.drawing import drawing
    from bot.menus import web_commands
    from bot.platforms.web import WebChat

    chat = WebChat(
        db,
        drawing(routes, clock),
        clock,
        commands=web_commands(routes, clock),
        sessions=_sessions(config, db, clock),
        address=config.web.address if config.web else None,
    )
    telegram = telegram_of(config, routes, clock)
    matrix = matrix_of(config, db, clock)
    served: list[Part] = [chat]
    if telegram is not None and config.telegram and config.telegram.mode == "webhook":
        served.append(telegram)
    platforms: list[Platform] = [p for p in (telegram, matrix, chat) if p is not None]
    return Parts(platforms, _server(config, db, served), telegram, matrix)


def _sessions(config: Config, db: Database, clock: Clock) -> Sessions | None:
    """The way into the web chat by a personal link, where there is a web server."""
    if config.web is None:
        return None
    from bot.entrance import Entrance
    from bot.platforms.web import Sessions

    entrance = Entrance(clock, timedelta(days=config.web.session_days))
    secure = (config.web.address or "").startswith("https://")
    return Sessions(db, entrance, secure=secure, proxy=config.web.proxy)


def telegram_of(config: Config, routes: Routes, clock: Clock) -> Telegram | None:
    """Telegram, if it is set up."""
    settings = config.telegram
    if settings is None:
        return None
    from bot.menus import telegram_menus
    from bot.platforms.telegram import PATH, Telegram, Webhook

    webhook = None
    if settings.mode == "webhook" and settings.webhook_url and settings.webhook_secret:
        url = settings.webhook_url.removesuffix(PATH) + PATH
        webhook = Webhook(url, settings.webhook_secret.get_secret_value())
    return Telegram(
        settings.token.get_secret_value(),
        clock,
        base_url=settings.base_url,
        menus=telegram_menus(routes),
        webhook=webhook,
    )


def matrix_of(config: Config, db: Database, clock: Clock) -> Matrix | None:
    """Matrix, if it is set up."""
    settings = config.matrix
    if settings is None:
        return None
    from bot.platforms.matrix import Login, Matrix

    login = Login(
        settings.homeserver,
        settings.user_id,
        settings.access_token.get_secret_value(),
        settings.device_id,
    )
    return Matrix(db, clock, login, store=config.matrix_store)


def _server(config: Config, db: Database, served: list[Part]) -> WebServer | None:
    if config.web is None:
        return None
    from bot.health import Health
    from bot.platforms.web.server import WebServer

    return WebServer(config.web.host, config.web.port, [Health(db), *served], config.web.hosts)
