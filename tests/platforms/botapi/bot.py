"""The town's bot as a process of its own, to be killed: ``python -m tests.platforms.botapi.bot``.

Arguments: the server's address, the token, the database file. Prints ``ready`` once everything
that waited is in the inbox.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.platforms.botapi.town import running


@dataclass(frozen=True)
class Where:
    """What the bot needs to know of a server."""

    url: str
    token: str


async def main(url: str, token: str, database: str) -> None:
    """Run until killed."""
    async with running(Where(url, token), Path(database)) as town:
        await town.telegram.caught_up.wait()
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
