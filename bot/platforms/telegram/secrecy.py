"""Tokens stay out of the logs: out of messages, arguments and tracebacks, whoever writes them."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable

HIDDEN = "[token]"

_TALKATIVE = ("httpx", "httpcore", "telegram")
"""Loggers that name addresses (with the token in them) or what people wrote, below WARNING."""


class Hiding:
    """Makes log records in which secrets cannot be read. Every logger's records come from here."""

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self.make = make
        self.secrets: tuple[str, ...] = ()
        """The longest first, as one may be a part of another."""

    def __call__(self, *args: object, **kwargs: object) -> logging.LogRecord:
        """Make a record as ``logging`` wants it."""
        record = self.make(*args, **kwargs)
        self._hide_message(record)
        self._hide_traceback(record)
        return record

    def _hide_message(self, record: logging.LogRecord) -> None:
        try:
            said = record.getMessage()
        except (TypeError, ValueError, KeyError):
            return  # The handler reports arguments that do not fit, and shows only the template.
        hidden = self.hide(said)
        if hidden != said:
            record.msg, record.args = hidden, ()

    def _hide_traceback(self, record: logging.LogRecord) -> None:
        if isinstance(record.exc_info, tuple) and record.exc_info[1] is not None:
            text = "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n")
            hidden = self.hide(text)
            if hidden != text:
                # Formatters print the text; from the exception they would write it anew.
                record.exc_info, record.exc_text = None, hidden
        if record.stack_info is not None:
            record.stack_info = self.hide(record.stack_info)

    def hide(self, text: str) -> str:
        """The text with every known secret replaced."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text


def keep_secret(secrets: Iterable[str]) -> None:
    """From now on these words appear in no log record of this process; quiets talkative loggers.

    May be called again with more. Words of fewer than 8 characters would hide too much.

    Raises ValueError for such a short one.
    """
    words = set(secrets)
    if any(len(word) < 8 for word in words):
        raise ValueError("a secret this short cannot be kept out of the logs")
    made_by = logging.getLogRecordFactory()
    if not isinstance(made_by, Hiding):
        made_by = Hiding(made_by)
        logging.setLogRecordFactory(made_by)
    known = words.union(made_by.secrets)
    made_by.secrets = tuple(sorted(known, key=len, reverse=True))
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))
