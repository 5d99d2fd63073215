"""Scoring (Bewertung), as a whole or by weighted criteria."""

from handlers.polls.methods import Method
from handlers.polls.methods.score.fields import FIELDS, settings
from handlers.polls.methods.score.rules import Score
from handlers.polls.methods.score.views import ScoreViews

METHOD = Method(rules=Score(), views=ScoreViews(), fields=FIELDS, settings=settings)
