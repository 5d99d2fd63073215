"""Rules that say no, as refusals to a person."""

from __future__ import annotations

from handlers.chat import Refusal, Text
from handlers.polls.rules import Broken


def refusal(broken: Broken) -> Refusal:
    """What a rule forbids, said to the person."""
    return Refusal(Text(broken.message, **broken.named))
