"""Roster and channels compared: who comes in, who goes, and what coordination decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.channels import rules, views, watching
from handlers.channels.actions import (
    Admitted,
    Brought,
    Compare,
    Furnished,
    Removed,
    Settle,
    ShowDifference,
    comparison,
)
from handlers.channels.boards import (
    compared,
    is_managed,
    present,
    roster,
    today_in,
)
from handlers.channels.rules import Differences, OnRoster, Present
from handlers.chat import (
    Answers,
    Direct,
    Do,
    Done,
    InChannel,
    OnAccount,
    Redraw,
    Refusal,
    Replace,
    Say,
    Text,
    Translated,
)
from handlers.router import Context
from handlers.tasks import Admit, BringIn, Furnish, PutOut, TagMember
from storage import audit, channel_members, channels, people, timers
from storage.channel_members import Standing
from storage.models import Channel, ChannelMember, Municipality

LOOK_AGAIN = timedelta(hours=20)
"""After which a comparison looks at a channel's rights and members first."""


def compare(ctx: Context, due: Compare) -> Answers:
    """See who should be where, do what follows, and tell coordination what is theirs to decide."""
    town = ctx.municipality = people.town(ctx.tx, due.municipality)
    ctx.language = town.default_language
    today = today_in(town, ctx.now)
    _at_the_next_change(ctx, town)
    answers: Answers = []
    news: list[views.Differing] = []
    for channel in channels.of_town(ctx.tx, town.id):
        if not is_managed(channel):
            continue
        standing = channel_members.people_of(ctx.tx, town.id, channel.platform, today)
        one = _Comparison(ctx, town, channel, standing)
        answers += one.carry_out()
        news += one.news()
    if news:
        answers += _to_coordination(ctx, news)
    return [*answers, Redraw("channels", town.id)]


def _at_the_next_change(ctx: Context, town: Municipality) -> None:
    """At the midnight at which somebody comes or goes, compare again."""
    day = channel_members.next_change(ctx.tx, town.id, today_in(town, ctx.now))
    key, packed = comparison(town.id)
    if day is None:
        timers.drop(ctx.tx, f"{key}:day")
        return
    midnight = datetime(day.year, day.month, day.day, tzinfo=ctx.zone)
    timers.put(ctx.tx, f"{key}:day", packed, midnight, town.id)


def _to_coordination(ctx: Context, news: Sequence[views.Differing]) -> Answers:
    card = views.to_settle(news)
    told = people.coordination(ctx.tx, ctx.town.id, today_in(ctx.town, ctx.now))
    return [Say(card, Direct(person.id)) for person in told]


