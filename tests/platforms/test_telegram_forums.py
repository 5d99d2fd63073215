"""Topics that are closed or gone, Telegram's own polls, and tasks on their way through the bot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.menus import telegram_menus
from bot.platforms import Delivered, Delivery, Failed, File
from bot.platforms.telegram import Telegram
from bot.text import Reader
from handlers.chat import (
    Action,
    Answers,
    Board,
    Card,
    Command,
    Do,
    Done,
    InChannel,
    NativeVote,
    Say,
    plain,
)
from handlers.router import Context, Role, Router, Routes, action
from handlers.tasks import AskNatively, EndNatively, Inspect, MakeLink
from storage.models import Outbox
from tests.platforms import botapi
from tests.platforms.botapi import Group, Person, Server, shown
from tests.platforms.botapi.town import ANNA, BERND, CLARA, WITHIN, Town, running
from tests.platforms.botapi.world import ADMIN_RIGHTS

READER = Reader("de", ZoneInfo("Europe/Berlin"))
CARD = Card((plain("Radweg am Bach"),))
MAIN = 1


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with botapi.running() as server:
        yield server


@pytest.fixture
async def telegram(server: Server) -> AsyncIterator[Telegram]:
    telegram = Telegram(server.token, now, base_url=server.url)
    yield telegram
    await telegram.close()


@pytest.fixture
def anna(server: Server) -> Person:
    return server.user(ANNA, "Anna Probe")


@pytest.fixture
def forum(server: Server, anna: Person) -> Group:
    group = server.group("Steuerungsgruppe", [anna, server.user(BERND, "Bernd Probe")])
    group.bot_becomes("administrator", anna)
    group.becomes_forum()
    group.chat.topics = {7, 8}
    return group


def to(forum: Group, kind: str, card: Card | None = CARD, **rest: Any) -> Delivery:
    return Delivery(1, kind, str(forum.id), READER, card, **{"thread": "7", **rest})


def topics(anna: Person, forum: Group) -> list[int | None]:
    return [m.get("message_thread_id") for m in anna.sees(forum)]


# --- topics -------------------------------------------------------------------------------------

POLL = AskNatively("Wann treffen wir uns?", ("Montag", "Dienstag"), several=True)
SAID = [
    ("card", {}),
    ("card", {"board": Board("poll", 1), "pin": True}),
    ("card", {"card": Card((plain("Wort " * 1500),))}),
    ("file", {"file": File("Protokoll.pdf", "application/pdf", b"%PDF")}),
    ("poll", {"card": None, "task": POLL}),
]


@pytest.mark.parametrize(("kind", "what"), SAID)
async def test_everything_goes_into_its_topic(
    telegram: Telegram, anna: Person, forum: Group, kind: str, what: dict[str, Any]
) -> None:
    assert isinstance(await telegram.deliver(to(forum, kind, **what)), Delivered)
    assert set(topics(anna, forum)) == {7}


@pytest.mark.parametrize("lost", ["closed", "deleted"])
@pytest.mark.parametrize(("kind", "what"), SAID)
async def test_where_its_topic_is_closed_or_gone_it_is_said_in_the_main_one(
    telegram: Telegram, anna: Person, forum: Group, kind: str, what: dict[str, Any], lost: str
) -> None:
    if lost == "closed":
        forum.chat.closed.add(7)
    else:
        forum.chat.topics.remove(7)
    delivered = await telegram.deliver(to(forum, kind, **what))
    assert isinstance(delivered, Delivered) and delivered.message
    assert set(topics(anna, forum)) == {None}
    if what.get("pin"):
        assert forum.chat.pinned == [int(delivered.message)]


async def test_an_administrator_of_topics_writes_into_closed_ones(
    telegram: Telegram, anna: Person, forum: Group
) -> None:
    forum.chat.closed |= {7, MAIN}
    forum.bot_becomes("administrator", anna, {"can_manage_topics"})
    await telegram.deliver(to(forum, "card"))
    await telegram.deliver(to(forum, "card", thread=None))
    assert topics(anna, forum) == [7, None]


async def test_where_the_main_topic_is_closed_too_it_is_told(
    telegram: Telegram, anna: Person, forum: Group
) -> None:
    forum.chat.closed |= {7, MAIN}
    assert await telegram.deliver(to(forum, "card")) == Failed("Topic_closed")


async def test_what_grows_out_of_a_card_follows_it_into_its_topic(
    telegram: Telegram, anna: Person, forum: Group
) -> None:
    sent = await telegram.deliver(to(forum, "card"))
    assert isinstance(sent, Delivered)
    long = Card((plain("Wort " * 1500),))
    await telegram.deliver(to(forum, "edit", long, message=sent.message))
    assert topics(anna, forum) == [7, 7]


# --- native polls -------------------------------------------------------------------------------


async def test_a_native_poll_knows_its_voters_and_lets_them_change_their_minds(
    telegram: Telegram, anna: Person, forum: Group
) -> None:
    sent = await telegram.deliver(to(forum, "poll", None, task=POLL))
    message = anna.sees(forum)[0]
    poll = message["poll"]
    assert sent == Delivered(str(message["message_id"]), {"poll": poll["id"]})
    assert [o["text"] for o in poll["options"]] == ["Montag", "Dienstag"]
    assert (poll["is_anonymous"], poll["allows_multiple_answers"]) == (False, True)
    anna.votes(message, 0, 1)
    anna.votes(message, 1)
    assert [o["voter_count"] for o in poll["options"]] == [0, 1]
    end = to(forum, "task", None, task=EndNatively(str(message["message_id"])))
    for _ in range(2):
        assert isinstance(await telegram.deliver(end), Delivered)
    assert poll["is_closed"]


@pytest.mark.parametrize(
    "task",
    [
        AskNatively("Wann?", ()),
        AskNatively("Wann?", tuple(f"Tag {n}" for n in range(13))),
        AskNatively("Wann?", ("Montag", "Montag ")),
        AskNatively("Wann?", ("Montag", " ")),
        AskNatively("", ("Montag", "Dienstag")),
        AskNatively("Wann?", ("sehr " * 30 + "früh", "sehr " * 30 + "spät")),
    ],
)
async def test_what_is_no_native_poll_is_not_sent(
    telegram: Telegram, server: Server, forum: Group, task: AskNatively
) -> None:
    assert await telegram.deliver(to(forum, "poll", None, task=task)) == Failed("not_possible")
    assert not server.called("sendPoll")


async def test_twelve_options_and_long_words_fit(
    telegram: Telegram, anna: Person, forum: Group
) -> None:
    task = AskNatively("Wann " * 100, tuple(f"{n}. Vorschlag " + "Wort " * 30 for n in range(12)))
    assert isinstance(await telegram.deliver(to(forum, "poll", None, task=task)), Delivered)
    poll = anna.sees(forum)[0]["poll"]
    assert len(poll["options"]) == 12 and all(o["text"].endswith("…") for o in poll["options"])
    assert len(poll["question"]) <= 300


async def test_ending_what_is_no_poll_of_ours_is_told(
    telegram: Telegram, anna: Person, forum: Group
) -> None:
    sent = await telegram.deliver(to(forum, "card"))
    assert isinstance(sent, Delivered)
    end = to(forum, "task", None, task=EndNatively("9999"))
    assert await telegram.deliver(end) == Failed("not_there", gone=True)
    assert await telegram.deliver(replace(end, task=EndNatively("$x"))) == Failed("not_there")
    no_poll = replace(end, task=EndNatively(str(sent.message)))
    assert await telegram.deliver(no_poll) == Failed("not_possible")


async def test_where_no_polls_are_allowed_writing_is_the_right_that_is_missing(
    telegram: Telegram, anna: Person, forum: Group
) -> None:
    forum.bot_becomes("member", anna)
    forum.chat.denied = {"can_send_polls"}
    outcome = await telegram.deliver(to(forum, "poll", None, task=POLL))
    assert outcome == Failed("no_right:send")


# --- through the bot ----------------------------------------------------------------------------


@action("tt8")
@dataclass(frozen=True, slots=True)
class Told(Action):
    channel: int


wishes = Router("telegramwishes")
WISHES = {
    "rechte": Inspect((str(ANNA), str(CLARA))),
    "umfrage": POLL,
    "link": MakeLink("Steuerungsgruppe"),
}


@wishes.command("wunsch", by=Role.MEMBER)
def wish(ctx: Context, typed: Command) -> Answers:
    name, _, channel = typed.args.partition(" ")
    return [Do(WISHES[name], InChannel(int(channel)), Told(int(channel)))]


@wishes.outcome(Told)
def told(ctx: Context, asked: Told, done: Done) -> Answers:
    rights = done.told.get("rights", {})
    missing = [name for name, given in rights.items() if not given]
    said = f"{done.state} {done.reason or ''} fehlt: {', '.join(missing) or 'nichts'}"
    return [Say(Card((plain(said),)), InChannel(asked.channel))]


@wishes.when(NativeVote)
def voted(ctx: Context, what: NativeVote) -> Answers:
    channel = 1
    who = ctx.person.key if ctx.person else "jemand"
    return [Say(Card((plain(f"{who} wählt {what.chosen}"),)), InChannel(channel))]


@pytest.fixture
async def town(server: Server, tmp_path: Path) -> AsyncIterator[Town]:
    async with running(server, tmp_path / "town.db", [wishes]) as town:
        yield town


async def test_coordination_learns_which_rights_are_missing_until_none_is(
    town: Town, server: Server, anna: Person
) -> None:
    group = server.group("Steuerungsgruppe", [anna], supergroup=True)
    group.bot_becomes("member", anna)
    channel = town.bind(group)
    anna.says(f"/wunsch rechte {channel}")
    lacking = shown(await anna.reads("sent", group))
    assert "fehlt: invite, link, remove, title, topic, pin, delete, tag" in lacking
    group.bot_becomes("administrator", anna, ADMIN_RIGHTS)
    await anna.reads("promoted", group)
    anna.says(f"/wunsch rechte {channel}")
    await anna.reads("fehlt: nichts", group)
    group.bot_becomes("administrator", anna, {"can_pin_messages"})
    await anna.reads("demoted", group)


async def test_somebody_who_asks_by_the_link_is_noticed(
    town: Town, server: Server, anna: Person
) -> None:
    group = server.group("Steuerungsgruppe", [anna], supergroup=True)
    group.bot_becomes("administrator", anna, ADMIN_RIGHTS)
    anna.says(f"/wunsch link {town.bind(group)}")
    await anna.reads("sent", group)
    server.user(CLARA, "Clara Probe").asks_to_join(group, next(iter(group.chat.links)))
    await anna.reads("asked Clara Probe", group)


async def test_answers_to_a_native_poll_reach_the_bot_each_with_its_person(
    town: Town, server: Server, anna: Person
) -> None:
    group = server.group("Steuerungsgruppe", [anna], supergroup=True)
    group.bot_becomes("administrator", anna)
    anna.says(f"/wunsch umfrage {town.bind(group)}")
    await anna.reads("sent", group)
    message = next(m for m in anna.sees(group) if "poll" in m)
    anna.votes(message, 0, 1)
    await anna.reads(f"p{ANNA} wählt (0, 1)", group)
    anna.votes(message)
    await anna.reads(f"p{ANNA} wählt ()", group)
    clara = server.user(CLARA, "Clara Probe")
    group.becomes(clara, "member")
    clara.votes(message, 1)
    await anna.reads("jemand wählt (1,)", group)


@pytest.mark.parametrize(
    ("wished", "method", "answer", "times"),
    [("umfrage", "sendPoll", "unknown the process ended", 1), ("rechte", "getChat", "sent", 2)],
)
async def test_after_a_crash_a_task_is_done_again_but_a_poll_is_not_and_both_are_told(
    server: Server, tmp_path: Path, wished: str, method: str, answer: str, times: int
) -> None:
    anna = server.user(ANNA, "Anna Probe")
    group = server.group("Steuerungsgruppe", [anna], supergroup=True)
    async with running(server, tmp_path / "town.db", [wishes]) as town:
        group.bot_becomes("administrator", anna)
        held = server.fault("hold_after", method)
        anna.says(f"/wunsch {wished} {town.bind(group)}")
        await asyncio.wait_for(held.reached.wait(), WITHIN)
    server.faults.release()
    async with running(server, tmp_path / "town.db", [wishes]) as town:
        await anna.reads(answer, group)
        await town.settled("sent")
        states = [row.state for row in town.rows(Outbox)]
        assert states.count("unknown") == (1 if times == 1 else 0)
    assert len(server.called(method)) == times


# --- menus --------------------------------------------------------------------------------------


async def test_groups_have_menus_of_their_own_in_both_languages(
    server: Server, tmp_path: Path
) -> None:
    from handlers.features import ROUTERS

    menus = telegram_menus(Routes(ROUTERS))
    counts = server.world.counts

    def registered() -> bool:
        return counts["setMyCommands"] + counts["deleteMyCommands"] == len(menus)

    async with running(server, tmp_path / "town.db", menus=menus):
        await server.world.until(registered, WITHIN)
    given = {
        scope: [c["command"] for c in commands] for scope, commands in server.world.commands.items()
    }
    assert "kanal" in given["all_chat_administrators", ""]
    assert "channel" in given["all_chat_administrators", "en"]
    assert "kanal" not in given.get(("all_group_chats", ""), [])
    assert "hilfe" in given["all_private_chats", ""]
