"""What the dialog asks for a resolution: the majority, its measure, and who breaks a tie."""

from __future__ import annotations

from typing import Any

from handlers.chat import Text, Translated, plain
from handlers.forms import Choice, Field, Given
from handlers.polls.rules import Rules
from handlers.router import Context
from storage import polls

_MAJORITIES = {
    "simple": "resolution.majority_simple",
    "absolute": "resolution.majority_absolute",
    "two_thirds": "resolution.majority_two_thirds",
}
_BASES = {
    "yes_and_no": "resolution.base_yes_and_no",
    "present": "resolution.base_present",
    "all_seats": "resolution.base_all_seats",
}


def _majorities(ctx: Context, given: Given) -> list[Choice]:
    return _usual_first(_MAJORITIES, Rules.of(ctx.town.rules).majority)


def _bases(ctx: Context, given: Given) -> list[Choice]:
    return _usual_first(_BASES, _usual_base(Rules.of(ctx.town.rules)))


def _usual_first(offered: dict[str, str], usual: str) -> list[Choice]:
    """All choices, the one of the rules of procedure first and named so."""
    first = [Choice(Text("resolution.usual", what=Text(offered[usual])), usual)]
    return first + [Choice(Text(id), value) for value, id in offered.items() if value != usual]


def _usual_base(rules: Rules) -> str:
    """Abstentions that count into yes and no make it all votes cast."""
    if rules.majority_base == "yes_and_no" and rules.abstentions_count:
        return "present"
    return rules.majority_base


NOBODY = 0
"""In the place of the chair's seat: a tie rejects."""


def _simple(given: Given) -> bool:
    return bool(given.get("resolution_majority") == "simple")


def _asks_for_chair(ctx: Context, given: Given) -> bool:
    """Not in a secret poll: that the chair's vote decided would tell what it was."""
    casting = Rules.of(ctx.town.rules).chair_casting_vote
    secret = given.get("secrecy") == "secret"
    return casting and _simple(given) and not secret and "body" in given


def _chairs(ctx: Context, given: Given) -> list[Choice]:
    today = ctx.now.astimezone(ctx.zone).date()
    seats = polls.voting_seats(ctx.tx, given["body"], today)
    return [
        Choice(Text("resolution.no_chair"), NOBODY),
        *(Choice(plain(Translated(seat.name)), seat.id) for seat, fillers in seats if fillers),
    ]


FIELDS = (
    Field(
        "resolution_majority",
        lambda ctx, given: (Text("resolution.ask_majority"),),
        _majorities,
    ),
    Field(
        "resolution_base",
        lambda ctx, given: (Text("resolution.ask_base"),),
        _bases,
        when=lambda ctx, given: not _simple(given),
    ),
    Field(
        "resolution_chair",
        lambda ctx, given: (Text("resolution.ask_chair"),),
        _chairs,
        when=_asks_for_chair,
    ),
)


def settings(ctx: Context, given: Given) -> dict[str, Any]:
    """What the answers make of a poll; ``chair`` is a seat's id, or None without a casting vote."""
    chair = given.get("resolution_chair", NOBODY) if _asks_for_chair(ctx, given) else NOBODY
    return {
        "majority": given["resolution_majority"],
        "base": "yes_and_no" if _simple(given) else given["resolution_base"],
        "abstentions": False,
        "casting_vote": chair != NOBODY,
        "chair": chair or None,
    }