class _Comparison:
    """One channel."""

    def __init__(
        self, ctx: Context, town: Municipality, channel: Channel, standing: Sequence[Standing]
    ) -> None:
        self.ctx, self.town, self.channel = ctx, town, channel
        self.to = InChannel(channel.id)
        self.standing = {one.person.id: one for one in standing}
        self.everybody = roster(standing)
        self.rows = {r.id: r for r in channel_members.of_channel(ctx.tx, channel.id)}
        self.found = compared(ctx.tx, channel, self.everybody)

    def carry_out(self) -> Answers:
        """What follows from the comparison without anybody's decision."""
        ctx, channel = self.ctx, self.channel
        answers = self._look()
        if channel.kind == "network":
            # Those of other municipalities are there with good reason; only coordination comes.
            return [*answers, *self._bring()]
        self._forget_stale()
        answers += self._admit()
        answers += self._put_out()
        answers += self._bring()
        answers += self._furnish()
        answers += self._tag()
        ctx.tx.flush()
        return answers

    def _look(self) -> Answers:
        checked = self.channel.checked_at
        if checked is not None and self.ctx.now - checked < LOOK_AGAIN:
            return []
        day = today_in(self.town, self.ctx.now)
        key = f"inspect:{self.channel.id}:{self.channel.bound_at:%Y%m%d%H%M%S}:{day}"
        overview = Redraw("channel", self.channel.id)
        return [*watching.look_at(self.ctx, self.channel, key=key), overview]

    def _forget_stale(self) -> None:
        for one in self.found.stale:
            channel_members.gone(self.ctx.tx, self.rows.pop(one.id))
        known = {account for one in self.everybody for account in one.accounts}
        due = {a for id in self.found.inside for a in _accounts(self.standing[id])}
        for row in self.rows.values():
            row.belonged = row.belonged or row.account in due
            if row.account in known:
                # Whoever is on the roster goes by that.
                row.name = None

    def _admit(self) -> Answers:
        made: Answers = []
        for one in self.found.admit:
            row = self.rows[one.id]
            if row.told_at is None:
                row.told_at = self.ctx.now
                then = Admitted(row.id, seconds(row), True, 0)
                made.append(Do(Admit(row.account, True), self.to, then))
        return made

    def _put_out(self) -> Answers:
        if not self._removes_at_once():
            return []
        return [
            remove(self.ctx, self.channel, self.rows[one.id], 0)
            for one in self.found.ended
            # Where it failed, coordination was told and tries again.
            if not one.told
        ]

    def _removes_at_once(self) -> bool:
        at_once = watching.removes_at_once(self.town, self.channel)
        return at_once and "remove" not in self.channel.missing

    def _bring(self) -> Answers:
        channel, by_link = self.channel, self.channel.platform in rules.BY_LINK
        if "invite" in channel.missing or (by_link and channel.join_link is None):
            return []
        made: Answers = []
        for person, account in self.found.bring:
            row = channel_members.seen(
                self.ctx.tx, channel, account, "wanted", self.ctx.now, belonged=True
            )
            made.append(Do(BringIn(account), self.to, Brought(row.id, seconds(row))))
            if by_link and channel.join_link is not None:
                card = views.join_link(channel.title, channel.join_link)
                made.append(Say(card, OnAccount(self.standing[person].accounts[0].id)))
        return made

    def _furnish(self) -> Answers:
        title, topic = self._named()
        levels = rules.levels(self.everybody) if self.channel.platform == "matrix" else {}
        space = next(
            (
                c.external_id
                for c in channels.of_town(self.ctx.tx, self.town.id)
                if c.kind == "space" and c.platform == self.channel.platform
            ),
            None,
        )
        body = channels.body(self.ctx.tx, self.channel.body_id, self.town.id)
        shared = rules.is_shared(body.kind) if body else self.channel.kind == "announcements"
        made_in = space if self.channel.made else None
        inside = made_in if shared else None
        listed_in = made_in if body is not None and not shared else None
        mark = rules.mark(title, topic, levels, inside, listed_in)
        if self.channel.furnished == mark or self.channel.checked_at is None:
            return []
        self.channel.furnished = mark
        quiet = self.channel.kind == "announcements"
        furnish = Furnish(title, topic, levels, inside, quiet, listed_in)
        return [Do(furnish, self.to, Furnished(self.channel.id))]

    def _named(self) -> tuple[str, str]:
        """Title and topic: a channel that was there before keeps its title."""
        ctx, channel = self.ctx, self.channel
        title = ctx.words(Text("channels.title", title=Translated(channel.title)))
        body = channels.body(ctx.tx, channel.body_id, self.town.id)
        if body is not None:
            about = Text("channels.topic_body", town=self.town.name, body=Translated(body.name))
        elif channel.kind == "announcements":
            about = Text("channels.pinned_announcements", town=self.town.name)
        else:
            about = Text("channels.topic_space", town=self.town.name)
        return title, ctx.words(about)

    def _tag(self) -> Answers:
        if "tag" not in self.channel.rights:
            return []
        made: Answers = []
        bodies = {p.id: p.bodies for p in self.everybody}
        for person in self.found.inside:
            tag = self.ctx.words(_TAGS[rules.duty(bodies[person])])
            for row in self.rows.values():
                mine = row.account in _accounts(self.standing[person])
                if mine and row.state == "joined" and row.tag not in (tag, rules.RUNS_IT):
                    row.tag = tag
                    made.append(Do(TagMember(row.account, tag), self.to))
        return made

    def news(self) -> list[views.Differing]:
        """What coordination has not been told yet; told with this."""
        if self.channel.kind == "network":
            return []
        made = []
        for one in self.found.to_settle:
            row = self.rows[one.id]
            if row.told_at is None and row.state != "leaving":
                row.told_at = self.ctx.now
                made.append(differing(self.ctx, self.channel, row, why(self.found, one)))
        self.ctx.tx.flush()
        return made


def _accounts(one: Standing) -> list[str]:
    return [account.external_id for account in one.accounts]


_TAGS = {
    "coordination": Text("channels.tag_coordination"),
    "core_team": Text("channels.tag_core_team"),
    "member": Text("channels.tag_member"),
    "deputy": Text("channels.tag_deputy"),
    "adviser": Text("channels.tag_adviser"),
    "facilitator": Text("channels.tag_facilitator"),
    "guest": Text("channels.tag_guest"),
}


