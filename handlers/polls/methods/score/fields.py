"""What the dialog asks for scoring: the scale, and whether there are weighted criteria."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from handlers.chat import Refusal, Text
from handlers.forms import Choice, Field, Given
from handlers.polls.methods.score import criteria
from handlers.polls.methods.score.criteria import Criterion
from handlers.polls.methods.score.rules import SCALES
from handlers.polls.rules import Broken
from handlers.router import Context


def _scales(ctx: Context, given: Given) -> Sequence[Choice]:
    return [Choice(Text("score.scale", low=low, high=high), [low, high]) for low, high in SCALES]


def _ways(ctx: Context, given: Given) -> Sequence[Choice]:
    return [Choice(Text("score.as_a_whole"), False), Choice(Text("score.by_criteria"), True)]


def _by_criteria(ctx: Context, given: Given) -> bool:
    return bool(given.get("score_weighted"))


def _usual(ctx: Context, given: Given) -> Sequence[Choice]:
    """Benefit and effort: what the effort–benefit matrix is drawn from."""
    language = ctx.town.default_language
    usual = (
        Criterion({language: ctx.words(Text("score.benefit"))}, Fraction(60, 100)),
        Criterion({language: ctx.words(Text("score.effort"))}, Fraction(40, 100), less=True),
    )
    return [Choice(Text("score.usual_criteria"), [criterion.stored() for criterion in usual])]


def _read(ctx: Context, given: Given, text: str) -> list[dict[str, Any]]:
    try:
        return [c.stored() for c in criteria.read(text, ctx.town.default_language)]
    except Broken as broken:
        raise Refusal(Text(broken.message, **broken.named)) from None


FIELDS = (
    Field("score_scale", lambda ctx, given: (Text("score.ask_scale"),), _scales),
    Field("score_weighted", lambda ctx, given: (Text("score.ask_weighted"),), _ways),
    Field(
        "score_criteria",
        lambda ctx, given: (Text("score.ask_criteria"),),
        _usual,
        _read,
        when=_by_criteria,
    ),
)


def settings(ctx: Context, given: Given) -> dict[str, Any]:
    """``low``, ``high``, and ``criteria`` (none where options are scored as a whole)."""
    low, high = given["score_scale"]
    chosen = given["score_criteria"] if _by_criteria(ctx, given) else []
    return {"low": low, "high": high, "criteria": chosen}
