"""A poll for each field of action in one go: prepared, opened, led through and closed together."""

from __future__ import annotations

from handlers.chat import (
    HERE,
    Answers,
    Board,
    Card,
    Direct,
    Post,
    Refusal,
    Replace,
    Text,
    Toast,
    Translated,
)
from handlers.forms import Choice, Field, Form, Given, start
from handlers.polls import closing, forms, opening, results, rules
from handlers.polls.opening import Plan
from handlers.polls.reading import method_of, poll_facts, result_facts
from handlers.polls.templates import views
from handlers.polls.templates.actions import BeginSeries, CloseSeries, OpenSeries, ShowSeries
from handlers.polls.templates.views import SeriesFacts, Top
from handlers.router import Context, Look, Role
from storage import measures, people, poll_templates, polls
from storage.db import Tx
from storage.models import Body, FieldOfAction, Poll, PollSeries


def votable(ctx: Context) -> list[tuple[FieldOfAction, int]]:
    """Fields of action with enough measures to choose between."""
    return [
        (field, n) for field, n in measures.fields(ctx.tx, ctx.town.id) if n >= rules.FEWEST_OPTIONS
    ]


# --- preparing --------------------------------------------------------------------------------


def begin(ctx: Context, pressed: BeginSeries) -> Answers:
    """Prepare a poll for each field of action."""
    if not closing.manages(ctx):
        raise Refusal("router.not_allowed")
    if len(votable(ctx)) < 2:
        raise Refusal("templates.too_few_fields")
    return start(ctx, SERIES, {"method": "dots"})


def _fields(ctx: Context, given: Given) -> list[Choice]:
    return [
        Choice(Text("polls.field", code=f.code, title=Translated(f.title), n=n), f.id)
        for f, n in votable(ctx)
    ]


def _all(ctx: Context, given: Given) -> list[int]:
    return [field.id for field, _ in votable(ctx)]


def _chosen(ctx: Context, given: Given) -> list[tuple[FieldOfAction, int]]:
    return [(field, n) for field, n in votable(ctx) if field.id in given["fields"]]


def _plans(ctx: Context, given: Given) -> list[Plan]:
    plans = []
    for field, _ in _chosen(ctx, given):
        options = measures.of_field(ctx.tx, field.id, ctx.town.id)
        answers = {**given, "title": dict(field.title), "source": field.id}
        answers["measures"] = [measure.id for measure in options]
        plans.append(forms.plan_of(ctx, answers))
    return plans


def _title(ctx: Context) -> dict[str, str]:
    words = ctx.words(Text("templates.conference_title"))
    return {ctx.town.default_language: words}


def _review(ctx: Context, given: Given) -> tuple[Text, ...]:
    plans = _plans(ctx, given)
    for plan in plans:
        opening.check(ctx, plan)
    first, body = plans[0], ctx.tx.get(Body, plans[0].body_id)
    fields = [(field.title, n) for field, n in _chosen(ctx, given)]
    settings = first.settings
    said = views.preview(_title(ctx), fields, settings["dots"], settings["max_per_option"])
    channels = len(polls.channels(ctx.tx, first.body_id))
    opens = first.opens_at
    return (
        *said,
        Text("polls.review_body", name=Translated(body.name if body else {})),
        Text(forms.REVIEWED[first.secrecy]),
        Text("polls.until", at=first.closes_at),
        Text("templates.causes", n=channels)
        if opens is None
        else Text("templates.causes_later", n=channels, at=opens),
    )


def _finish(ctx: Context, given: Given) -> Answers:
    if not closing.manages(ctx):
        raise Refusal("router.not_allowed")
    series, answers = opening.publish_together(ctx, _title(ctx), _plans(ctx, given))
    return [Replace(views.opened(_facts(ctx.tx, series))), *answers]


_ASKED = {field.name: field for field in forms.PREPARE.fields}

SERIES = Form(
    name="series",
    by=Role.CORE_TEAM,
    fields=(
        Field(
            "fields",
            lambda ctx, given: (Text("templates.ask_fields"),),
            _fields,
            multi=True,
            preset=_all,
        ),
        *(
            _ASKED[name]
            for name in ("body", "opens_at", "closes_at", "secrecy", "dots_each", "dots_most")
        ),
    ),
    review=_review,
    confirm=Text("templates.publish"),
    finish=_finish,
)