def why(found: Differences, one: Present) -> str:
    """The name of the list that an account is in."""
    names = ("ended", "misplaced", "strangers", "asking", "left", "failed")
    return next(name for name in names if one in getattr(found, name))


def seconds(row: ChannelMember) -> int:
    """Since when it has been so, as buttons carry it."""
    return int(row.since.timestamp())


def differing(ctx: Context, channel: Channel, row: ChannelMember, reason: str) -> views.Differing:
    """A difference as the cards show it."""
    account = people.linked(ctx.tx, channel.platform, row.account, channel.municipality_id)
    person = account and people.member(ctx.tx, account.person_id, channel.municipality_id)
    return views.Differing(
        row.id,
        seconds(row),
        reason,
        person.name if person else {},
        row.name or row.account,
        channel.title,
        channel.platform,
    )


def remove(ctx: Context, channel: Channel, row: ChannelMember, person: int) -> Do:
    """Have an account removed; ``person`` of coordination wants it, or the roster (0)."""
    row.state, row.since, row.told_at = "leaving", ctx.now, None
    ctx.tx.flush()
    then = Removed(row.id, seconds(row), person, again=False)
    return Do(PutOut(row.account), InChannel(channel.id), then)


# --- coordination settles ------------------------------------------------------------------


def _meant(ctx: Context, id: int, at: int) -> tuple[Channel, ChannelMember, str]:
    """The channel, the account, and what is the matter with it; a refusal if nothing is."""
    row = channel_members.get(ctx.tx, id, ctx.town.id)
    channel = channels.get(ctx.tx, row.channel_id, ctx.town.id) if row is not None else None
    if row is None or channel is None or seconds(row) != at:
        raise Refusal("channels.settled_already")
    today = today_in(ctx.town, ctx.now)
    everybody = roster(channel_members.people_of(ctx.tx, ctx.town.id, channel.platform, today))
    found = compared(ctx.tx, channel, everybody)
    [one] = present([row])
    if one not in found.to_settle:
        raise Refusal("channels.settled_already")
    return channel, row, why(found, one)


def show_difference(ctx: Context, pressed: ShowDifference) -> Answers:
    """One account with what can be done about it."""
    channel, row, reason = _meant(ctx, pressed.channel_member, pressed.at)
    return [Say(views.difference(differing(ctx, channel, row, reason)))]


_WAYS = {
    "ended": ("remove", "let_be"),
    "misplaced": ("remove", "let_be"),
    "strangers": ("remove", "let_be"),
    "asking": ("admit", "decline"),
    "left": ("bring", "let_be"),
    "failed": ("bring", "let_be"),
}


def settle(ctx: Context, pressed: Settle) -> Answers:
    """Do what coordination decided."""
    channel, row, reason = _meant(ctx, pressed.channel_member, pressed.at)
    if pressed.way not in _WAYS[reason]:
        raise Refusal("router.old_button")
    shown = differing(ctx, channel, row, reason)
    said = Replace(views.settled(pressed.way, shown.person, shown.name, channel.title))
    answers: Answers = [said, Redraw("channels", ctx.town.id)]
    if pressed.way == "remove":
        if "remove" in channel.missing:
            raise Refusal("channels.may_not_remove")
        answers.append(remove(ctx, channel, row, ctx.me.id))
    elif pressed.way == "let_be":
        row.let_be, row.told_at = True, ctx.now
    elif pressed.way == "bring":
        channel_members.gone(ctx.tx, row)
        timers.put(ctx.tx, *comparison(ctx.town.id), ctx.now, ctx.town.id)
    else:
        yes = pressed.way == "admit"
        # A second press finds the account in another state.
        row.state, row.since = "wanted" if yes else "leaving", ctx.now
        row.let_be = yes
        ctx.tx.flush()
        then = Admitted(row.id, seconds(row), yes, ctx.me.id)
        answers.append(Do(Admit(row.account, yes), InChannel(channel.id), then))
    return answers


# --- what became of it ---------------------------------------------------------------------


def _row(
    ctx: Context, id: int, at: int, *, came: bool = False
) -> tuple[Channel, ChannelMember] | None:
    """The account that was meant; ``came``: the platform may have said first that it is in."""
    row = channel_members.get(ctx.tx, id, ctx.town.id)
    channel = channels.get(ctx.tx, row.channel_id, ctx.town.id) if row is not None else None
    if row is None or channel is None:
        return None
    if seconds(row) != at and not (came and row.state in rules.INSIDE and seconds(row) > at):
        return None
    return channel, row


