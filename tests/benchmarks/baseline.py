"""What the bot is compared with: the shortest python-telegram-bot application that keeps votes.

Written as PTB's documentation does it, with its defaults: ``Application``, one
``CallbackQueryHandler``, every vote committed to SQLite by itself (WAL, ``synchronous=FULL``, as
safe as ours), then ``answerCallbackQuery``. It checks no right to vote, keeps no list of what has
arrived, and shows no ballot that changes.

``python -m tests.benchmarks.baseline URL TOKEN DATABASE [--concurrent]``
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import suppress

from telegram import Update
from telegram.error import BadRequest
from telegram.ext import Application, ApplicationBuilder, CallbackQueryHandler, ContextTypes

_UPSERT = """
INSERT INTO vote (voter, choice) VALUES (?, ?)
ON CONFLICT (voter) DO UPDATE SET choice = excluded.choice
"""


def opened(path: str) -> sqlite3.Connection:
    """The votes' database."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE IF NOT EXISTS vote (voter INTEGER PRIMARY KEY, choice TEXT)")
    db.commit()
    return db


def application(url: str, token: str, db: sqlite3.Connection, concurrent: bool) -> Application:  # type: ignore[type-arg]
    """The bot. ``concurrent``: PTB's option to handle several updates at once."""

    async def vote(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        if query is None:
            return
        db.execute(_UPSERT, (query.from_user.id, query.data))
        db.commit()
        with suppress(BadRequest):  # Telegram takes no answer to an old press.
            await query.answer("Gespeichert.")

    builder = ApplicationBuilder().token(token).base_url(f"{url}/bot")
    made = builder.concurrent_updates(True).build() if concurrent else builder.build()
    made.add_handler(CallbackQueryHandler(vote))
    return made


def main() -> None:
    """Run until SIGTERM."""
    url, token, path, *options = sys.argv[1:]
    application(url, token, opened(path), "--concurrent" in options).run_polling()


if __name__ == "__main__":
    main()
