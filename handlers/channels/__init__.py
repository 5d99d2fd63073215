"""Groups and rooms: what each is for, who is in it, and what happens to the bot there."""

from __future__ import annotations

from handlers.channels import boards as live
from handlers.channels import comparing, making, rules, views, watching
from handlers.channels.actions import (
    Admitted,
    AskRooms,
    Bind,
    BindAs,
    Brought,
    CheckChannel,
    Compare,
    Confide,
    Furnished,
    Inspected,
    Keep,
    LinkMade,
    MakeRooms,
    Release,
    Removed,
    RoomMade,
    Settle,
    ShowChannel,
    ShowDifference,
    TopicMade,
)
from handlers.channels.boards import is_managed, roster, today_in
from handlers.chat import (
    Answers,
    Board,
    Command,
    Direct,
    InChannel,
    MembershipChanged,
    PlaceMoved,
    Post,
    Redraw,
    Refusal,
    Replace,
    Say,
    Text,
    Toast,
)
from handlers.router import Context, Role, Router
from storage import boards, channel_members, channels, people, polls
from storage.models import Body, Channel

router = Router("channels")


@router.command("kanal", "channel", by=Role.COORDINATION, where="anywhere", menu=70)
def channel(ctx: Context, typed: Command) -> Answers:
    """Ask what this place is for; in a direct chat, show all channels."""
    channels.note_addresses(ctx.tx, ctx.links)
    if ctx.in_direct:
        if making.PLATFORM in ctx.links and channels.making(ctx.tx, ctx.town.id) is None:
            channels.note_making(ctx.tx, ctx.town.id, {"state": "possible"})
        return [Post(Board("channels", ctx.town.id, ctx.me.id), Direct(ctx.me.id))]
    bodies = [(body.id, body.name) for body in polls.bodies(ctx.tx, ctx.town.id)]
    here = _here(ctx)
    bound = _purpose(ctx, here) if here is not None and here.lost_at is None else None
    return [Say(views.choice(bodies, bound, ctx.event.place.platform in rules.MANAGED))]


def _purpose(ctx: Context, channel: Channel) -> views.Purpose:
    body = channels.body(ctx.tx, channel.body_id, ctx.town.id)
    return (body.id, body.name) if body is not None else channel.kind


@router.press(Bind, by=Role.COORDINATION, where="channel")
def bind(ctx: Context, pressed: Bind) -> Answers:
    """Bind this place, and post the body's running votes here."""
    body = channels.body(ctx.tx, pressed.body, ctx.town.id)
    if body is None:
        raise Refusal("router.old_button")
    return _bind(ctx, "body", body, pressed.sure)


@router.press(BindAs, by=Role.COORDINATION, where="channel")
def bind_as(ctx: Context, pressed: BindAs) -> Answers:
    """Make this place the one for announcements, or for the network of municipalities."""
    if pressed.kind not in views.OTHERS or ctx.event.place.platform not in rules.MANAGED:
        raise Refusal("router.old_button")
    return _bind(ctx, pressed.kind, None, pressed.sure)


def _bind(ctx: Context, kind: str, body: Body | None, sure: bool) -> Answers:
    here, place = _here(ctx), ctx.event.place
    then: views.Purpose = (body.id, body.name) if body is not None else kind
    if here is not None and here.lost_at is None:
        now = _purpose(ctx, here)
        if now == then:
            return [Replace(views.bound(then, 0))]
        if not sure:
            return [Replace(views.surely(now, then))]
    if here is not None:
        # What stands here of another body is not changed any more.
        boards.abandon(ctx.tx, place.platform, place.id)
    title = place.title or (body.name if body is not None else ctx.words(views.kind(kind)))
    made = channels.adopt(ctx.tx, ctx.town.id, kind, body, place.platform, place.id, title, ctx.now)
    running = [
        p
        for p in polls.of_town(ctx.tx, ctx.town.id, "open")
        if body is not None and p.body_id == body.id
    ]
    posts: Answers = [
        Post(Board("poll", poll.id), InChannel(made.id), pin=True) for poll in running
    ]
    if not is_managed(made):
        return [Replace(views.bound(then, len(running))), *posts]
    channels.note_addresses(ctx.tx, ctx.links)
    return [
        Replace(views.bound(then, len(running), made.id)),
        watching.pinned(made, f"bound:{made.bound_at:%Y%m%d%H%M%S}"),
        *posts,
        *watching.look_at(ctx, made, person=ctx.me.id),
        Redraw("channels", ctx.town.id),
    ]


