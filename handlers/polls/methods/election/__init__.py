"""Wahl: a person is elected, in a second round if need be."""

from handlers.polls.methods import Method
from handlers.polls.methods.election.fields import FIELDS, options, settings
from handlers.polls.methods.election.rules import Election
from handlers.polls.methods.election.views import ElectionViews

METHOD = Method(
    rules=Election(), views=ElectionViews(), fields=FIELDS, settings=settings, options=options
)
