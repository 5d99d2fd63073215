"""Konsent: a proposal stands unless somebody has a paramount objection."""

from handlers.polls.methods import Method
from handlers.polls.methods.consent.fields import FIELDS, settings
from handlers.polls.methods.consent.rules import Consent
from handlers.polls.methods.consent.views import ConsentViews

METHOD = Method(rules=Consent(), views=ConsentViews(), fields=FIELDS, settings=settings)
