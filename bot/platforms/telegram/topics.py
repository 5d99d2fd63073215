"""The topics of a forum: where something is said, and where if that topic is closed or gone."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from telegram.error import BadRequest

from bot.platforms import Delivery
from bot.platforms.telegram.errors import TOPIC_GONE, says

log = logging.getLogger(__name__)

T = TypeVar("T")


def topic_of(delivery: Delivery) -> int | None:
    """The topic that a delivery belongs into; None is the group itself (a forum's main topic)."""
    thread = delivery.thread or ""
    return int(thread) if thread.isascii() and thread.isdigit() else None


async def in_topic(topic: int | None, send: Callable[[int | None], Awaitable[T]]) -> T:
    """Send into a topic, or into the main one if that one is closed or deleted.

    Raises what ``send`` raises for any other reason.
    """
    try:
        return await send(topic)
    except BadRequest as error:
        if topic is None or not says(error, *TOPIC_GONE):
            raise
    log.warning("a topic is closed or gone: what belongs there is said in the main topic")
    return await send(None)
