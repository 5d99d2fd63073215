"""Into the inbox, whatever came: one event that cannot be stored is in nobody's way."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy.exc import InterfaceError, OperationalError

from bot.platforms import Receive
from bot.platforms.matrix import reading
from bot.platforms.matrix.rooms import PLATFORM
from storage.inbox import Arrival

log = logging.getLogger(__name__)

_DATABASE_AWAY = (InterfaceError, OperationalError, OSError)
"""Full, locked or not reachable: nothing is wrong with the events, they are to come again."""


async def keep(receive: Receive, arrivals: Sequence[Arrival]) -> None:
    """Store events. One that the database does not take is replaced by a malformed one."""
    if not arrivals:
        return
    try:
        await receive(PLATFORM, arrivals)
        return
    except _DATABASE_AWAY:
        raise
    except Exception as error:
        # Its text may quote what people wrote.
        log.error("matrix: events could not be stored together (%s)", type(error).__name__)
    for arrival in arrivals:
        await _keep_one(receive, arrival)


async def _keep_one(receive: Receive, arrival: Arrival) -> None:
    try:
        await receive(PLATFORM, [arrival])
    except _DATABASE_AWAY:
        raise
    except Exception as error:
        log.error("matrix: an event could not be stored (%s)", type(error).__name__)
        await receive(PLATFORM, [reading.malformed({"event_id": arrival.key}, arrival.place)])