@router.press(Keep, by=Role.COORDINATION, where="anywhere")
def keep(ctx: Context, pressed: Keep) -> Answers:
    """Leave everything as it is."""
    return [Replace(views.kept())]


def _here(ctx: Context) -> Channel | None:
    """The binding of this place; a refusal that names nobody if it is another municipality's."""
    place = ctx.event.place
    bound = people.channel_at(ctx.tx, place.platform, place.id)
    if bound is not None and bound.municipality_id != ctx.town.id:
        raise Refusal("channels.not_here")
    return bound


# --- one channel ---------------------------------------------------------------------------


def _meant(ctx: Context, id: int) -> Channel:
    channel = channels.get(ctx.tx, id, ctx.town.id)
    if channel is None or not is_managed(channel):
        raise Refusal("router.old_button")
    return channel


@router.press(ShowChannel, by=Role.COORDINATION)
def show(ctx: Context, pressed: ShowChannel) -> Answers:
    """Everything about a channel, with what is to be settled."""
    channel = _meant(ctx, pressed.channel)
    standing = channel_members.people_of(
        ctx.tx, ctx.town.id, channel.platform, today_in(ctx.town, ctx.now)
    )
    found = live.compared(ctx.tx, channel, roster(standing))
    names = {one.person.id: one.person.name for one in standing}
    rows = {row.id: row for row in channel_members.of_channel(ctx.tx, channel.id)}
    differing = [
        comparing.differing(ctx, channel, rows[one.id], comparing.why(found, one))
        for one in found.to_settle
        if channel.kind != "network"
    ]
    facts = live.facts(ctx.tx, ctx.town, channel, ctx.now)
    return [Say(views.channel(facts, [names[id] for id in found.unlinked], differing))]


@router.press(CheckChannel, by=Role.COORDINATION)
def check(ctx: Context, pressed: CheckChannel) -> Answers:
    """Look at rights and members now."""
    channel = _meant(ctx, pressed.channel)
    toast = Toast(Text("channels.checking"))
    return [toast, *watching.look_at(ctx, channel, person=ctx.me.id)]


@router.press(Confide, by=Role.COORDINATION, where="anywhere")
def confide(ctx: Context, pressed: Confide) -> Answers:
    """Make a channel public (asked twice), or closed if the platform agrees."""
    channel = _meant(ctx, pressed.channel)
    if not pressed.public:
        toast = Toast(Text("channels.checking"))
        return [toast, *watching.look_at(ctx, channel, person=ctx.me.id, closed=True)]
    if not pressed.sure:
        return [Replace(views.ask_public(channel.title, channel.id))]
    if channel.confidentiality == "public":
        return [Replace(views.confided(channel.title, True))]
    channel.confidentiality = "public"
    ctx.tx.flush()
    said = Replace(views.confided(channel.title, True))
    return [said, *watching.opened_up(ctx, channel), Redraw("channels", ctx.town.id)]


@router.press(Release, by=Role.COORDINATION)
def release(ctx: Context, pressed: Release) -> Answers:
    """Give a channel up."""
    channel = _meant(ctx, pressed.channel)
    if not pressed.sure:
        return [Replace(views.ask_release(channel.title, channel.id))]
    boards.abandon(ctx.tx, channel.platform, channel.external_id)
    channels.release(ctx.tx, channel, ctx.now)
    return [Replace(views.released(channel.title)), Redraw("channels", ctx.town.id)]


router.press(ShowDifference, by=Role.COORDINATION)(comparing.show_difference)
router.press(Settle, by=Role.COORDINATION)(comparing.settle)
router.press(AskRooms, by=Role.COORDINATION)(making.ask)
router.press(MakeRooms, by=Role.COORDINATION)(making.make)
router.due(Compare)(comparing.compare)
router.outcome(Inspected)(watching.inspected)
router.outcome(LinkMade)(watching.link_made)
router.outcome(TopicMade)(watching.topic_made)
router.outcome(Brought)(comparing.brought)
router.outcome(Removed)(comparing.removed)
router.outcome(Admitted)(comparing.admitted)
router.outcome(Furnished)(comparing.furnished)
router.outcome(RoomMade)(making.made)
router.when(MembershipChanged)(watching.membership)
router.when(PlaceMoved)(watching.moved)
router.board("channels")(live.overview)
router.board("channel")(live.pinned)
