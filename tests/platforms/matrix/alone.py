"""The bot as a process of its own, to be killed: ``python -m tests.platforms.matrix.alone FOLDER``.

The login comes as a line of JSON on standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from bot.platforms.matrix import Login
from tests.platforms.matrix.town import running


async def main() -> None:
    """Run until killed."""
    login = Login(**json.loads(sys.stdin.readline()))
    async with running(Path(sys.argv[1]), login, synced=False):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
