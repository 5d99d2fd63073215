"""What happens in channels: the bot and others come and go, rights are lost, places move."""

from __future__ import annotations

from typing import Any

from handlers.channels import rules, views
from handlers.channels.actions import Inspected, LinkMade, TopicMade, comparison
from handlers.channels.boards import is_managed, roster, today_in, wanted
from handlers.chat import (
    Answers,
    Board,
    Direct,
    Do,
    Done,
    Enter,
    InChannel,
    Leave,
    MembershipChanged,
    PlaceMoved,
    Post,
    Redraw,
    Say,
    Text,
    Translated,
    plain,
)
from handlers.router import Context, Role
from handlers.tasks import Inspect, MakeLink, MakeTopic
from storage import boards, channel_members, channels, people, places, polls, timers
from storage.models import Channel, Municipality

_NO_RIGHT = "no_right:"


def membership(ctx: Context, changed: MembershipChanged) -> Answers:
    """The bot or somebody else was invited, came, went, or has other rights."""
    if not changed.of_bot:
        return _others(ctx, changed)
    if changed.change == "invited":
        welcome = ctx.in_direct or ctx.role >= Role.COORDINATION
        return [Enter() if welcome else Leave()]
    if changed.change == "joined" and not ctx.in_direct:
        return _brought(ctx)
    if changed.change == "left":
        return _removed(ctx)
    if changed.change in ("promoted", "demoted"):
        bound = _bound(ctx)
        if bound is not None:
            channels.note_denied(ctx.tx, bound.id, set())
        return look_at(ctx, bound) if bound is not None else []
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
    return gone(ctx, bound) if bound is not None else []


def gone(ctx: Context, channel: Channel) -> Answers:
    """The bot is out of a channel: coordination is told, once."""
    if not channels.lost(ctx.tx, channel, ctx.now):
        return []
    body = channels.body(ctx.tx, channel.body_id, channel.municipality_id)
    of = plain(Translated(body.name)) if body is not None else views.kind(channel.kind)
    card = views.lost(channel.title, of)
    town = people.town(ctx.tx, channel.municipality_id)
    told = people.coordination(ctx.tx, town.id, today_in(town, ctx.now))
    return [*(Say(card, Direct(person.id)) for person in told), Redraw("channels", town.id)]


def _bound(ctx: Context) -> Channel | None:
    """The channel of this place, if the bot keeps it."""
    place = ctx.event.place
    bound = people.channel_at(ctx.tx, place.platform, place.id)
    if bound is None or bound.lost_at is not None or not is_managed(bound):
        return None
    return bound


def _others(ctx: Context, changed: MembershipChanged) -> Answers:
    """Who is in a channel is kept, and compared if it is not as it should be."""
    channel, who = _bound(ctx), ctx.event.account
    if channel is None or who is None or who.anonymous:
        return []
    town = people.town(ctx.tx, channel.municipality_id)
    row = channel_members.there(ctx.tx, channel, who.id)
    linked = people.linked(ctx.tx, channel.platform, who.id, town.id)
    if channel.kind == "network" and linked is None:
        # Who of other municipalities is there is not this one's to keep.
        return []
    redraw = Redraw("channels", town.id)
    if changed.change == "left":
        if row is None or row.state in ("leaving", "asked"):
            # Being removed: the task's own outcome ends it. An application was withdrawn.
            if row is not None and row.state == "asked":
                channel_members.gone(ctx.tx, row)
            return [redraw]
        if linked is not None and _is_wanted(ctx, town, channel, who.id):
            channel_members.seen(ctx.tx, channel, who.id, "left", ctx.now)
        else:
            channel_members.gone(ctx.tx, row)
    elif changed.change in ("invited", "joined", "asked"):
        if row is not None and row.state == "leaving":
            return []
        name = who.name if linked is None else None
        belongs = linked is not None and _is_wanted(ctx, town, channel, who.id)
        channel_members.seen(
            ctx.tx, channel, who.id, changed.change, ctx.now, name=name, belonged=belongs
        )
    else:
        return []
    timers.put(ctx.tx, *comparison(town.id), ctx.now, town.id)
    return [redraw]


def _is_wanted(ctx: Context, town: Municipality, channel: Channel, account: str) -> bool:
    today = today_in(town, ctx.now)
    everybody = roster(channel_members.people_of(ctx.tx, town.id, channel.platform, today))
    return any(account in one.accounts for one in wanted(ctx.tx, channel, everybody))


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
    posts: Answers = [
        Post(
            Board("poll", poll.id),
            InChannel(bound.id),
            pin=True,
            key=f"poll:{poll.id}:{moved_to}",
        )
        for poll in running
    ]
    if not is_managed(bound):
        return posts
    return [pinned(bound, moved_to), *posts, *look_at(ctx, bound)]


