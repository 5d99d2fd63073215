"""All features. A new one is one line here."""

from __future__ import annotations

from handlers import channels, help, measures, members, people, polls, privacy, quickpolls
from handlers.router import Router

ROUTERS: tuple[Router, ...] = (
    people.router,
    members.router,
    channels.router,
    polls.router,
    quickpolls.router,
    measures.router,
    help.router,
    privacy.router,
)
"""The features' functions, to be joined by ``Routes``."""
