"""The quick poll: a question in native polls and in the web chat, with one live count.

It goes where it is asked, and from the direct chat to a body's channels that are not public.
A straw poll among the people of a body: one person has one answer, the last one, wherever it was
given. It is always open; whoever needs more prepares a poll (``handlers.polls``).
"""

from __future__ import annotations

from handlers.chat import (
    Answers,
    Board,
    Card,
    Command,
    Do,
    Done,
    Event,
    InChannel,
    NativeVote,
    Post,
    Redraw,
    Refusal,
    Replace,
    Say,
    Text,
    Toast,
    Translated,
    plain,
)
from handlers.forms import Choice, Field, Form, Given, start
from handlers.quickpolls import rules, views
from handlers.quickpolls.actions import Asked, Choose, End, QuickDeadline
from handlers.quickpolls.views import QuickFacts
from handlers.router import Context, Look, Role, Router, pack
from handlers.tasks import AskNatively, EndNatively
from storage import people, polls, quickpolls, timers
from storage.db import Tx
from storage.models import Body, Municipality, NativePoll, QuickPoll

router = Router("quickpolls")

VOTES = "votes"
"""The topic of a forum that questions and answers go into."""


# --- asking ----------------------------------------------------------------------------------


@router.command("umfrage", "quickpoll", by=Role.CORE_TEAM, where="anywhere", menu=65)
def quick(ctx: Context, typed: Command) -> Answers:
    """Ask in this channel at once; in a direct chat, see first and choose where."""
    if ctx.in_direct:
        given: Given = {}
        if typed.args:
            question = _read(typed.args)
            given["question"] = [question.words, *question.answers]
        return start(ctx, QUICK, given)
    if not typed.args:
        raise Refusal("quickpolls.how_to")
    here = people.channel_at(ctx.tx, ctx.event.place.platform, ctx.event.place.id)
    if here is None or here.municipality_id != ctx.town.id or here.body_id is None:
        raise Refusal("quickpolls.no_body_here")
    question = _read(typed.args)
    _, answers = _ask(ctx, question.words, question.answers, here.body_id, [here.id])
    return answers


def _read(typed: str) -> rules.Question:
    try:
        return rules.read(typed)
    except rules.Broken as broken:
        raise Refusal(Text(broken.message, **broken.named)) from None


def _question(ctx: Context, given: Given, text: str) -> list[str]:
    question = _read(text)
    return [question.words, *question.answers]


def _bodies(ctx: Context, given: Given) -> list[Choice]:
    return [
        Choice(Text("quickpolls.body", name=Translated(body.name), n=len(channels)), body.id)
        for body in polls.bodies(ctx.tx, ctx.town.id)
        if (channels := polls.channels(ctx.tx, body.id))
    ]


def _review(ctx: Context, given: Given) -> tuple[Text, ...]:
    question, *answers = given["question"]
    body = ctx.tx.get_one(Body, given["body"])
    shown = answers or _yes_and_no(ctx)
    return views.preview(question, shown, body.name, len(polls.channels(ctx.tx, body.id)))


def _finish(ctx: Context, given: Given) -> Answers:
    question, *answers = given["question"]
    channels = polls.channels(ctx.tx, given["body"])
    made, said = _ask(ctx, question, tuple(answers), given["body"], channels)
    return [Replace(views.asked(_facts(ctx.tx, made), len(channels))), *said]


def _ask_body(ctx: Context, given: Given) -> tuple[Text, ...]:
    if not _bodies(ctx, given):
        raise Refusal("quickpolls.no_channels")
    return (Text("quickpolls.where"),)


QUICK = router.form(
    Form(
        name="quickpoll",
        by=Role.CORE_TEAM,
        fields=(
            Field("question", lambda ctx, given: (Text("quickpolls.how_to"),), parse=_question),
            Field("body", _ask_body, _bodies),
        ),
        review=_review,
        confirm=Text("quickpolls.ask_now"),
        finish=_finish,
    )
)


def _yes_and_no(ctx: Context) -> list[str]:
    return [ctx.words(Text("quickpolls.yes")), ctx.words(Text("quickpolls.no"))]


