"""The live cards: all channels for coordination, and what stands pinned in each of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from handlers.channels import room_views, rules, views
from handlers.channels.rules import Differences, OnRoster, Present
from handlers.chat import Card
from handlers.router import Look
from storage import channel_members, channels, people, polls
from storage.channel_members import Standing
from storage.db import Tx
from storage.models import Channel, ChannelMember, Municipality

MOST_POLLS = 5
"""Running polls that stand in the pinned card."""


def today_in(town: Municipality, now: datetime) -> date:
    """The day there."""
    return now.astimezone(ZoneInfo(town.timezone)).date()


def is_managed(channel: Channel) -> bool:
    """Whether the bot keeps the channel like the roster."""
    return channel.platform in rules.MANAGED


def roster(standing: Sequence[Standing]) -> list[OnRoster]:
    """People as the rules take them."""
    return [
        OnRoster(one.person.id, one.bodies, tuple(a.external_id for a in one.accounts))
        for one in standing
    ]


def present(rows: Sequence[ChannelMember]) -> list[Present]:
    """Accounts as the rules take them."""
    return [
        Present(r.id, r.account, r.state, r.belonged, r.let_be, r.told_at is not None) for r in rows
    ]


def wanted(tx: Tx, channel: Channel, everybody: Sequence[OnRoster]) -> list[OnRoster]:
    """Who is to be in a channel."""
    body = channels.body(tx, channel.body_id, channel.municipality_id)
    return rules.wanted(channel.kind, body.kind if body else "", everybody)


def compared(tx: Tx, channel: Channel, everybody: Sequence[OnRoster]) -> Differences:
    """How a channel differs from the roster."""
    rows = channel_members.of_channel(tx, channel.id)
    return rules.differences(wanted(tx, channel, everybody), everybody, present(rows))


def facts(tx: Tx, town: Municipality, channel: Channel, now: datetime) -> views.Facts:
    """A channel as the cards show it."""
    body = channels.body(tx, channel.body_id, town.id)
    managed = is_managed(channel)
    shown = views.Facts(
        channel.id,
        channel.title,
        channel.kind,
        body.name if body else {},
        channel.platform,
        managed,
        channel.confidentiality == "public",
    )
    if not managed:
        return shown
    everybody = roster(
        channel_members.people_of(tx, town.id, channel.platform, today_in(town, now))
    )
    differs = compared(tx, channel, everybody)
    return views.Facts(
        channel.id,
        channel.title,
        channel.kind,
        body.name if body else {},
        channel.platform,
        managed,
        channel.confidentiality == "public",
        len(differs.inside),
        len(wanted(tx, channel, everybody)),
        tuple(channel.missing),
        channel.checked_at,
        0 if channel.kind == "network" else len(differs.to_settle),
    )


def plan_of(tx: Tx, town: Municipality) -> tuple[list[rules.Room], list[rules.Room]]:
    """The rooms that a municipality is to have where the bot makes them, and those that lack."""
    bodies = {body.id: body.kind for body in polls.bodies(tx, town.id)}
    there = {
        bodies.get(c.body_id or 0, c.kind)
        for c in channels.of_town(tx, town.id)
        if c.platform in rules.MAKES_ROOMS
    }
    rooms = rules.rooms(bodies.values())
    return rooms, [room for room in rooms if room.what not in there]


def overview(look: Look, town_id: int) -> Card | None:
    """All channels; drawn for coordination's eyes only."""
    viewer = look.viewer
    if viewer is None or viewer.municipality_id != town_id:
        return None
    town = people.town(look.tx, town_id)
    coordination = people.coordination(look.tx, town_id, today_in(town, look.now))
    if viewer.id not in [person.id for person in coordination]:
        return None
    there = channels.of_town(look.tx, town_id)
    state, making = channels.making(look.tx, town_id), None
    if state is not None:
        rooms, lacking = plan_of(look.tx, town)
        done = len(rooms) - len(lacking)
        making = views.Making(state["state"], done, len(rooms), state.get("reason") or "")
    return views.overview(
        [facts(look.tx, town, channel, look.now) for channel in there],
        making,
        any(channel.kind == "network" for channel in there),
    )


def pinned(look: Look, channel_id: int) -> Card | None:
    """What a channel says about itself."""
    channel = look.tx.get(Channel, channel_id)
    if channel is None or channel.lost_at is not None:
        return None
    town = people.town(look.tx, channel.municipality_id)
    body = channels.body(look.tx, channel.body_id, town.id)
    running = [
        (poll.title, poll.closes_at)
        for poll in polls.of_town(look.tx, town.id, "open")
        if body is not None and poll.body_id == body.id
    ]
    addresses = {
        # A link that carries an invitation's code leads to the bot without it, too.
        name: link.partition("?")[0]
        for name, link in channels.addresses(look.tx).items()
        if name in rules.MANAGED
    }
    return room_views.pinned(
        room_views.Pinned(
            town.name,
            channel.kind,
            body.name if body else {},
            channel.confidentiality == "public",
            sorted(running, key=lambda poll: poll[1])[:MOST_POLLS],
            sorted(addresses.items()),
        )
    )
