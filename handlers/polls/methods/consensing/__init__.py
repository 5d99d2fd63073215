"""The method ``consensing``."""

from __future__ import annotations

from handlers.polls.methods import Method
from handlers.polls.methods.consensing.fields import FIELDS, settings
from handlers.polls.methods.consensing.rules import RULES
from handlers.polls.methods.consensing.views import VIEWS

__all__ = ["METHOD"]

METHOD = Method(rules=RULES, views=VIEWS, fields=FIELDS, settings=settings)
