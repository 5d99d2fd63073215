"""The commands that somebody is offered: the web chat's suggestions, Telegram's menu button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.offers import commands, in_groups, offered
from bot.platforms.web import Hint
from bot.text import Reader, plain
from handlers.people.roles import role_of
from handlers.router import Role, Routes
from storage import people, webchat
from storage.db import Tx

if TYPE_CHECKING:
    from bot.platforms.telegram import CommandList


def web_commands(
    routes: Routes, clock: Callable[[], datetime]
) -> Callable[[Tx, str, Reader], Sequence[Hint]]:
    """What ``WebChat`` wants to know as ``commands``."""

    def hints(tx: Tx, account: str, reader: Reader) -> list[Hint]:
        known = people.behind(tx, webchat.PLATFORM, account, None)
        role = Role.ANYONE
        if known is not None:
            today = clock().astimezone(reader.zone).date()
            role = role_of(people.bodies_of(tx, known.person.id, today))
        return [
            Hint(route.words[0], plain(route.hint, reader), route.words[1:])
            for route in offered(routes, role)
        ]

    return hints


def telegram_menus(routes: Routes) -> tuple[CommandList, ...]:
    """The lists behind Telegram's menu button for those whom the bot does not know yet.

    Everybody else is offered their own in the direct chat (``Platform.offer``). In groups the
    bot need not know who opens the menu: members find there what members may do in a group,
    a group's administrators what coordination may, and whoever is not coordination is told so.
    """
    from bot.platforms.telegram import CommandList

    return tuple(
        made
        for language, words in ((None, "de"), ("en", "en"))
        for made in (
            CommandList("direct", language, tuple(commands(routes, Role.ANYONE, words))),
            CommandList("groups", language, tuple(in_groups(routes, Role.MEMBER, words))),
            CommandList(
                "administrators", language, tuple(in_groups(routes, Role.COORDINATION, words))
            ),
        )
    )
