"""Results on demand: shown, as files, and what one cast oneself."""

from __future__ import annotations

from handlers.chat import (
    HERE,
    Answers,
    Board,
    Post,
    Refusal,
    Replace,
    SendFile,
    Translated,
    plain,
)
from handlers.polls import exports, result_views, views
from handlers.polls.actions import AsFile, AsTable, MyBallots, ShowResult
from handlers.polls.exports import Format
from handlers.polls.exports.content import Frame
from handlers.polls.exports.recount import BallotsGone
from handlers.polls.reading import method_of, poll_facts, result_facts
from handlers.router import Context, Role
from storage import ballots, polls
from storage.models import Body, Poll


def show_result(ctx: Context, pressed: ShowResult) -> Answers:
    """The result of a closed poll, here."""
    poll = published(ctx, pressed.poll)
    if poll.published_at is None or (ctx.role >= Role.COORDINATION and ctx.in_direct):
        # Their copy also has what can be done about it.
        return [Post(Board("preview", poll.id, ctx.me.id), HERE)]
    return [Post(Board("result", poll.id), HERE)]


def as_table(ctx: Context, pressed: AsTable) -> Answers:
    """The result as a table: the button of results that were posted by an earlier version."""
    return as_file(ctx, AsFile(pressed.poll, Format.CSV.value))


def as_file(ctx: Context, pressed: AsFile) -> Answers:
    """The whole result as a file of one of the kinds that it has."""
    poll = published(ctx, pressed.poll)
    facts, method = result_facts(ctx.tx, poll), method_of(poll)
    if facts is None or pressed.format not in exports.offered(facts, method):
        raise Refusal("polls.no_such_file")
    body = ctx.tx.get(Body, poll.body_id)
    frame = Frame(
        town=ctx.town.name,
        body=plain(Translated(body.name)) if body is not None else None,
        language=ctx.language,
        zone=ctx.zone,
        opened_at=poll.opens_at,
        stored=poll.result or {},
        ballots=[dict(ballot.value) for ballot in ballots.counted(ctx.tx, poll)],
    )
    try:
        made = exports.file(facts, method.views, Format(pressed.format), ctx.words, frame)
    except BallotsGone:
        raise Refusal("polls.ballots_gone") from None
    return [SendFile(made.name, made.mime, made.data, result_views.table_caption(poll.title))]


def published(ctx: Context, poll_id: int) -> Poll:
    """A closed poll whose result this person may see."""
    poll = polls.get(ctx.tx, poll_id, ctx.town.id)
    if poll is None or not may_look(ctx, poll):
        raise Refusal("polls.not_there")
    if poll.state != "closed":
        raise Refusal("polls.no_result_yet")
    if poll.published_at is None and (ctx.role < Role.COORDINATION or not ctx.in_direct):
        raise Refusal("polls.not_published_yet")
    return poll


def may_look(ctx: Context, poll: Poll) -> bool:
    """Whether the poll is one of this person's bodies; coordination sees all."""
    if ctx.role >= Role.COORDINATION:
        return True
    today = ctx.now.astimezone(ctx.zone).date()
    return polls.is_member(ctx.tx, poll.body_id, ctx.me.id, today)


def my_ballots(ctx: Context, pressed: MyBallots) -> Answers:
    """What I cast in closed polls whose result is published; secret ballots are nobody's."""
    said = []
    for poll, line in polls.cast_by(ctx.tx, ctx.me.id):
        facts = result_facts(ctx.tx, poll)
        ballot = ballots.ballot_of(ctx.tx, poll, line.seat_id)
        if facts is None or ballot is None or not facts.published or not may_look(ctx, poll):
            continue
        words = method_of(poll).views.ballot_text(facts, dict(ballot.value))
        said.append((poll_facts(ctx.tx, poll), words))
    return [Replace(views.my_ballots(said))]