def _ask(
    ctx: Context, question: str, answers: tuple[str, ...], body: int, channels: list[int]
) -> tuple[QuickPoll, Answers]:
    if not channels:
        raise Refusal("quickpolls.no_channels")
    made = QuickPoll(
        municipality_id=ctx.town.id,
        body_id=body,
        question=question,
        options=list(answers) or _yes_and_no(ctx),
        opened_by=ctx.me.id,
        opened_at=ctx.now,
        closes_at=ctx.now + rules.LASTS,
    )
    asked = quickpolls.open_(ctx.tx, made, channels)
    timers.put(
        ctx.tx, _key(made.id), pack(QuickDeadline(made.id)), made.closes_at, made.municipality_id
    )
    said: Answers = []
    for native, channel in quickpolls.natives(ctx.tx, made.id):
        if channel.platform in ctx.native_polls:
            task = AskNatively(made.question, tuple(made.options))
            said.append(
                Do(task, InChannel(channel.id, VOTES), Asked(native.id), f"quick:{native.id}")
            )
            if len(asked) > 1:
                said.append(_count(made.id, channel.id))
        else:
            said.append(_card(native))
    return made, said


def _key(quick_id: int) -> str:
    return f"quick:{quick_id}:close"


def _count(quick_id: int, channel_id: int) -> Post:
    """The count over all channels, beside a native poll that shows its own only."""
    return Post(
        Board("quick_count", quick_id),
        InChannel(channel_id, VOTES),
        key=f"quick:{quick_id}:count:{channel_id}",
        confidential=False,
    )


def _card(native: NativePoll) -> Post:
    """A card with buttons, where there is no native poll."""
    native.card = True
    board = Board("quick", native.quick_poll_id)
    there = InChannel(native.channel_id, VOTES)
    return Post(board, there, key=f"quick:{native.id}:card", confidential=False)


@router.outcome(Asked)
def asked(ctx: Context, waited: Asked, done: Done) -> Answers:
    """A native poll stands in its channel – or a card has to do."""
    native = quickpolls.native(ctx.tx, waited.native)
    if native is None:
        return []
    quick = ctx.tx.get_one(QuickPoll, native.quick_poll_id)
    if done.well and "poll" in done.told:
        native.foreign_id, native.message = str(done.told["poll"]), done.ref
        return _end_natively(native) if quick.closed_at is not None else []
    # It may stand there, but nobody could tell its answers from others.
    return [_card(native)] if quick.closed_at is None else []


# --- answering -------------------------------------------------------------------------------


@router.when(NativeVote)
def native_vote(ctx: Context, vote: NativeVote) -> Answers:
    """Somebody answered a native poll: it counts if they are one of the body's people."""
    event = ctx.event
    found = quickpolls.by_foreign(ctx.tx, event.place.platform, vote.poll)
    if found is None or event.account is None:
        return []
    native, quick = found
    known = people.behind(ctx.tx, event.account.platform, event.account.id, quick.municipality_id)
    if known is None or known.municipality.id != quick.municipality_id:
        return []
    if not _takes(quick, event) or not _may_answer(ctx, quick, known.person.id):
        return []
    chosen = [position for position in vote.chosen if 0 <= position < len(quick.options)]
    if chosen:
        quickpolls.vote(ctx.tx, quick, known.person.id, chosen[-1], native.id)
    elif not quickpolls.take_back(ctx.tx, quick.id, known.person.id, native.id):
        return []
    return _redraw(quick.id)


