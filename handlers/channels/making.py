"""Rooms that the bot makes: one after the other, each step begun when the one before is done."""

from __future__ import annotations

from handlers.channels import room_views, rules, watching
from handlers.channels.actions import AskRooms, MakeRooms, RoomMade
from handlers.channels.boards import plan_of, roster, today_in
from handlers.channels.rules import Room
from handlers.chat import (
    Answers,
    Board,
    Direct,
    Do,
    Done,
    InChannel,
    OnPlatform,
    Post,
    Redraw,
    Refusal,
    Replace,
    Say,
    Text,
    Toast,
    Translated,
)
from handlers.router import Context
from handlers.tasks import MakeRoom
from storage import channel_members, channels, people, polls

PLATFORM = rules.MAKES_ROOMS[0]

NETWORK = Room("network", "network")

ENCRYPTED = "encrypted_rooms"
"""In ``municipality.settings``: whether bodies' rooms are encrypted if nobody says otherwise."""


def ask(ctx: Context, pressed: AskRooms) -> Answers:
    """Say what will be made."""
    _check(ctx)
    if pressed.network:
        _check_no_network(ctx)
        return [Say(room_views.ask_network())]
    _, lacking = plan_of(ctx.tx, ctx.town)
    if not lacking:
        raise Refusal("channels.all_made")
    preferred = bool(ctx.town.settings.get(ENCRYPTED, True))
    return [Say(room_views.ask_rooms([_title(ctx, room) for room in lacking], preferred))]


def make(ctx: Context, pressed: MakeRooms) -> Answers:
    """Begin with the first room that is missing."""
    _check(ctx)
    state = {
        "state": "running",
        "encrypted": pressed.encrypted,
        "network": pressed.network,
        "person": ctx.me.id,
    }
    if pressed.network:
        _check_no_network(ctx)
        room = NETWORK
    else:
        _, lacking = plan_of(ctx.tx, ctx.town)
        if not lacking:
            raise Refusal("channels.all_made")
        room = lacking[0]
    channels.note_making(ctx.tx, ctx.town.id, state)
    board = Board("channels", ctx.town.id, ctx.me.id)
    return [
        Toast(Text("channels.making_begun")),
        Replace(room_views.kept_going()),
        Post(board, Direct(ctx.me.id)),
        _task(ctx, room, pressed.encrypted),
    ]


def _check(ctx: Context) -> None:
    if PLATFORM not in ctx.links:
        raise Refusal("channels.no_matrix")
    state = channels.making(ctx.tx, ctx.town.id)
    if state is not None and state["state"] == "running":
        raise Refusal("channels.making_already")


def _check_no_network(ctx: Context) -> None:
    if any(channel.kind == "network" for channel in channels.of_town(ctx.tx, ctx.town.id)):
        raise Refusal("channels.network_there")


def _task(ctx: Context, room: Room, encrypted: bool) -> Do:
    """The room; done again it finds the one that is there by its alias."""
    town = ctx.town
    inside = next(
        (
            channel.external_id
            for channel in channels.of_town(ctx.tx, town.id)
            if channel.kind == "space" and channel.platform == PLATFORM
        ),
        None,
    )
    today = today_in(town, ctx.now)
    everybody = roster(channel_members.people_of(ctx.tx, town.id, PLATFORM, today))
    spoken, ctx.language = ctx.language, town.default_language
    task = MakeRoom(
        alias=rules.alias(town.slug, room.what),
        title=ctx.words(_title(ctx, room)),
        topic=ctx.words(_topic(ctx, room)),
        space=room.kind == "space",
        encrypted=encrypted and room.kind == "body",
        inside=inside if room.shared else None,
        quiet=room.quiet,
        levels=rules.levels(everybody),
        listed_in=inside if room.kind == "body" and not room.shared else None,
    )
    ctx.language = spoken
    return Do(task, OnPlatform(PLATFORM), RoomMade(room.what))


def _body_name(ctx: Context, what: str) -> dict[str, str]:
    return next(body.name for body in polls.bodies(ctx.tx, ctx.town.id) if body.kind == what)


def _title(ctx: Context, room: Room) -> Text:
    town = ctx.town.name
    if room.kind == "body":
        body = Translated(_body_name(ctx, room.what))
        return Text("channels.room_body", town=town, body=body)
    if room.kind == "announcements":
        return Text("channels.room_announcements", town=town)
    if room.kind == "network":
        return Text("channels.room_network", town=town)
    return Text("channels.room_space", town=town)


def _topic(ctx: Context, room: Room) -> Text:
    town = ctx.town.name
    if room.kind == "body":
        return Text("channels.topic_body", town=town, body=Translated(_body_name(ctx, room.what)))
    if room.kind == "announcements":
        return Text("channels.pinned_announcements", town=town)
    if room.kind == "network":
        return Text("channels.pinned_network", town=town)
    return Text("channels.topic_space", town=town)


def made(ctx: Context, asked: RoomMade, done: Done) -> Answers:
    """A room is there: bring its people in, and begin with the next one."""
    town, tx = ctx.town, ctx.tx
    ctx.language = town.default_language
    state = channels.making(tx, town.id) or {}
    redraw = Redraw("channels", town.id)
    if not done.well or done.ref is None:
        channels.note_making(tx, town.id, {**state, "state": "failed", "reason": done.reason})
        person = people.member(tx, int(state.get("person", 0)), town.id)
        failed = room_views.making_failed(done.reason or "", bool(state.get("network")))
        return [redraw, *([Say(failed, Direct(person.id))] if person else [])]
    room = _room(ctx, asked.what)
    body = next((b for b in polls.bodies(tx, town.id) if b.kind == room.what), None)
    title = {
        language: _said(ctx, _title(ctx, room), language) for language in ("de", "en", "de-simple")
    }
    try:
        channel = channels.adopt(
            tx, town.id, room.kind, body, PLATFORM, done.ref, title, ctx.now, made=True
        )
    except LookupError:
        channels.note_making(tx, town.id, {**state, "state": "failed", "reason": "not_possible"})
        return [redraw]
    answers: Answers = [redraw, *watching.look_at(ctx, channel)]
    if room.kind != "space":
        answers.append(watching.pinned(channel, f"made:{channel.bound_at:%Y%m%d%H%M%S}"))
    if body is not None:
        answers += [
            Post(Board("poll", poll.id), InChannel(channel.id), pin=True)
            for poll in polls.of_town(tx, town.id, "open")
            if poll.body_id == body.id
        ]
    _, lacking = plan_of(tx, town)
    if state.get("network") or not lacking:
        channels.note_making(tx, town.id, {**state, "state": "done"})
        return answers
    return [*answers, _task(ctx, lacking[0], bool(state.get("encrypted", True)))]


def _room(ctx: Context, what: str) -> Room:
    rooms, _ = plan_of(ctx.tx, ctx.town)
    return next((room for room in rooms if room.what == what), NETWORK)


def _said(ctx: Context, text: Text, language: str) -> str:
    spoken, ctx.language = ctx.language, language
    said = ctx.words(text)
    ctx.language = spoken
    return said
