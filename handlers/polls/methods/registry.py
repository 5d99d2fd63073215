"""All methods of voting, a line each."""

from __future__ import annotations

from dataclasses import replace

from handlers.polls.methods import Method
from handlers.polls.methods.approval import METHOD as APPROVAL
from handlers.polls.methods.budget import METHOD as BUDGET
from handlers.polls.methods.choice import METHOD as CHOICE
from handlers.polls.methods.consensing import METHOD as CONSENSING
from handlers.polls.methods.consent import METHOD as CONSENT
from handlers.polls.methods.date import METHOD as DATE
from handlers.polls.methods.date.fields import options as dates
from handlers.polls.methods.dots import METHOD as DOTS
from handlers.polls.methods.election import METHOD as ELECTION
from handlers.polls.methods.question import METHOD as QUESTION
from handlers.polls.methods.ranking import METHOD as RANKING
from handlers.polls.methods.resolution import METHOD as RESOLUTION
from handlers.polls.methods.score import METHOD as SCORE
from handlers.polls.written.method import NAME, WRITTEN

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        RESOLUTION,
        CHOICE,
        APPROVAL,
        DOTS,
        SCORE,
        RANKING,
        CONSENSING,
        CONSENT,
        BUDGET,
        replace(DATE, options=dates),
        QUESTION,
        ELECTION,
    )
}

OFFERED: dict[str, Method] = {**METHODS, NAME: WRITTEN}
"""What the dialog offers: the methods, and the resolution by written procedure."""
