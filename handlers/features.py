"""All features. A new one is one line here."""

from __future__ import annotations

from handlers import channels, help, measures, members, people, polls, privacy, quickpolls
from handlers.polls.elections import routes as elections
from handlers.polls.procedure import routes as procedure
from handlers.polls.recording import routes as recording
from handlers.polls.reminding import routes as reminding
from handlers.polls.templates import routes as templates
from handlers.polls.written import routes as written
from handlers.router import Router

ROUTERS: tuple[Router, ...] = (
    people.router,
    members.router,
    channels.router,
    polls.router,
    quickpolls.router,
    recording.router,
    elections.router,
    procedure.router,
    reminding.router,
    templates.router,
    written.router,
    measures.router,
    help.router,
    privacy.router,
)
"""The features' functions, to be joined by ``Routes``."""
