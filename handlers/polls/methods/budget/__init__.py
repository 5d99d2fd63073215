"""The method ``budget``."""

from __future__ import annotations

from handlers.polls.methods import Method
from handlers.polls.methods.budget.fields import FIELDS, settings
from handlers.polls.methods.budget.rules import RULES
from handlers.polls.methods.budget.views import VIEWS

__all__ = ["METHOD"]

METHOD = Method(rules=RULES, views=VIEWS, fields=FIELDS, settings=settings)
