"""What follows a published election: a run-off, or a lot that is announced and then drawn.

An election's own result stays as it was frozen. What follows is kept beside it and has a check
sum of its own, which covers the result's (voting.md, Ties are never broken silently).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from handlers.chat import Answers, InChannel, Redraw, Refusal, Replace, Say, Text, Translated
from handlers.forms import Choice, Field, Form, Given, start
from handlers.polls import closing, opening, rules, times
from handlers.polls.elections import views
from handlers.polls.elections.actions import AnnounceLot, DrawLot, OpenRunOff
from handlers.polls.elections.reading import next_step
from handlers.polls.elections.rules import draw_lot, seed_of
from handlers.polls.elections.views import Candidate
from handlers.polls.facts import Words
from handlers.polls.opening import Plan
from handlers.polls.refusing import refusal
from handlers.polls.rules import Broken
from handlers.router import Context, Role
from storage import elections, polls
from storage.models import Poll

LONGEST = 300
"""Characters of what is announced, and of what became known."""

RUN_OFF: Words = {"de": "Stichwahl", "en": "Run-off", "de-simple": "Zweite Wahl"}
"""Goes before the first round's title."""


def _waits_for(ctx: Context, poll_id: int, step: str, otherwise: str) -> Poll:
    """A published election of this municipality, locked, in which this step is next."""
    closing.of_poll(ctx, poll_id)
    poll = polls.locked(ctx.tx, poll_id)
    if poll is None or poll.method != "election" or poll.published_at is None:
        raise Refusal(otherwise)
    if next_step(ctx.tx, poll) != step:
        raise Refusal(_ALREADY.get((step, next_step(ctx.tx, poll)), otherwise))
    return poll


_ALREADY = {
    ("run_off", "run_off_open"): "election.run_off_already",
    ("announce", "draw"): "election.lot_already",
    ("announce", "run_off"): "election.lot_already",
    ("announce", "run_off_open"): "election.lot_already",
    ("announce", "elected"): "election.lot_already",
    ("draw", "announce"): "election.announce_first",
    ("draw", "run_off"): "election.lot_already",
    ("draw", "run_off_open"): "election.lot_already",
    ("draw", "elected"): "election.lot_already",
}
"""Said instead of the next step, where the wanted one is done or comes later."""


def _counts(poll: Poll) -> Mapping[str, Any]:
    return (poll.result or {})["counts"] if poll.result else {}


def _candidates(ctx: Context, poll: Poll, wanted: list[int]) -> list[Candidate]:
    """Number on the list and name of these options."""
    labels = {option.id: option.label for option in polls.options(ctx.tx, poll.id)}
    numbers = {vote["option"]: vote["number"] for vote in _counts(poll)["votes"]}
    return [(numbers[option], labels[option]) for option in wanted]


def _finalists(ctx: Context, poll: Poll) -> list[Candidate]:
    """Who is in the run-off, in the order of the list."""
    lot = elections.lot_of(ctx.tx, poll.id)
    drawn = lot.outcome["chosen"] if lot is not None and lot.outcome else []
    return sorted(_candidates(ctx, poll, [*_counts(poll)["next_round"], *drawn]))


def _tell(ctx: Context, poll: Poll, card: Any, what: str) -> Answers:
    return [
        Say(card, InChannel(channel), key=f"poll:{poll.id}:{what}:{channel}")
        for channel in polls.channels(ctx.tx, poll.body_id)
    ]


# --- the run-off -----------------------------------------------------------------------------


def open_run_off(ctx: Context, pressed: OpenRunOff) -> Answers:
    """Ask until when it runs."""
    poll = _waits_for(ctx, pressed.poll, "run_off", "election.no_run_off")
    return start(ctx, RUN_OFF_FORM, {"poll": poll.id})


def _ask_until(ctx: Context, given: Given) -> tuple[Text, ...]:
    return (Text("polls.ask_time"),)


def _until_choices(ctx: Context, given: Given) -> list[Choice]:
    return [
        Choice(Text("polls.time", at=at), at.isoformat())
        for at in times.suggestions(ctx.zone, ctx.now)
    ]


def _read_until(ctx: Context, given: Given, text: str) -> str:
    try:
        at = times.read(text, ctx.zone, ctx.now)
        rules.check_times(ctx.now, at)
    except Broken as broken:
        raise refusal(broken) from None
    return at.isoformat()


def _plan(ctx: Context, first: Poll, until: str) -> Plan:
    title = {
        language: f"{RUN_OFF.get(language, RUN_OFF['de'])}: {words}"[: rules.LONGEST_TITLE]
        for language, words in first.title.items()
    }
    return Plan(
        method="election",
        settings={
            "round": 2,
            "base": first.settings["base"],
            "single": False,
            "first": first.id,
        },
        title=title,
        options=tuple((name, None) for _, name in _finalists(ctx, first)),
        body_id=first.body_id,
        closes_at=datetime.fromisoformat(until),
        secrecy=first.secrecy,
    )


def _review_run_off(ctx: Context, given: Given) -> tuple[Text, ...]:
    first = _waits_for(ctx, given["poll"], "run_off", "election.no_run_off")
    plan = _plan(ctx, first, given["until"])
    opening.check(ctx, plan)
    return (
        Text(
            "election.review_run_off",
            title=Translated(first.title),
            names=views.names(_finalists(ctx, first)),
            at=plan.closes_at,
        ),
    )


