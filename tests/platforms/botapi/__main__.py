"""The server as a process of its own: ``python -m tests.platforms.botapi --port 0``.

Prints one line of JSON with its address and the bot's token, then serves until SIGTERM or Ctrl-C.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from datetime import UTC, datetime

from tests.platforms.botapi.control import Control
from tests.platforms.botapi.flood import Limits
from tests.platforms.botapi.server import Server


async def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.platforms.botapi")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--no-limits", action="store_true", help="never answer with 429")
    given = parser.parse_args()
    limits = None if given.no_limits else Limits()
    server = Server(lambda: datetime.now(UTC), limits)
    await server.start(given.port, Control(server).routes())
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    print(json.dumps({"url": server.url, "token": server.token}), flush=True)
    await ended.wait()
    await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
