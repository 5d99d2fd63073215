"""A result that turned out wrong: set aside, or corrected by words that stand beside it.

What was counted is never changed: its check sum stays what was announced.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from handlers.chat import Answers, InChannel, Redraw, Refusal, Replace, Say, Text, Translated
from handlers.forms import Field, Form, Given, start
from handlers.polls import correcting_views
from handlers.polls.actions import CorrectResult, VoidResult
from handlers.polls.closing import of_poll
from handlers.polls.reading import is_void, poll_facts
from handlers.router import Context, Role
from storage import audit, polls
from storage.models import Poll

LONGEST_REASON = 300
LONGEST_CORRECTION = 1500


def void(ctx: Context, pressed: VoidResult) -> Answers:
    """Ask why the result is set aside."""
    return start(ctx, VOID, {"poll": _standing(ctx, pressed.poll).id})


def correct(ctx: Context, pressed: CorrectResult) -> Answers:
    """Ask what was wrong in a published result."""
    return start(ctx, CORRECT, {"poll": _published(ctx, pressed.poll).id})


def _standing(ctx: Context, poll_id: int) -> Poll:
    poll = of_poll(ctx, poll_id)
    if poll.state != "closed":
        raise Refusal("polls.no_result_yet")
    if is_void(poll):
        raise Refusal("polls.void_already")
    return poll


def _published(ctx: Context, poll_id: int) -> Poll:
    poll = _standing(ctx, poll_id)
    if poll.published_at is None:
        raise Refusal("polls.not_published_yet")
    return poll


def _locked(ctx: Context, poll_id: int) -> Poll:
    """The poll, locked, if its result stands."""
    polls.locked(ctx.tx, poll_id)
    return _standing(ctx, poll_id)


def _asked(message: str) -> Any:
    return lambda ctx, given: (Text(message),)


def _reader(most: int) -> Any:
    def read(ctx: Context, given: Given, text: str) -> str:
        words = text.strip()
        if len(words) > most:
            raise Refusal("polls.reason_too_long", most=most)
        return words

    return read


# --- set aside -------------------------------------------------------------------------------


def _review_void(ctx: Context, given: Given) -> tuple[Text, ...]:
    poll = _standing(ctx, given["poll"])
    asked = "polls.void_surely_published" if poll.published_at else "polls.void_surely"
    return (
        Text(asked, title=Translated(poll.title)),
        Text("polls.withdrawn_for", reason=given["reason"]),
    )


def _void(ctx: Context, given: Given) -> Answers:
    poll = _locked(ctx, given["poll"])
    set_aside = {"at": ctx.now.isoformat(), "reason": given["reason"]}
    poll.afterwards = {**poll.afterwards, "void": set_aside}
    _note(ctx, poll, "result_voided", given["reason"])
    facts = poll_facts(ctx.tx, poll)
    answers: Answers = [Replace(correcting_views.voided(facts)), *_redraws(ctx, poll)]
    if poll.published_at is None:
        return answers
    said = correcting_views.voided_here(facts, given["reason"])
    return [
        *answers,
        *(
            Say(said, InChannel(channel), key=f"poll:{poll.id}:void:{channel}")
            for channel in polls.channels(ctx.tx, poll.body_id)
        ),
    ]


VOID = Form(
    name="void",
    by=Role.COORDINATION,
    fields=(Field("reason", _asked("polls.ask_why_void"), parse=_reader(LONGEST_REASON)),),
    review=_review_void,
    confirm=Text("polls.void_yes"),
    finish=_void,
)


# --- corrected -------------------------------------------------------------------------------


def _review_correction(ctx: Context, given: Given) -> tuple[Text, ...]:
    poll = _published(ctx, given["poll"])
    card = correcting_views.correction_here(
        poll_facts(ctx.tx, poll), given["text"], _sum(poll, ctx.now, given["text"])
    )
    return (
        Text("polls.correct_surely", n=len(polls.channels(ctx.tx, poll.body_id))),
        *card.body[:-1],
    )


def _sum(poll: Poll, at: datetime, text: str) -> str:
    """The check sum of a correction: it is taken over the result's too, so that it stands for
    this result only."""
    of_result = poll.result["digest"] if poll.result else ""
    written = json.dumps([of_result, at.isoformat(), text], ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


def _correct(ctx: Context, given: Given) -> Answers:
    poll = _locked(ctx, given["poll"])
    if poll.published_at is None:
        raise Refusal("polls.not_published_yet")
    digest = _sum(poll, ctx.now, given["text"])
    earlier = poll.afterwards.get("corrections", [])
    made = {"at": ctx.now.isoformat(), "text": given["text"], "digest": digest}
    poll.afterwards = {**poll.afterwards, "corrections": [*earlier, made]}
    _note(ctx, poll, "result_corrected", given["text"])
    facts = poll_facts(ctx.tx, poll)
    said = correcting_views.correction_here(facts, given["text"], digest)
    return [
        Replace(correcting_views.corrected(facts)),
        *_redraws(ctx, poll),
        *(
            Say(said, InChannel(channel), key=f"poll:{poll.id}:correction:{len(earlier)}:{channel}")
            for channel in polls.channels(ctx.tx, poll.body_id)
        ),
    ]


CORRECT = Form(
    name="correct",
    by=Role.COORDINATION,
    fields=(Field("text", _asked("polls.ask_correction"), parse=_reader(LONGEST_CORRECTION)),),
    review=_review_correction,
    confirm=Text("polls.correct_yes"),
    finish=_correct,
)


def _note(ctx: Context, poll: Poll, what: str, why: str) -> None:
    ctx.tx.flush()
    details = {"poll": poll.title, "reason": why}
    audit.record(ctx.tx, poll.municipality_id, ctx.now, ctx.me.id, what, None, details)


def _redraws(ctx: Context, poll: Poll) -> Answers:
    lines = polls.entries(ctx.tx, poll.id)
    boards = ("poll", "result", "preview")
    return [
        *(Redraw(board, poll.id) for board in boards),
        *(Redraw("ballot", line.id) for line in lines),
    ]
