"""Choosing one option."""

from handlers.polls.methods import Method
from handlers.polls.methods.choice.fields import FIELDS, settings
from handlers.polls.methods.choice.rules import Choice
from handlers.polls.methods.choice.views import ChoiceViews

METHOD = Method(rules=Choice(), views=ChoiceViews(), fields=FIELDS, settings=settings)
