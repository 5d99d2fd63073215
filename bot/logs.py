"""The log: one line an entry, for journald and for people, without any secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable

_TELEGRAM_TOKEN = re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}")
"""What a bot's token looks like, wherever it comes from (Bot API, "Authorizing your bot")."""

_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*):[^@\s/]+@")

HIDDEN = "[verborgen]"


class OneLine(logging.Formatter):
    """An entry as one line: tracebacks are joined by `` | ``, secrets are hidden."""

    def __init__(self, secrets: Iterable[str] = (), *, times: bool = True) -> None:
        """``secrets`` are hidden wherever they stand; ``times`` where nobody else adds them."""
        super().__init__(("%(asctime)s " if times else "") + "%(levelname)s %(name)s: %(message)s")
        self._secrets = sorted((s for s in secrets if len(s) >= 6), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, HIDDEN)
        line = _PASSWORD.sub(rf"\1:{HIDDEN}@", _TELEGRAM_TOKEN.sub(HIDDEN, line))
        return " | ".join(part.rstrip() for part in line.splitlines() if part.strip())


def set_up(level: str, secrets: Iterable[str] = (), *, times: bool = True) -> None:
    """Log to standard error. Libraries that log addresses with tokens in them are held back."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine(secrets, times=times))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "apscheduler", "alembic", "telegram", "nio", "aiohttp"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
