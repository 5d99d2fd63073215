"""Multiple choice (Mehrfachauswahl)."""

from handlers.polls.methods import Method
from handlers.polls.methods.approval.fields import FIELDS, settings
from handlers.polls.methods.approval.rules import Approval
from handlers.polls.methods.approval.views import ApprovalViews

METHOD = Method(rules=Approval(), views=ApprovalViews(), fields=FIELDS, settings=settings)
