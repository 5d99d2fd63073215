"""The method ``ranking``."""

from __future__ import annotations

from handlers.polls.methods import Method
from handlers.polls.methods.ranking.fields import FIELDS, settings
from handlers.polls.methods.ranking.rules import RULES
from handlers.polls.methods.ranking.views import VIEWS

__all__ = ["METHOD"]

METHOD = Method(rules=RULES, views=VIEWS, fields=FIELDS, settings=settings)
