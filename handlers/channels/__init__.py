"""Groups and rooms: which body they are for, and what happens to the bot in them."""

from __future__ import annotations

from handlers.channels import views
from handlers.channels.actions import Bind, Keep
from handlers.chat import (
    Answers,
    Board,
    Command,
    Direct,
    Enter,
    InChannel,
    Leave,
    MembershipChanged,
    PlaceMoved,
    Post,
    Refusal,
    Replace,
    Say,
)
from handlers.router import Context, Role, Router
from storage import boards, channels, people, places, polls
from storage.models import Channel

router = Router("channels")


@router.command("kanal", "channel", by=Role.COORDINATION, where="anywhere", menu=70)
def channel(ctx: Context, typed: Command) -> Answers:
    """Ask which body this place is for; in a direct chat, say where to type this."""
    if ctx.in_direct:
        return [Say(views.how_to())]
    bodies = [(body.id, body.name) for body in polls.bodies(ctx.tx, ctx.town.id)]
    here = _here(ctx)
    bound = None
    if here is not None and here.lost_at is None:
        bound = next((body for body in bodies if body[0] == here.body_id), None)
    return [Say(views.choice(bodies, bound))]


@router.press(Bind, by=Role.COORDINATION, where="channel")
def bind(ctx: Context, pressed: Bind) -> Answers:
    """Bind this place, and post the body's running votes here."""
    body = channels.body(ctx.tx, pressed.body, ctx.town.id)
    if body is None:
        raise Refusal("router.old_button")
    here = _here(ctx)
    if here is not None and here.lost_at is None:
        if here.body_id == body.id:
            return [Replace(views.bound(body.name, 0))]
        before = channels.body(ctx.tx, here.body_id, ctx.town.id)
        if before is not None and not pressed.sure:
            return [Replace(views.surely(before.name, (body.id, body.name)))]
    place = ctx.event.place
    if here is not None:
        # What stands here of another body is not changed any more.
        boards.abandon(ctx.tx, place.platform, place.id)
    made = channels.bind(ctx.tx, body, place.platform, place.id, place.title, ctx.now)
    running = [p for p in polls.of_town(ctx.tx, ctx.town.id, "open") if p.body_id == body.id]
    posts = [Post(Board("poll", poll.id), InChannel(made.id), pin=True) for poll in running]
    return [Replace(views.bound(body.name, len(running))), *posts]


@router.press(Keep, by=Role.COORDINATION, where="channel")
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


# --- what happens to the bot ---------------------------------------------------------------


@router.when(MembershipChanged)
def membership(ctx: Context, changed: MembershipChanged) -> Answers:
    """The bot was invited, came, or was removed; what other people do is their own affair."""
    if not changed.of_bot:
        return []
    if changed.change == "invited":
        welcome = ctx.in_direct or ctx.role >= Role.COORDINATION
        return [Enter() if welcome else Leave()]
    if changed.change == "joined" and not ctx.in_direct:
        return _brought(ctx)
    if changed.change == "left":
        return _removed(ctx)
    return []


def _brought(ctx: Context) -> Answers:
    if ctx.role >= Role.COORDINATION:
        return [Say(views.hello())]
    place = ctx.event.place
    if people.channel_at(ctx.tx, place.platform, place.id) is not None:
        return []
    return [Say(views.goodbye()), Leave()]


def _removed(ctx: Context) -> Answers:
    place = ctx.event.place
    if ctx.in_direct:
        people.unreachable(ctx.tx, place.platform, place.id)
        return []
    bound = people.channel_at(ctx.tx, place.platform, place.id)
    if bound is None or not channels.lost(ctx.tx, bound, ctx.now):
        return []
    body = channels.body(ctx.tx, bound.body_id, bound.municipality_id)
    card = views.lost(bound.title, body.name if body else {})
    today = ctx.now.astimezone(ctx.zone).date()
    told = people.coordination(ctx.tx, bound.municipality_id, today)
    return [Say(card, Direct(person.id)) for person in told]


@router.when(PlaceMoved)
def moved(ctx: Context, to: PlaceMoved) -> Answers:
    """The platform gave a place a new id: its running votes are shown there anew."""
    platform = ctx.event.place.platform
    places.move(ctx.tx, platform, ctx.event.place.id, to.new_id, ctx.now)
    bound = people.channel_at(ctx.tx, platform, to.new_id)
    if bound is None or bound.lost_at is not None:
        return []
    running = [
        poll
        for poll in polls.of_town(ctx.tx, bound.municipality_id, "open")
        if poll.body_id == bound.body_id
    ]
    moved_to = f"moved:{bound.id}:{to.new_id}"
    return [
        Post(
            Board("poll", poll.id),
            InChannel(bound.id),
            pin=True,
            key=f"poll:{poll.id}:{moved_to}",
        )
        for poll in running
    ]
