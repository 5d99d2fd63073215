"""The lists of commands that Telegram shows behind the menu button."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeDefault,
)
from telegram.error import TelegramError

from bot.platforms.telegram.errors import described

log = logging.getLogger(__name__)

Scope = Literal["default", "direct", "groups", "administrators"]
"""``groups``: everybody in a group; ``administrators``: those of a group, who see only this."""


@dataclass(frozen=True, slots=True)
class CommandList:
    """Commands for everybody in chats of a kind.

    ``language`` is a two-letter code for those whose app speaks it, None for all others.
    ``commands`` are pairs of a word (``a-z 0-9 _``) and what it does (at most 256 characters).
    """

    scope: Scope
    language: str | None
    commands: tuple[tuple[str, str], ...]


async def register(bot: Bot, menus: Sequence[CommandList]) -> None:
    """Set the lists; one that Telegram refuses is logged, as the bot works without it.

    An empty one takes away what an earlier version may have set.
    """
    for menu in menus:
        commands = [BotCommand(word, hint) for word, hint in menu.commands]
        scope = _scope(menu.scope)
        try:
            if commands:
                await bot.set_my_commands(commands, scope, menu.language)
            else:
                await bot.delete_my_commands(scope, menu.language)
        except TelegramError as error:
            log.warning("Telegram took no list of commands: %s", described(error))


def _scope(scope: Scope) -> BotCommandScope:
    match scope:
        case "direct":
            return BotCommandScopeAllPrivateChats()
        case "groups":
            return BotCommandScopeAllGroupChats()
        case "administrators":
            return BotCommandScopeAllChatAdministrators()
    return BotCommandScopeDefault()
