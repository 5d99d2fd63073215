"""The dialog in which a poll is prepared, one question at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from handlers.chat import Answers, Button, Refusal, Replace, Text, Translated, plain
from handlers.forms import Choice, Field, Form, Given
from handlers.polls import closing, managing_views, opening, rules, sources, times, views
from handlers.polls.facts import OptionFacts, PollFacts
from handlers.polls.methods.registry import METHODS, OFFERED
from handlers.polls.opening import Plan
from handlers.polls.procedure.actions import ShowProcedure
from handlers.polls.reading import poll_facts
from handlers.polls.refusing import refusal
from handlers.polls.rules import Broken, Rules
from handlers.polls.templates.actions import KeepPlan, Templates
from handlers.polls.templates.plans import deadline
from handlers.router import Context, Role
from storage import polls
from storage.models import Body

NOW = ""
"""In the place of a time: as soon as it is published."""

QUICK = ("dots", "date", "question")
"""Methods that are not asked whether they decide: they gather what people think."""

_SECRECIES = {
    "open": "polls.open",
    "roll_call": "polls.roll_call",
    "secret": "polls.secret",
}
REVIEWED = {
    "open": "polls.review_open",
    "roll_call": "polls.review_roll_call",
    "secret": "polls.review_secret",
}


def _ask_method(ctx: Context, given: Given) -> tuple[Text, ...]:
    return views.methods(OFFERED)


def _methods(ctx: Context, given: Given) -> list[Choice]:
    has_options = "options" in given.get("known", ())
    offered = [n for n in OFFERED if not has_options or sources.asks_for_options({"method": n})]
    return [Choice(views.method_name(name), name) for name in views.METHODS if name in offered]


def _read_title(ctx: Context, given: Given, text: str) -> dict[str, str]:
    title = " ".join(text.split())
    if len(title) > rules.LONGEST_TITLE:
        raise Refusal("polls.title_too_long", most=rules.LONGEST_TITLE)
    return {ctx.town.default_language: title}


def _titles(ctx: Context, given: Given) -> list[Choice]:
    """What it may be called: as its field of action, or as its template."""
    named = sources.title_choices(ctx, given)
    if given.get("template"):
        words = {ctx.town.default_language: given["template"]}
        named.append(Choice(plain(given["template"]), words))
    return named


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


def _openings(ctx: Context, given: Given) -> list[Choice]:
    return [
        Choice(Text("polls.at_once"), NOW),
        *(
            Choice(Text("polls.time", at=at), at.isoformat())
            for at in times.mornings(ctx.zone, ctx.now)
        ),
    ]


def _read_opening(ctx: Context, given: Given, text: str) -> str:
    return _time(ctx, text, ctx.now)


def _opens_at(given: Given) -> datetime | None:
    return datetime.fromisoformat(given["opens_at"]) if given.get("opens_at") else None


def _times(ctx: Context, given: Given) -> list[Choice]:
    begins = _opens_at(given) or ctx.now
    offered = times.suggestions(ctx.zone, begins)
    if given.get("lasts"):
        usual = deadline(begins, ctx.zone, **given["lasts"])
        if usual > begins:
            offered = [usual, *(at for at in offered if at != usual)]
    return [Choice(Text("polls.time", at=at), at.isoformat()) for at in offered]


def _read_time(ctx: Context, given: Given, text: str) -> str:
    return _time(ctx, text, _opens_at(given) or ctx.now)


def _time(ctx: Context, text: str, after: datetime) -> str:
    try:
        at = times.read(text, ctx.zone, ctx.now)
        rules.check_times(after, at)
    except Broken as broken:
        raise refusal(broken) from None
    return at.isoformat()


def _secrecy(ctx: Context, given: Given) -> list[Choice]:
    return [Choice(Text(_SECRECIES[one]), one) for one in _possible(ctx, given["method"])]


def _possible(ctx: Context, method: str) -> tuple[str, ...]:
    return OFFERED[method].secrecies(Rules.of(ctx.town.rules))


def _several_secrecies(ctx: Context, given: Given) -> bool:
    return len(_possible(ctx, given["method"])) > 1


def _asks_whether_formal(ctx: Context, given: Given) -> bool:
    return not OFFERED[given["method"]].rules.formal and given["method"] not in QUICK


def _formal(ctx: Context, given: Given) -> list[Choice]:
    return [
        Choice(Text("polls.choose_straw"), False),
        Choice(Text("polls.choose_formal"), True),
    ]


def plan_of(ctx: Context, given: Given) -> Plan:
    """The poll that the answers make."""
    method = OFFERED[given["method"]]
    return Plan(
        method=method.name,
        settings=given.get("settings") or method.settings(ctx, given),
        title=given["title"],
        options=sources.options_of(ctx, given),
        body_id=given["body"],
        opens_at=_opens_at(given),
        closes_at=datetime.fromisoformat(given["closes_at"]),
        secrecy=given.get("secrecy", _possible(ctx, given["method"])[0]),
        formal=bool(given.get("formal")) and _asks_whether_formal(ctx, given),
    )


def _review(ctx: Context, given: Given) -> tuple[Text, ...]:
    plan = plan_of(ctx, given)
    opening.check(ctx, plan)
    method = METHODS[plan.method]
    body = ctx.tx.get(Body, plan.body_id)
    today = ctx.now.astimezone(ctx.zone).date()
    facts = _as_open(ctx, plan, len(polls.voting_seats(ctx.tx, plan.body_id, today)))
    options = [
        OptionFacts(number, words) for number, (words, _) in enumerate(opening.options_of(plan), 1)
    ]
    said = [
        Text("polls.review", title=Translated(plan.title)),
        *views.poll_board(facts, method.views, options, None).body[1:],
        Text("polls.review_body", name=Translated(body.name if body else {})),
        Text(REVIEWED[plan.secrecy]),
        Text("polls.review_formal" if facts.formal else "polls.review_straw"),
    ]
    if plan.method == "resolution" and plan.secrecy == "secret":
        said.append(Text("polls.unanimous_reveals"))
    channels = len(polls.channels(ctx.tx, plan.body_id))
    if plan.opens_at is None:
        said.append(Text("polls.review_causes", n=channels))
    else:
        said.append(Text("polls.review_causes_later", n=channels, at=plan.opens_at))
    return tuple(said)


def _as_open(ctx: Context, plan: Plan, seats: int) -> PollFacts:
    """The poll as it will look once it is open."""
    return PollFacts(
        id=0,
        title=plan.title,
        method=plan.method,
        settings=plan.settings,
        secrecy=plan.secrecy,
        formal=METHODS[plan.method].rules.formal or plan.formal,
        state="open",
        published=False,
        opens_at=plan.opens_at or ctx.now,
        closes_at=plan.closes_at,
        closed_at=None,
        seats=seats,
        voted=0,
    )


def _finish(ctx: Context, given: Given) -> Answers:
    if not closing.manages(ctx):
        raise Refusal("router.not_allowed")
    poll, answers = opening.publish(ctx, plan_of(ctx, given))
    return [Replace(managing_views.opened(poll_facts(ctx.tx, poll))), *answers]


def _unless_known(field: Field) -> Field:
    """A question that is not asked where a template has answered it (``known``)."""

    def asked(ctx: Context, given: Given) -> bool:
        return field.name not in given.get("known", ()) and field.when(ctx, given)

    return replace(field, when=asked)


def _ways_to_prepare(ctx: Context, given: Given) -> list[Button]:
    return [
        Button(Text("templates.from_template"), Templates()),
        Button(Text("procedure.button"), ShowProcedure()),
    ]


def _keep(ctx: Context, given: Given) -> list[Button]:
    return [Button(Text("templates.keep"), KeepPlan())]


def _ask(message: str) -> Any:
    return lambda ctx, given: (Text(message),)


def _own_fields() -> tuple[Field, ...]:
    """The methods' questions, each asked only where its method was chosen."""
    return tuple(
        replace(field, when=_of_method(name, field))
        for name, method in METHODS.items()
        for field in method.fields
    )


def _of_method(name: str, field: Field) -> Any:
    def asked(ctx: Context, given: Given) -> bool:
        return OFFERED[given["method"]].name == name and field.when(ctx, given)

    return asked


PREPARE = Form(
    name="poll",
    by=Role.CORE_TEAM,
    fields=tuple(
        _unless_known(field)
        for field in (
            Field("method", _ask_method, _methods, also=_ways_to_prepare),
            *sources.FIELDS,
            Field("title", _ask("polls.ask_title"), _titles, _read_title),
            Field("body", _ask("polls.ask_body"), _bodies),
            Field("opens_at", _ask("polls.ask_opening"), _openings, _read_opening),
            Field("closes_at", _ask("polls.ask_time"), _times, _read_time),
            Field("secrecy", _ask("polls.ask_secrecy"), _secrecy, when=_several_secrecies),
            Field("formal", _ask("polls.ask_formal"), _formal, when=_asks_whether_formal),
            *_own_fields(),
        )
    ),
    review=_review,
    confirm=Text("polls.publish"),
    finish=_finish,
    also=_keep,
)