def _open(ctx: Context, given: Given) -> Answers:
    first = _waits_for(ctx, given["poll"], "run_off", "election.no_run_off")
    poll, answers = opening.publish(ctx, _plan(ctx, first, given["until"]))
    ctx.tx.flush()
    opened = Replace(views.run_off_opened(poll.id))
    return [opened, Redraw("preview", first.id), *answers]


RUN_OFF_FORM = Form(
    name="runoff",
    by=Role.COORDINATION,
    fields=(Field("until", _ask_until, _until_choices, _read_until),),
    review=_review_run_off,
    confirm=Text("election.open_run_off"),
    finish=_open,
)


# --- the lot ---------------------------------------------------------------------------------


def _read_words(ctx: Context, given: Given, text: str) -> str:
    words = " ".join(text.split())
    if len(words) > LONGEST:
        raise Refusal("election.too_long", most=LONGEST)
    return words


def announce(ctx: Context, pressed: AnnounceLot) -> Answers:
    """Ask from what the lot will be drawn."""
    poll = _waits_for(ctx, pressed.poll, "announce", "election.no_lot")
    return start(ctx, ANNOUNCE_FORM, {"poll": poll.id})


def _review_announcement(ctx: Context, given: Given) -> tuple[Text, ...]:
    poll = _waits_for(ctx, given["poll"], "announce", "election.no_lot")
    among = _candidates(ctx, poll, _counts(poll)["lot_among"])
    words = given["announced"]
    return (Text("election.review_announcement", words=words, lines=views.lines(among)),)


def _announce(ctx: Context, given: Given) -> Answers:
    poll = _waits_for(ctx, given["poll"], "announce", "election.no_lot")
    elections.announce(ctx.tx, poll, given["announced"], ctx.me.id, ctx.now)
    among = _candidates(ctx, poll, _counts(poll)["lot_among"])
    card = views.announced_here(poll.title, given["announced"], among)
    return [
        Replace(views.announced_by_you(poll.id)),
        Redraw("preview", poll.id),
        Redraw("result", poll.id),
        *_tell(ctx, poll, card, "lot_announced"),
    ]


ANNOUNCE_FORM = Form(
    name="announcelot",
    by=Role.COORDINATION,
    fields=(
        Field(
            "announced",
            lambda ctx, given: (Text("election.ask_announcement"),),
            parse=_read_words,
        ),
    ),
    review=_review_announcement,
    confirm=Text("election.announce"),
    finish=_announce,
)


def draw(ctx: Context, pressed: DrawLot) -> Answers:
    """Ask what became known."""
    poll = _waits_for(ctx, pressed.poll, "draw", "election.no_lot")
    return start(ctx, DRAW_FORM, {"poll": poll.id})


def _ask_drawn(ctx: Context, given: Given) -> tuple[Text, ...]:
    lot = elections.lot_of(ctx.tx, _waits_for(ctx, given["poll"], "draw", "election.no_lot").id)
    return (Text("election.ask_drawn", words=lot.announced if lot is not None else ""),)


def _review_drawn(ctx: Context, given: Given) -> tuple[Text, ...]:
    # What comes of it is not shown before: otherwise one could try until it suits.
    return (Text("election.review_drawn", words=given["drawn"]),)


def _draw(ctx: Context, given: Given) -> Answers:
    poll = _waits_for(ctx, given["poll"], "draw", "election.no_lot")
    lot = elections.lot_of(ctx.tx, poll.id)
    if lot is None:
        raise Refusal("election.announce_first")
    among = _candidates(ctx, poll, _counts(poll)["lot_among"])
    options = dict(zip((number for number, _ in among), _counts(poll)["lot_among"], strict=True))
    seed = seed_of(lot.announced, given["drawn"])
    tickets = draw_lot(options, seed)
    chosen = [options[ticket.candidate] for ticket in tickets[: _counts(poll)["lot_places"]]]
    lot.drawn, lot.drawn_at, lot.drawn_by = given["drawn"], ctx.now, ctx.me.id
    lot.outcome = {
        "seed": seed,
        "tickets": [
            {"number": t.candidate, "option": options[t.candidate], "digest": t.digest}
            for t in tickets
        ],
        "chosen": chosen,
    }
    lot.digest = digest(poll, lot.announced_at, ctx.now, lot.outcome)
    ctx.tx.flush()
    fell_on = _candidates(ctx, poll, chosen)
    return [
        Replace(views.drawn_by_you(poll.id, fell_on, next_step(ctx.tx, poll))),
        Redraw("preview", poll.id),
        Redraw("result", poll.id),
        *_tell(ctx, poll, views.drawn_here(poll.id, poll.title, fell_on), "lot_drawn"),
    ]


def digest(poll: Poll, announced_at: datetime, drawn_at: datetime, outcome: Any) -> str:
    """The check sum of a drawing: SHA-256 of the JSON of the result's own check sum, both times
    (ISO 8601, UTC) and the outcome, keys sorted (``docs/methods/election.md``)."""
    told = [
        (poll.result or {}).get("digest", ""),
        announced_at.isoformat(),
        drawn_at.isoformat(),
        outcome,
    ]
    written = json.dumps(told, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


DRAW_FORM = Form(
    name="drawlot",
    by=Role.COORDINATION,
    fields=(Field("drawn", _ask_drawn, parse=_read_words),),
    review=_review_drawn,
    confirm=Text("election.draw"),
    finish=_draw,
)
