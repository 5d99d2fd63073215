"""What is voted on, in the dialog: measures of a field, all, found ones, or typed options."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from handlers.chat import Join, Refusal, Text, Translated
from handlers.forms import Choice, Field, Given
from handlers.polls import rules
from handlers.polls.methods.registry import OFFERED
from handlers.polls.refusing import refusal
from handlers.polls.rules import Broken
from handlers.router import Context
from storage import measures
from storage.models import Measure

Words = Mapping[str, str]

TYPED, ALL, FOUND = 0, -1, -2
"""In the place of a field of action: options that are typed, all measures, a search."""

MOST_ALIKE = 5
"""Pairs of similar options that are named."""


def asks_for_options(given: Given) -> bool:
    """Whether the method votes on options that the dialog has to ask for."""
    method = OFFERED[given["method"]]
    return method.rules.options != "none" and method.options is None


def _asks_for_source(ctx: Context, given: Given) -> bool:
    return asks_for_options(given) and OFFERED[given["method"]].rules.options == "measures"


def _source(ctx: Context, given: Given) -> list[Choice]:
    offered = [
        Choice(Text("polls.field", code=f.code, title=Translated(f.title), n=count), f.id)
        for f, count in measures.fields(ctx.tx, ctx.town.id)
        if count >= rules.FEWEST_OPTIONS
    ]
    there = len(measures.of_town(ctx.tx, ctx.town.id))
    if there >= rules.FEWEST_OPTIONS:
        offered.append(Choice(Text("polls.all_measures", n=there), ALL))
        offered.append(Choice(Text("polls.find_measures"), FOUND))
    return [*offered, Choice(Text("polls.typed_options"), TYPED)]


def _searches(ctx: Context, given: Given) -> bool:
    return _asks_for_source(ctx, given) and given.get("source") == FOUND


def _read_search(ctx: Context, given: Given, text: str) -> str:
    words = " ".join(text.split())
    if len(_containing(ctx, words)) < rules.FEWEST_OPTIONS:
        raise Refusal("polls.too_few_found", words=words[:60])
    return words


def _containing(ctx: Context, words: str) -> list[Measure]:
    """Measures whose code or title has all of these words, in any language of theirs."""
    wanted = words.casefold().split()
    return [
        measure
        for measure in measures.of_town(ctx.tx, ctx.town.id)
        if all(
            word in " ".join([measure.code, *measure.title.values()]).casefold() for word in wanted
        )
    ]


def _from_measures(ctx: Context, given: Given) -> bool:
    return _asks_for_source(ctx, given) and given.get("source") != TYPED


def _offered(ctx: Context, given: Given) -> list[Measure]:
    source = given["source"]
    if source == ALL:
        return measures.of_town(ctx.tx, ctx.town.id)
    if source == FOUND:
        return _containing(ctx, given.get("search", ""))
    return measures.of_field(ctx.tx, source, ctx.town.id)


def _measures(ctx: Context, given: Given) -> list[Choice]:
    return [
        Choice(Text("polls.measure", code=m.code, title=Translated(m.title)), m.id)
        for m in _offered(ctx, given)
    ]


def _all(ctx: Context, given: Given) -> Sequence[Any]:
    return [choice.value for choice in _measures(ctx, given)]


def _typed(ctx: Context, given: Given) -> bool:
    if not asks_for_options(given):
        return False
    return OFFERED[given["method"]].rules.options == "wanted" or given.get("source") == TYPED


def _read_options(ctx: Context, given: Given, text: str) -> list[str]:
    lines = [re.sub(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s+", "", line) for line in text.splitlines()]
    try:
        return list(rules.check_options(lines))
    except Broken as broken:
        raise refusal(broken) from None


def _has_alike(ctx: Context, given: Given) -> bool:
    return _typed(ctx, given) and bool(rules.alike(given.get("options", []), 1))


def _ask_alike(ctx: Context, given: Given) -> tuple[Text, ...]:
    pairs = rules.alike(given["options"], MOST_ALIKE)
    lines = tuple(Text("polls.alike_pair", first=a, second=b) for a, b in pairs)
    return (Text("polls.ask_alike", lines=Join(lines)),)


def _alike_choices(ctx: Context, given: Given) -> list[Choice]:
    drop = [Choice(Text("polls.drop_alike"), "drop")]
    kept = _without_alike(given["options"])
    keep = Choice(Text("polls.keep_alike"), "keep")
    return [keep, *(drop if len(kept) >= rules.FEWEST_OPTIONS else [])]


def _without_alike(options: Sequence[str]) -> list[str]:
    """Of similar options only the first."""
    second = {pair[1] for pair in rules.alike(options)}
    return [option for option in options if option not in second]


def options_of(ctx: Context, given: Given) -> tuple[tuple[Words, int | None], ...]:
    """The options that the answers make: words, and the measure's id if any."""
    method = OFFERED[given["method"]]
    if method.rules.options == "none":
        return ()
    if method.options is not None:
        return tuple((words, None) for words in method.options(ctx, given))
    if _typed(ctx, given):
        typed = given["options"]
        if given.get("alike") == "drop" and _has_alike(ctx, given):
            typed = _without_alike(typed)
        return tuple(({ctx.town.default_language: option}, None) for option in typed)
    chosen = set(given["measures"])
    return tuple((m.title, m.id) for m in _offered(ctx, given) if m.id in chosen)


def title_choices(ctx: Context, given: Given) -> list[Choice]:
    """The field of action's name, where one is voted on."""
    if not _from_measures(ctx, given) or given["source"] in (ALL, FOUND):
        return []
    field = measures.field(ctx.tx, given["source"], ctx.town.id)
    if field is None:
        return []
    return [Choice(Text("plain", text=Translated(field.title)), dict(field.title))]


def _ask(message: str) -> Any:
    return lambda ctx, given: (Text(message),)


FIELDS = (
    Field("source", _ask("polls.ask_source"), _source, when=_asks_for_source),
    Field("search", _ask("polls.ask_search"), parse=_read_search, when=_searches),
    Field(
        "measures",
        _ask("polls.ask_measures"),
        _measures,
        when=_from_measures,
        multi=True,
        preset=_all,
    ),
    Field("options", _ask("polls.ask_options"), parse=_read_options, when=_typed),
    Field("alike", _ask_alike, _alike_choices, when=_has_alike),
)
