"""Offene Frage: answers in words."""

from handlers.polls.methods import Method
from handlers.polls.methods.question.fields import FIELDS, settings
from handlers.polls.methods.question.rules import Question
from handlers.polls.methods.question.views import QuestionViews

METHOD = Method(rules=Question(), views=QuestionViews(), fields=FIELDS, settings=settings)