# --- running ----------------------------------------------------------------------------------


def _series(ctx: Context, series_id: int) -> PollSeries:
    """A series of this municipality in whose body the person is."""
    found = poll_templates.series(ctx.tx, series_id, ctx.town.id)
    if found is None:
        raise Refusal("polls.not_there")
    for poll in poll_templates.polls_of(ctx.tx, found.id)[:1]:
        if not results.may_look(ctx, poll):
            raise Refusal("polls.not_there")
    return found


def _facts(tx: Tx, series: PollSeries) -> SeriesFacts:
    together = poll_templates.polls_of(tx, series.id)
    return SeriesFacts(series.id, series.title, tuple(poll_facts(tx, one) for one in together))


def open_ballot(ctx: Context, pressed: OpenSeries) -> Answers:
    """Send the first ballot that is still to be cast into the direct chat."""
    series = _series(ctx, pressed.series)
    running = [p for p in poll_templates.polls_of(ctx.tx, series.id) if p.state == "open"]
    if not running:
        raise Refusal("templates.none_open")
    lines = [line for poll in running for line in polls.entries_of(ctx.tx, poll.id, ctx.me.id)]
    if not lines:
        raise Refusal("polls.not_entitled")
    waiting = [line for line in lines if not _has_voted(ctx.tx, line.id)]
    line = (waiting or lines)[0]
    board = Board("ballot", line.id, ctx.me.id)
    if ctx.in_direct:
        return [Post(board, HERE)]
    if people.reachable(ctx.tx, ctx.me.id) is None:
        raise Refusal("polls.write_to_me_first")
    return [Toast(Text("polls.ballot_sent")), Post(board, Direct(ctx.me.id))]


def _has_voted(tx: Tx, entry_id: int) -> bool:
    entry = polls.entry(tx, entry_id)
    return entry is None or entry.seat.voted_as is not None or entry.seat.excluded is not None


def close(ctx: Context, pressed: CloseSeries) -> Answers:
    """Close all polls of a series that still run; asks back first."""
    if not closing.manages(ctx):
        raise Refusal("router.not_allowed")
    series = _series(ctx, pressed.series)
    facts = _facts(ctx.tx, series)
    if not facts.open:
        raise Refusal("polls.closed_already")
    if not pressed.sure:
        return [Replace(views.close_surely(facts))]
    answers: Answers = []
    for poll in facts.open:
        answers += closing.close_now(ctx, closing.locked(ctx, poll.id))
    return [Replace(views.closed(_facts(ctx.tx, series))), *answers]


def show(ctx: Context, pressed: ShowSeries) -> Answers:
    """The results of the series, here."""
    series = _series(ctx, pressed.series)
    if _facts(ctx.tx, series).open:
        raise Refusal("polls.no_result_yet")
    return [Post(Board("summary", series.id), HERE)]


# --- live cards -------------------------------------------------------------------------------


def board(look: Look, series_id: int) -> Card | None:
    """All polls of a series with their turnout."""
    series = look.tx.get(PollSeries, series_id)
    return None if series is None else views.board(_facts(look.tx, series))


def summary(look: Look, series_id: int) -> Card | None:
    """The first places of all fields of action."""
    series = look.tx.get(PollSeries, series_id)
    if series is None:
        return None
    together = poll_templates.polls_of(look.tx, series.id)
    tops = [_top(look.tx, poll) for poll in together if poll.published_at is not None]
    return views.summary(_facts(look.tx, series), tops)


def _top(tx: Tx, poll: Poll) -> Top:
    seen, result = poll_facts(tx, poll), result_facts(tx, poll)
    if result is None or not result.cast:
        return Top(seen, (), "templates.no_votes")
    if result.withheld:
        return Top(seen, (), "templates.withheld")
    bars = method_of(poll).views.bars(result)
    # Places and bars stand in the same order; a shared place is never cut in two.
    ranked = zip(result.counts["places"], bars, strict=True)
    first = [bar for place, bar in ranked if 0 < place["rank"] <= views.PLACES and bar.value]
    return Top(seen, tuple(first))