@router.press(Choose, by=Role.MEMBER, where="anywhere")
def choose(ctx: Context, pressed: Choose) -> Answers:
    """A tap on an answer of the bot's own card."""
    quick = quickpolls.get(ctx.tx, pressed.quick, ctx.town.id)
    if quick is None or not _may_answer(ctx, quick, ctx.me.id):
        raise Refusal("quickpolls.not_yours")
    if not _takes(quick, ctx.event):
        raise Refusal("quickpolls.is_over")
    if not 0 <= pressed.position < len(quick.options):
        raise Refusal("router.old_button")
    if quickpolls.chosen_by(ctx.tx, quick.id, ctx.me.id) == pressed.position and (
        quickpolls.take_back(ctx.tx, quick.id, ctx.me.id, None)
    ):
        return [Toast(Text("quickpolls.taken_back")), *_redraw(quick.id)]
    quickpolls.vote(ctx.tx, quick, ctx.me.id, pressed.position, None)
    answer = quick.options[pressed.position]
    return [Toast(Text("quickpolls.saved", answer=plain(answer))), *_redraw(quick.id)]


def _takes(quick: QuickPoll, event: Event) -> bool:
    """Whether an answer still counts: it is the moment it reached the inbox that decides."""
    return quick.closed_at is None and event.at < quick.closes_at


def _may_answer(ctx: Context, quick: QuickPoll, person_id: int) -> bool:
    town = ctx.tx.get_one(Municipality, quick.municipality_id)
    ctx.municipality = ctx.municipality or town
    return polls.is_member(ctx.tx, quick.body_id, person_id, ctx.now.astimezone(ctx.zone).date())


def _redraw(quick_id: int) -> Answers:
    return [Redraw("quick", quick_id), Redraw("quick_count", quick_id)]


# --- the end ---------------------------------------------------------------------------------


@router.press(End, by=Role.CORE_TEAM)
def end(ctx: Context, pressed: End) -> Answers:
    """End it now; coordination may, and whoever asked."""
    found = quickpolls.get(ctx.tx, pressed.quick, ctx.town.id)
    if found is None or (ctx.role < Role.COORDINATION and found.opened_by != ctx.me.id):
        raise Refusal("quickpolls.not_yours")
    quick = quickpolls.locked(ctx.tx, found.id)
    if quick is None or quick.closed_at is not None:
        raise Refusal("quickpolls.is_over")
    timers.drop(ctx.tx, _key(quick.id))
    said = _close(ctx, quick)
    return [Replace(views.ended(_facts(ctx.tx, quick))), *said]


@router.due(QuickDeadline)
def deadline(ctx: Context, due: QuickDeadline) -> Answers:
    """The time is over."""
    quick = quickpolls.locked(ctx.tx, due.quick)
    if quick is None or quick.closed_at is not None:
        return []
    return _close(ctx, quick)


def _close(ctx: Context, quick: QuickPoll) -> Answers:
    quick.counts = quickpolls.counts(ctx.tx, quick)
    quick.closed_at = ctx.now
    ctx.tx.flush()
    said = _redraw(quick.id)
    card = views.ended(_facts(ctx.tx, quick))
    for native, channel in quickpolls.natives(ctx.tx, quick.id):
        said += _end_natively(native)
        if channel.lost_at is None:
            key = f"quick:{native.id}:result"
            said.append(Say(card, InChannel(channel.id, VOTES), key=key, confidential=False))
    return said


def _end_natively(native: NativePoll) -> Answers:
    if native.message is None:
        return []
    task = EndNatively(native.message)
    return [Do(task, InChannel(native.channel_id, VOTES), key=f"quick:{native.id}:end")]


# --- live cards ------------------------------------------------------------------------------


@router.board("quick")
def board(look: Look, quick_id: int) -> Card | None:
    """The count, with buttons."""
    quick = look.tx.get(QuickPoll, quick_id)
    return None if quick is None else views.board(_facts(look.tx, quick), buttons=True)


@router.board("quick_count")
def count(look: Look, quick_id: int) -> Card | None:
    """The count beside a native poll."""
    quick = look.tx.get(QuickPoll, quick_id)
    return None if quick is None else views.board(_facts(look.tx, quick), buttons=False)


def _facts(tx: Tx, quick: QuickPoll) -> QuickFacts:
    body = tx.get_one(Body, quick.body_id)
    return QuickFacts(
        quick.id,
        quick.question,
        quick.options,
        quickpolls.counts(tx, quick),
        quick.closes_at,
        quick.closed_at,
        body.name,
    )