def _record(ctx: Context, channel: Channel, row: ChannelMember, action: str, actor: int) -> None:
    account = people.linked(ctx.tx, channel.platform, row.account, channel.municipality_id)
    details = {"changes": [], "channel": dict(channel.title)}
    subject = account.person_id if account is not None else None
    audit.record(ctx.tx, ctx.town.id, ctx.now, actor or None, action, subject, details)


def brought(ctx: Context, asked: Brought, done: Done) -> Answers:
    """Somebody was invited; on platforms with links, nobody shuts them out any more."""
    there = _row(ctx, asked.channel_member, asked.at, came=done.well)
    if there is None:
        return []
    channel, row = there
    redraw = Redraw("channels", ctx.town.id)
    if done.well:
        _record(ctx, channel, row, "brought_in", 0)
        if row.state == "wanted" and channel.platform not in rules.BY_LINK:
            channel_members.seen(ctx.tx, channel, row.account, "invited", ctx.now)
        return [redraw]
    if watching.lacks_right(done.reason):
        if watching.is_denied(ctx, channel, done.reason):
            # The right is there: it is this account that cannot be invited.
            channel_members.seen(ctx.tx, channel, row.account, "failed", ctx.now)
            _again(ctx)
            return [redraw]
        # Brought in once the right is there.
        channel_members.gone(ctx.tx, row)
        return [redraw, *watching.right_lost(ctx, channel, done.reason)]
    if channel.platform in rules.BY_LINK:
        return [redraw]
    channel_members.seen(ctx.tx, channel, row.account, "failed", ctx.now)
    _again(ctx)
    return [redraw]


def removed(ctx: Context, asked: Removed, done: Done) -> Answers:
    """Somebody was removed, or could not be."""
    there = _row(ctx, asked.channel_member, asked.at)
    if there is None:
        return []
    channel, row = there
    redraw = Redraw("channels", ctx.town.id)
    if done.well or done.reason in ("not_there", "unknown_account"):
        _record(ctx, channel, row, "put_out", asked.person)
        channel_members.gone(ctx.tx, row)
        _again(ctx)
        return [redraw]
    if done.state == "unknown" and not asked.again:
        # It may have been done: doing it once more does no harm.
        then = replace(asked, again=True)
        return [redraw, Do(PutOut(row.account), InChannel(channel.id), then)]
    shown = differing(ctx, channel, row, "ended")
    row.state, row.since, row.told_at = "joined", ctx.now, ctx.now
    told = people.coordination(ctx.tx, ctx.town.id, today_in(ctx.town, ctx.now))
    answers: Answers = [Say(views.not_removed(shown), Direct(person.id)) for person in told]
    if watching.lacks_right(done.reason):
        answers += watching.right_lost(ctx, channel, done.reason)
    return [redraw, *answers]


def admitted(ctx: Context, asked: Admitted, done: Done) -> Answers:
    """Somebody who asked was let in, or was not."""
    there = _row(ctx, asked.channel_member, asked.at, came=done.well)
    if there is None:
        return []
    channel, row = there
    if done.well:
        _record(ctx, channel, row, "let_in" if asked.yes else "turned_away", asked.person)
    if done.well and asked.yes:
        let_be, name = row.let_be, row.name
        row = channel_members.seen(ctx.tx, channel, row.account, "joined", ctx.now, name=name)
        row.let_be = let_be
    elif watching.lacks_right(done.reason):
        row.state, row.since, row.told_at, row.let_be = "asked", ctx.now, None, False
        return watching.right_lost(ctx, channel, done.reason)
    else:
        channel_members.gone(ctx.tx, row)
    _again(ctx)
    return [Redraw("channels", ctx.town.id)]


def furnished(ctx: Context, asked: Furnished, done: Done) -> Answers:
    """What could not be set is a right that the bot misses."""
    channel = channels.get(ctx.tx, asked.channel, ctx.town.id)
    missing = done.told.get("missing")
    if channel is None:
        return []
    if not done.well or not isinstance(missing, list) or "inside" in missing:
        # Tried again with the next comparison.
        channel.furnished = None
    if not isinstance(missing, list):
        return []
    return watching.tell_missing(ctx, channel, [*channel.missing, *map(str, missing)])


def _again(ctx: Context) -> None:
    timers.put(ctx.tx, *comparison(ctx.town.id), ctx.now, ctx.town.id)


__all__ = [
    "OnRoster",
    "admitted",
    "brought",
    "compare",
    "furnished",
    "removed",
    "settle",
    "show_difference",
]