# --- looking -------------------------------------------------------------------------------


def pinned(channel: Channel, occasion: str) -> Post:
    """What the channel says about itself, pinned, once for each occasion."""
    return Post(
        Board("channel", channel.id),
        InChannel(channel.id),
        pin=True,
        key=f"channel:{channel.id}:{occasion}",
        confidential=False,
    )


def look_at(
    ctx: Context, channel: Channel, *, person: int = 0, closed: bool = False, key: str | None = None
) -> Answers:
    """Have rights and members looked at; ``person`` hears what was found."""
    today = today_in(people.town(ctx.tx, channel.municipality_id), ctx.now)
    everybody = roster(
        channel_members.people_of(ctx.tx, channel.municipality_id, channel.platform, today)
    )
    accounts = {a for one in wanted(ctx.tx, channel, everybody) for a in one.accounts}
    accounts |= {row.account for row in channel_members.of_channel(ctx.tx, channel.id)}
    then = Inspected(channel.id, int(ctx.now.timestamp()), person, closed)
    return [Do(Inspect(tuple(sorted(accounts))), InChannel(channel.id), then, key)]


def inspected(ctx: Context, asked: Inspected, done: Done) -> Answers:
    """What the bot saw: rights, members, whether anybody may read."""
    channel = channels.get(ctx.tx, asked.channel, ctx.town.id)
    if channel is None:
        return []
    person = people.member(ctx.tx, asked.person, ctx.town.id) if asked.person else None
    if not done.well:
        if done.reason == "not_there":
            return gone(ctx, channel)
        return [Say(views.not_checked(channel.title), Direct(person.id))] if person else []
    told = done.told
    rights = {str(name): value is True for name, value in dict(told.get("rights") or {}).items()}
    forum = told.get("topics") is True
    channel.rights = sorted(name for name, has in rights.items() if has)
    channel.checked_at = ctx.now
    missing = rules.missing_rights(channel.platform, rights, forum)
    denied = channels.denied(ctx.tx, channel.id) if person is None else set()
    channels.note_denied(ctx.tx, channel.id, denied - set(missing))
    back = set(channel.missing) - set(missing) - denied
    heard = _made_up_for(ctx, channel, back)
    heard += tell_missing(ctx, channel, missing, but=person.id if person else 0)
    if person is not None:
        card = views.checked(channel.title, missing, channel.platform)
        heard.append(Say(card, Direct(person.id)))
    _members(ctx, channel, told.get("members"), asked.since)
    if told.get("public") is True:
        heard += _found_public(ctx, channel)
    elif asked.closed and channel.confidentiality == "public":
        channel.confidentiality = "closed"
        heard.append(Redraw("channel", channel.id))
        if person is not None:
            heard.append(Say(views.confided(channel.title, False), Direct(person.id)))
    heard += _furnish_further(ctx, channel, forum)
    ctx.tx.flush()
    timers.put(ctx.tx, *comparison(ctx.town.id), ctx.now, ctx.town.id)
    return [*heard, Redraw("channels", ctx.town.id)]


def removes_at_once(town: Municipality, channel: Channel) -> bool:
    """Whether people whose membership ended are removed there without asking."""
    rule = channels.removes_without_asking(town)
    return rules.removes_at_once(channel.made, channel.platform, rule)


def _made_up_for(ctx: Context, channel: Channel, back: set[str]) -> Answers:
    """Rights are there that were missing: what had to be left undone is done now."""
    if "remove" in back and removes_at_once(ctx.town, channel):
        for row in channel_members.of_channel(ctx.tx, channel.id):
            row.told_at = None if row.belonged else row.told_at
    if back & set(rules.FURNISHING):
        channel.furnished = None
    if "pin" not in back or channel.kind == "space":
        return []
    return [pinned(channel, f"pin:{ctx.now:%Y%m%d%H%M%S}")]


def _members(ctx: Context, channel: Channel, members: Any, since: int) -> None:
    """Who is there now; None: the platform does not say."""
    if not isinstance(members, dict):
        return
    for account, about in members.items():
        row = channel_members.there(ctx.tx, channel, account)
        state = "invited" if about.get("state") == "invited" else "joined"
        if row is not None and row.state == "leaving":
            continue
        runs_it = bool(about.get("rank"))
        linked = people.linked(ctx.tx, channel.platform, account, channel.municipality_id)
        if channel.kind == "network" and linked is None:
            continue
        name = about.get("name") if linked is None else None
        row = channel_members.seen(ctx.tx, channel, account, state, ctx.now, name=name)
        if runs_it or row.tag == rules.RUNS_IT:
            row.tag = rules.RUNS_IT if runs_it else None
    town = people.town(ctx.tx, channel.municipality_id)
    for row in channel_members.of_channel(ctx.tx, channel.id):
        seen_since = row.account in members or int(row.since.timestamp()) >= since
        if seen_since or row.state not in rules.INSIDE:
            continue
        if _is_wanted(ctx, town, channel, row.account):
            channel_members.seen(ctx.tx, channel, row.account, "left", ctx.now)
        else:
            channel_members.gone(ctx.tx, row)


