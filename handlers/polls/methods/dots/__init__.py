"""Klebepunkte: dot voting."""

from handlers.polls.methods import Method
from handlers.polls.methods.dots.fields import FIELDS, settings
from handlers.polls.methods.dots.rules import Dots
from handlers.polls.methods.dots.views import DotsViews

METHOD = Method(rules=Dots(), views=DotsViews(), fields=FIELDS, settings=settings)
