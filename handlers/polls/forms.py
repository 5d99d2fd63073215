"""The dialog in which coordination prepares a prioritisation, one question at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from handlers.chat import Answers, Join, Refusal, Replace, Text, Translated, plain
from handlers.forms import Choice, Field, Form, Given
from handlers.polls import opening, rules, times, views
from handlers.polls.methods.dots import MOST_DOTS
from handlers.polls.opening import Plan
from handlers.polls.reading import poll_facts
from handlers.polls.rules import Broken, Rules
from handlers.polls.voting import refusal
from handlers.router import Context, Role
from storage import measures, polls
from storage.models import Body

TYPED = 0
"""In the place of a field of action: options that are typed."""


def _source(ctx: Context, given: Given) -> list[Choice]:
    offered = [
        Choice(Text("polls.field", code=f.code, title=Translated(f.title), n=count), f.id)
        for f, count in measures.fields(ctx.tx, ctx.town.id)
        if count >= rules.FEWEST_OPTIONS
    ]
    return [*offered, Choice(Text("polls.typed_options"), TYPED)]


def _from_field(ctx: Context, given: Given) -> bool:
    return given.get("source") != TYPED


def _typed(ctx: Context, given: Given) -> bool:
    return given.get("source") == TYPED


def _measures(ctx: Context, given: Given) -> list[Choice]:
    return [
        Choice(Text("polls.measure", code=m.code, title=Translated(m.title)), m.id)
        for m in measures.of_field(ctx.tx, given["source"], ctx.town.id)
    ]


def _all(ctx: Context, given: Given) -> Sequence[Any]:
    return [choice.value for choice in _measures(ctx, given)]


def _read_options(ctx: Context, given: Given, text: str) -> list[str]:
    lines = [re.sub(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s+", "", line) for line in text.splitlines()]
    try:
        return list(rules.check_options(lines))
    except Broken as broken:
        raise refusal(broken) from None


def _title_choices(ctx: Context, given: Given) -> list[Choice]:
    field = measures.field(ctx.tx, given["source"], ctx.town.id) if given["source"] else None
    if field is None:
        return []
    return [Choice(plain(Translated(field.title)), dict(field.title))]


def _read_title(ctx: Context, given: Given, text: str) -> dict[str, str]:
    title = " ".join(text.split())
    if len(title) > rules.LONGEST_TITLE:
        raise Refusal("polls.title_too_long", most=rules.LONGEST_TITLE)
    return {ctx.town.default_language: title}


def _dots_choices(ctx: Context, given: Given) -> list[Choice]:
    usual = Rules.of(ctx.town.rules).dots_per_seat
    # One after the other, so that a typed number means the same as the choice of that number.
    return [
        Choice(Text("polls.usual_number" if n == usual else "polls.number", n=n), n)
        for n in range(1, max(5, usual) + 1)
    ]


def _read_dots(ctx: Context, given: Given, text: str) -> int:
    return _number(text, MOST_DOTS)


def _most_choices(ctx: Context, given: Given) -> list[Choice]:
    usual = min(Rules.of(ctx.town.rules).max_dots_per_option, given["dots"])
    return [
        Choice(Text("polls.usual_number" if n == usual else "polls.number", n=n), n)
        for n in range(1, min(given["dots"], 5) + 1)
    ]


def _read_most(ctx: Context, given: Given, text: str) -> int:
    return _number(text, given["dots"])


def _number(text: str, most: int) -> int:
    if not re.fullmatch(r"\d{1,3}", text.strip()) or not 1 <= int(text) <= most:
        raise Refusal("polls.number_please", most=most)
    return int(text)


def _bodies(ctx: Context, given: Given) -> list[Choice]:
    today = ctx.now.astimezone(ctx.zone).date()
    counted = [
        (body, len(polls.voting_seats(ctx.tx, body.id, today)))
        for body in polls.bodies(ctx.tx, ctx.town.id)
    ]
    return [
        Choice(Text("polls.body", name=Translated(body.name), n=seats), body.id)
        for body, seats in counted
        if seats
    ]


def _times(ctx: Context, given: Given) -> list[Choice]:
    return [
        Choice(Text("polls.time", at=at), at.isoformat())
        for at in times.suggestions(ctx.zone, ctx.now)
    ]


def _read_time(ctx: Context, given: Given, text: str) -> str:
    try:
        at = times.read(text, ctx.zone, ctx.now)
        rules.check_times(ctx.now, at)
    except Broken as broken:
        raise refusal(broken) from None
    return at.isoformat()


def _secrecy(ctx: Context, given: Given) -> list[Choice]:
    both = [Choice(Text("polls.open"), "open"), Choice(Text("polls.secret"), "secret")]
    return both if Rules.of(ctx.town.rules).default_secrecy != "secret" else both[::-1]


def _plan(ctx: Context, given: Given) -> Plan:
    options: tuple[tuple[dict[str, str], int | None], ...]
    if given["source"] == TYPED:
        options = tuple(({ctx.town.default_language: o}, None) for o in given["options"])
    else:
        chosen = set(given["measures"])
        offered = measures.of_field(ctx.tx, given["source"], ctx.town.id)
        options = tuple((m.title, m.id) for m in offered if m.id in chosen)
    return Plan(
        title=given["title"],
        options=options,
        dots=given["dots"],
        max_per_option=given.get("most", 1),
        body_id=given["body"],
        closes_at=datetime.fromisoformat(given["closes_at"]),
        secrecy=given["secrecy"],
    )


def _review(ctx: Context, given: Given) -> tuple[Text, ...]:
    plan = _plan(ctx, given)
    opening.check(ctx, plan)
    body = ctx.tx.get(Body, plan.body_id)
    lines = tuple(Text("polls.option_line", option=Translated(words)) for words, _ in plan.options)
    return (
        Text("polls.review", title=Translated(plan.title)),
        Text("polls.options", lines=Join(lines)),
        Text("polls.how", n=plan.dots, most=plan.max_per_option),
        Text("polls.review_body", name=Translated(body.name if body else {})),
        Text("polls.until", at=plan.closes_at),
        Text("polls.review_secret" if plan.secrecy == "secret" else "polls.review_open"),
        Text("polls.review_causes", n=len(polls.channels(ctx.tx, plan.body_id))),
    )


def _finish(ctx: Context, given: Given) -> Answers:
    poll, answers = opening.publish(ctx, _plan(ctx, given))
    return [Replace(views.opened(poll_facts(ctx.tx, poll))), *answers]


def _ask(message: str) -> Any:
    return lambda ctx, given: (Text(message),)


PREPARE = Form(
    name="poll",
    by=Role.COORDINATION,
    fields=(
        Field("source", _ask("polls.ask_source"), _source),
        Field(
            "measures",
            _ask("polls.ask_measures"),
            _measures,
            when=_from_field,
            multi=True,
            preset=_all,
        ),
        Field("options", _ask("polls.ask_options"), parse=_read_options, when=_typed),
        Field("title", _ask("polls.ask_title"), _title_choices, _read_title),
        Field("dots", _ask("polls.ask_dots"), _dots_choices, _read_dots),
        Field(
            "most",
            _ask("polls.ask_most"),
            _most_choices,
            _read_most,
            when=lambda ctx, given: given.get("dots", 0) > 1,
        ),
        Field("body", _ask("polls.ask_body"), _bodies),
        Field("closes_at", _ask("polls.ask_time"), _times, _read_time),
        Field("secrecy", _ask("polls.ask_secrecy"), _secrecy),
    ),
    review=_review,
    confirm=Text("polls.publish"),
    finish=_finish,
)
