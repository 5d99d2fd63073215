"""Terminfindung: on which date most can come."""

from handlers.polls.methods import Method
from handlers.polls.methods.date.fields import FIELDS, options, settings
from handlers.polls.methods.date.rules import Date
from handlers.polls.methods.date.views import DateViews

METHOD = Method(rules=Date(), views=DateViews(), fields=FIELDS, settings=settings, options=options)
