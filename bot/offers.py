"""The commands that somebody is offered, in their language: menus and suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot.text import Reader, plain
from handlers.router import Role, Route, Routes


def offered(routes: Routes, role: Role) -> list[Route]:
    """What this role may do in a direct chat, in the menu's order."""
    return [route for route in routes.menu(role) if route.where != "channel"]


def commands(routes: Routes, role: Role, language: str) -> Sequence[tuple[str, str]]:
    """The same as words and what they do; the English word for those who read English."""
    return _spoken(offered(routes, role), language)


def in_groups(routes: Routes, role: Role, language: str) -> Sequence[tuple[str, str]]:
    """What this role may do in a channel, as words and what they do."""
    there = [route for route in routes.menu(role) if route.where != "direct"]
    return _spoken(there, language)


def _spoken(routes: Sequence[Route], language: str) -> Sequence[tuple[str, str]]:
    reader = Reader(language, ZoneInfo("Europe/Berlin"))
    spoken = -1 if language == "en" else 0
    return tuple((route.words[spoken], plain(route.hint, reader)) for route in routes)
