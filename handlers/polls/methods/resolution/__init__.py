"""Beschluss: a motion is adopted or rejected."""

from handlers.polls.methods import Method
from handlers.polls.methods.resolution.fields import FIELDS, settings
from handlers.polls.methods.resolution.rules import Resolution
from handlers.polls.methods.resolution.views import ResolutionViews

METHOD = Method(rules=Resolution(), views=ResolutionViews(), fields=FIELDS, settings=settings)