def _found_public(ctx: Context, channel: Channel) -> Answers:
    if channel.confidentiality == "public":
        return []
    channel.confidentiality = "public"
    told = people.coordination(ctx.tx, ctx.town.id, today_in(ctx.town, ctx.now))
    return [
        *(Say(views.is_public(channel.title), Direct(person.id)) for person in told),
        *opened_up(ctx, channel),
    ]


def opened_up(ctx: Context, channel: Channel) -> Answers:
    """Anybody may read from now on: what stands there is not kept up to date any more."""
    boards.abandon(ctx.tx, channel.platform, channel.external_id)
    if not is_managed(channel):
        return []
    return [pinned(channel, f"public:{ctx.now:%Y%m%d%H%M%S}")]


def _furnish_further(ctx: Context, channel: Channel, forum: bool) -> Answers:
    made: Answers = []
    bound = f"{channel.id}:{channel.bound_at:%Y%m%d%H%M%S}"
    by_link = channel.platform in rules.BY_LINK and channel.join_link is None
    if by_link and "link" in channel.rights:
        name = ctx.words(Text("channels.link_name"))
        made.append(Do(MakeLink(name), InChannel(channel.id), LinkMade(channel.id)))
    if forum and "topics" in channel.rights:
        for what in rules.TOPICS:
            if what not in channel.topics:
                task = MakeTopic(ctx.words(_TOPICS[what]))
                then = TopicMade(channel.id, what)
                made.append(Do(task, InChannel(channel.id), then, f"topic:{bound}:{what}"))
    return made


_TOPICS = {
    "announcements": Text("channels.topic_announcements"),
    "votes": Text("channels.topic_votes"),
    "drafts": Text("channels.topic_drafts"),
    "meetings": Text("channels.topic_meetings"),
}


def link_made(ctx: Context, asked: LinkMade, done: Done) -> Answers:
    """People may be sent the link now."""
    channel = channels.get(ctx.tx, asked.channel, ctx.town.id)
    if channel is None:
        return []
    if not done.well or done.ref is None:
        return right_lost(ctx, channel, done.reason) if lacks_right(done.reason) else []
    channel.join_link = done.ref
    for row in channel_members.of_channel(ctx.tx, channel.id):
        if row.state == "wanted":
            # Whoever was sent an older link is sent this one.
            channel_members.gone(ctx.tx, row)
    timers.put(ctx.tx, *comparison(ctx.town.id), ctx.now, ctx.town.id)
    return []


def topic_made(ctx: Context, asked: TopicMade, done: Done) -> Answers:
    """What belongs there goes there from now on."""
    channel = channels.get(ctx.tx, asked.channel, ctx.town.id)
    if channel is not None and done.well and done.ref is not None:
        channel.topics = {**channel.topics, asked.what: done.ref}
    return []


# --- rights --------------------------------------------------------------------------------


def lacks_right(reason: str | None) -> bool:
    """Whether a task failed for want of a right."""
    return reason is not None and reason.startswith(_NO_RIGHT)


def is_denied(ctx: Context, channel: Channel, reason: str | None) -> bool:
    """Whether it is known that a task fails although the bot has the right to it."""
    right = (reason or "").removeprefix(_NO_RIGHT)
    return right in channels.denied(ctx.tx, channel.id) and right not in channel.missing


def right_lost(ctx: Context, channel: Channel, reason: str | None) -> Answers:
    """A task showed that a right is missing: coordination is told, if that is news."""
    if is_denied(ctx, channel, reason):
        return []
    right = (reason or "").removeprefix(_NO_RIGHT)
    channels.note_denied(ctx.tx, channel.id, channels.denied(ctx.tx, channel.id) | {right})
    return tell_missing(ctx, channel, [*channel.missing, right])


def tell_missing(ctx: Context, channel: Channel, missing: list[str], but: int = 0) -> Answers:
    """Remember which rights are missing; new ones are told in one message (not to ``but``)."""
    needed = rules.NEEDED.get(channel.platform, ())
    now = [right for right in needed if right in missing]
    news = [right for right in now if right not in channel.missing]
    channel.missing = now
    if not news:
        return []
    card = views.lacks(channel.title, now, channel.platform)
    told = people.coordination(ctx.tx, ctx.town.id, today_in(ctx.town, ctx.now))
    return [Say(card, Direct(person.id)) for person in told if person.id != but]
