"""What becomes of a delivery on Telegram: refusals, broken connections, limits, lengths."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.platforms import Delivered, Delivery, Failed, File, Moved, Retry, Unknown
from bot.platforms.telegram import Telegram
from bot.platforms.telegram.limits import GROUP, PRIVATE, Limit, Pace
from bot.text import Reader
from handlers.chat import (
    AccountRef,
    Board,
    Button,
    Card,
    Event,
    LinkButton,
    Picture,
    Place,
    Press,
    plain,
)
from tests.platforms import botapi
from tests.platforms.botapi import Limits, Person, Server, buttons, shown
from tests.platforms.botapi.town import ANNA, BERND, WITHIN, Grow
from tests.platforms.webtown import png

READER = Reader("de", ZoneInfo("Europe/Berlin"))
CARD = Card((plain("Hallo"),))
BOARD = Board("tt_long", 1)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with botapi.running() as server:
        yield server


@pytest.fixture
def anna(server: Server) -> Person:
    anna = server.user(ANNA, "Anna Probe")
    anna.says("/start")
    return anna


@asynccontextmanager
async def adapter(server: Server) -> AsyncIterator[Telegram]:
    telegram = Telegram(server.token, now, base_url=server.url)
    try:
        yield telegram
    finally:
        await telegram.close()


@pytest.fixture
async def telegram(server: Server) -> AsyncIterator[Telegram]:
    async with adapter(server) as telegram:
        yield telegram


def card(place: int = ANNA, card: Card = CARD, **rest: object) -> Delivery:
    return Delivery(1, "card", str(place), READER, card, **rest)  # type: ignore[arg-type]


def edit(message: str, card: Card = CARD, **rest: object) -> Delivery:
    return Delivery(1, "edit", str(ANNA), READER, card, message, **rest)  # type: ignore[arg-type]


async def sent(telegram: Telegram, delivery: Delivery) -> str:
    outcome = await telegram.deliver(delivery)
    assert isinstance(outcome, Delivered) and outcome.message, outcome
    return outcome.message


# --- refusals -----------------------------------------------------------------------------------


async def test_a_chat_that_telegram_does_not_know_is_gone(telegram: Telegram) -> None:
    assert await telegram.deliver(card(99)) == Failed("Chat not found", gone=True)


async def test_somebody_who_blocked_the_bot_is_gone(telegram: Telegram, anna: Person) -> None:
    anna.blocks()
    outcome = await telegram.deliver(card())
    assert outcome == Failed("Forbidden", gone=True)


async def test_a_group_that_moved_tells_where_to(telegram: Telegram, server: Server) -> None:
    anna = server.user(ANNA)
    group = server.group("Probe", [anna])
    group.bot_becomes("member", anna)
    old, new = group.id, group.migrate(told=False)
    assert await telegram.deliver(card(old)) == Moved(str(new))
    assert isinstance(await telegram.deliver(card(new)), Delivered)


async def test_a_group_without_the_bot_is_gone_and_leaving_it_is_done(
    telegram: Telegram, server: Server
) -> None:
    anna = server.user(ANNA)
    group = server.group("Probe", [anna])
    leave = Delivery(1, "leave", str(group.id), READER)
    group.bot_becomes("kicked", anna)
    assert await telegram.deliver(card(group.id)) == Failed("Forbidden", gone=True)
    assert await telegram.deliver(leave) == Delivered()
    assert await telegram.deliver(replace(leave, place="-5")) == Delivered()
    assert await telegram.deliver(replace(leave, kind="enter")) == Delivered()


async def test_a_place_that_is_no_chat_is_refused(telegram: Telegram) -> None:
    delivery = replace(card(), place="!room:example.org")
    assert await telegram.deliver(delivery) == Failed("not the id of a chat")


async def test_a_flood_is_put_off_as_long_as_telegram_says(anna: Person) -> None:
    tight = Limits(private_burst=1, private_seconds=7.0)
    async with botapi.running(limits=tight) as strict, adapter(strict) as telegram:
        strict.user(ANNA).says("/start")
        assert isinstance(await telegram.deliver(card()), Delivered)
        outcome = await telegram.deliver(card())
        assert isinstance(outcome, Retry) and outcome.after == timedelta(seconds=7)
        # Until then nothing is tried there, while others are served.
        calls = len(strict.world.calls)
        again = await telegram.deliver(card())
        assert isinstance(again, Retry) and timedelta(seconds=5) < again.after
        assert len(strict.world.calls) == calls


@pytest.mark.parametrize("kind", ["drop", "error_after", "garbage"])
async def test_a_message_whose_answer_is_lost_may_have_been_sent(
    telegram: Telegram, server: Server, anna: Person, kind: str
) -> None:
    server.fault(kind, "sendMessage")  # type: ignore[arg-type]
    outcome = await telegram.deliver(card())
    assert isinstance(outcome, Unknown), outcome
    assert len(anna.sees()) == 1 and len(server.called("sendMessage")) == 1


async def test_no_answer_in_time_is_unknown_too(
    telegram: Telegram, server: Server, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.telegram.requests.READ", 0.3)
    held = server.fault("hold_after", "sendMessage")
    outcome = await telegram.deliver(card())
    assert outcome == Unknown("TimedOut SocketTimeoutError")
    assert held.reached.is_set() and len(anna.sees()) == 1


async def test_a_message_that_was_never_sent_is_sent_later(
    telegram: Telegram, server: Server, anna: Person
) -> None:
    await server.refuse()
    outcome = await telegram.deliver(card())
    assert outcome == Retry(timedelta(seconds=5), "NetworkError ClientConnectorError")
    await server.accept()
    assert isinstance(await telegram.deliver(card()), Delivered)
    assert len(anna.sees()) == 1


@pytest.mark.parametrize("kind", ["drop", "error", "error_after", "garbage", "drop_before"])
async def test_an_edit_whose_answer_is_lost_is_simply_repeated(
    telegram: Telegram, server: Server, anna: Person, kind: str
) -> None:
    message = await sent(telegram, card())
    changed = edit(message, Card((plain("Neu"),)))
    server.fault(kind, "editMessageText")  # type: ignore[arg-type]
    assert isinstance(await telegram.deliver(changed), Retry)
    assert await telegram.deliver(changed) == Delivered(message)
    assert [shown(m) for m in anna.sees()] == ["Neu"]


async def test_a_revoked_token_is_waited_out(telegram: Telegram, server: Server) -> None:
    server.accepts_token = False
    outcome = await telegram.deliver(card())
    assert isinstance(outcome, Retry) and outcome.after >= timedelta(minutes=1)


async def test_a_long_card_that_broke_in_the_middle_is_not_sent_again(
    telegram: Telegram, server: Server, anna: Person
) -> None:
    long = Card((plain("Wort " * 1500),))
    async with asyncio.TaskGroup() as group:
        held = server.fault("hold_after", "sendMessage")
        work = group.create_task(telegram.deliver(card(card=long)))
        await held.reached.wait()
        server.fault("drop", "sendMessage")
        held.released.set()
    outcome = work.result()
    assert isinstance(outcome, Unknown) and outcome.reason.startswith("1 of 2 parts")


async def test_the_rest_of_a_long_card_waits_out_a_refusal(anna: Person) -> None:
    tight = Limits(private_burst=1, private_seconds=1.0)
    async with botapi.running(limits=tight) as strict, adapter(strict) as telegram:
        anna = strict.user(ANNA)
        anna.says("/start")
        await sent(telegram, card(card=Card((plain("Wort " * 1500),))))
        assert " ".join(shown(m) for m in anna.sees()) == ("Wort " * 1500).strip()


async def test_after_closing_nothing_is_half_sent(telegram: Telegram, server: Server) -> None:
    await telegram.close()
    assert isinstance(await telegram.deliver(card()), Retry)
    assert server.world.calls == []


async def test_closing_lets_what_is_under_way_arrive(
    telegram: Telegram, server: Server, anna: Person
) -> None:
    held = server.fault("hold", "sendMessage")
    work = asyncio.create_task(telegram.deliver(card()))
    await held.reached.wait()
    closing = asyncio.create_task(telegram.close())
    held.released.set()
    await closing
    assert isinstance(await work, Delivered)


async def test_what_telegram_quotes_of_a_message_is_not_kept_as_a_reason(
    telegram: Telegram, anna: Person
) -> None:
    link = Card((plain("x"),), ((LinkButton(plain("Mehr"), "http://geheim wort"),),))
    outcome = await telegram.deliver(card(card=link))
    assert isinstance(outcome, Failed) and not outcome.gone and "wort" not in outcome.reason


# --- edits --------------------------------------------------------------------------------------


async def test_an_edit_that_changes_nothing_is_done(telegram: Telegram, anna: Person) -> None:
    message = await sent(telegram, card())
    assert await telegram.deliver(edit(message)) == Delivered(message)
    pictured = Card(CARD.body, (), Picture(png(3), plain("Grau")))
    photo = await sent(telegram, card(card=pictured))
    assert await telegram.deliver(edit(photo, pictured)) == Delivered(photo)


async def test_a_deleted_message_is_gone(telegram: Telegram, server: Server, anna: Person) -> None:
    message = await sent(telegram, card())
    server.world.private(anna.user).messages.clear()
    assert await telegram.deliver(edit(message)) == Failed("Message to edit not found", gone=True)
    assert await telegram.deliver(edit("keine Zahl")) == Failed(
        "the message is not there", gone=True
    )


async def test_a_board_gets_its_picture_when_it_has_one(telegram: Telegram, anna: Person) -> None:
    message = await sent(telegram, card(board=BOARD))
    pictured = Card((plain("Ergebnis"),), (), Picture(png(3), plain("Balken")))
    assert await telegram.deliver(edit(message, pictured, board=BOARD)) == Delivered(message)
    (now_seen,) = anna.sees()
    assert now_seen["caption"] == "Ergebnis" and "photo" in now_seen and "text" not in now_seen


async def test_a_picture_is_uploaded_once(telegram: Telegram, server: Server) -> None:
    bernd, anna = server.user(BERND), server.user(ANNA)
    for person in (anna, bernd):
        person.says("/start")
    pictured = Card((plain("Ergebnis"),), (), Picture(png(3), plain("Balken")))
    await sent(telegram, card(ANNA, pictured))
    await sent(telegram, card(BERND, pictured))
    assert len(server.world.files) == 1
    assert [shown(m) for m in bernd.sees()] == ["Ergebnis"]


async def test_a_photo_board_that_loses_its_picture_keeps_its_message(
    telegram: Telegram, anna: Person
) -> None:
    pictured = Card((plain("Mit Bild"),), (), Picture(png(3), plain("Balken")))
    message = await sent(telegram, card(card=pictured, board=BOARD))
    long = Card((plain("ohne Bild " * 300),))
    assert await telegram.deliver(edit(message, long, board=BOARD)) == Delivered(message)
    (seen,) = anna.sees()
    assert shown(seen).startswith("ohne Bild") and shown(seen).endswith("…")


async def test_a_live_card_with_a_picture_and_many_words_is_edited_in_its_words(
    telegram: Telegram, anna: Person
) -> None:
    picture = Picture(png(3), plain("Balken"))
    first = Card((plain("alt " * 400),), (), picture)
    message = await sent(telegram, card(card=first, board=BOARD))
    photo, words = anna.sees()
    assert photo["caption"] == "Balken" and str(words["message_id"]) == message
    second = replace(first, body=(plain("neu " * 400),))
    assert await telegram.deliver(edit(message, second, board=BOARD)) == Delivered(message)
    assert [shown(m)[:3] for m in anna.sees()] == ["Bal", "neu"]


# --- limits -------------------------------------------------------------------------------------


async def test_telegram_never_has_to_say_429(server: Server) -> None:
    async with botapi.running(limits=Limits()) as strict, adapter(strict) as telegram:
        people = [strict.user(60_000_000 + n) for n in range(40)]
        for person in people:
            person.says("/start")
        began = time.monotonic()
        outcomes = await asyncio.gather(
            *(telegram.deliver(card(p.user.id)) for p in people for _ in range(2))
        )
        took = time.monotonic() - began
        assert all(isinstance(o, Delivered) for o in outcomes), outcomes
        assert 1.9 < took < 10


def pace() -> tuple[Pace, list[float]]:
    at = [1000.0]
    return Pace(now=lambda: at[0]), at


async def made(limits: Pace, chat: int, calls: int = 1, *, live: bool = False) -> float:
    async with limits.turn(chat, calls, live=live) as wait:
        return wait


async def test_a_group_gets_twenty_messages_a_minute_and_waits_outside() -> None:
    limits, at = pace()
    for _ in range(GROUP.calls):
        assert await made(limits, -5) == 0
        at[0] += 1
    wait = await made(limits, -5)
    assert wait == GROUP.seconds - GROUP.calls
    at[0] += wait
    assert await made(limits, -5) == 0 and await made(limits, -6) == 0


async def test_a_slow_call_counts_until_it_is_answered() -> None:
    limits, at = pace()
    async with limits.turn(-5, 20) as wait:
        assert wait == 0
        at[0] += 50
    at[0] += 50
    assert await made(limits, -5) == 10


async def test_redrawing_a_board_leaves_room_for_news_in_a_group() -> None:
    limits, at = pace()
    drawn = 0
    while await made(limits, -5, live=True) == 0:
        drawn, at[0] = drawn + 1, at[0] + 1
    assert drawn == 15
    assert [await made(limits, -5) for _ in range(5)] == [0] * 5


async def test_a_private_chat_may_have_a_short_burst() -> None:
    limits = Pace(private=Limit(3, 0.3))
    began = time.monotonic()
    for _ in range(7):
        assert await made(limits, 5) == 0
    assert 0.55 < time.monotonic() - began < 3
    assert PRIVATE.calls / PRIVATE.seconds <= 1


async def test_more_messages_than_ever_are_allowed_at_once_are_let_through_alone() -> None:
    limits, at = pace()
    assert await made(limits, -5, 27) == 0
    assert await made(limits, -5, 27) > 0
    at[0] += 60
    assert await made(limits, -5, 27) == 0


async def test_idle_chats_are_forgotten() -> None:
    limits, at = pace()
    for chat in range(1, 2500):
        at[0] += 0.1
        assert await made(limits, chat) == 0
    assert len(limits._places) < 2100


# --- buttons, toasts, files ----------------------------------------------------------------------


def button(label: str, **rest: object) -> Button:
    return Button(plain(label), Grow(1), **rest)  # type: ignore[arg-type]


async def test_the_strong_button_is_drawn_strongly(telegram: Telegram, anna: Person) -> None:
    shown_card = Card(CARD.body, ((button("Ja", strong=True, mark="●"), button("Nein")),))
    await sent(telegram, card(card=shown_card))
    strong, weak = buttons(anna.sees()[0])
    assert strong["style"] == "primary" and strong["text"] == "Ja ●"
    assert "style" not in weak and weak["callback_data"] == "tt1:1"


async def test_a_long_toast_is_cut_and_stays_until_it_is_closed(
    telegram: Telegram, server: Server, anna: Person
) -> None:
    message = anna.says("x")
    query = server.world.press(anna.user, message, "tt1:1")
    place = Place("telegram", str(ANNA))
    who = AccountRef("telegram", str(ANNA))
    event = Event(place, who, Press("tt1:1"), now(), "1", query)
    await telegram.toast(event, plain("🌳" * 150), READER)
    assert anna.user.toasts == [{"text": "🌳" * 99 + "…", "show_alert": True}]
    await telegram.toast(event, plain("zu spät"), READER)
    assert len(anna.user.toasts) == 1


@pytest.mark.parametrize("name", ["Übersicht 2.csv", "100 %25.csv", 'so "genannt".csv'])
async def test_a_file_keeps_its_name(telegram: Telegram, anna: Person, name: str) -> None:
    file = File(name, "text/csv", b"a")
    delivery = Delivery(1, "file", str(ANNA), READER, CARD, file=file)
    assert isinstance(await telegram.deliver(delivery), Delivered)
    assert anna.sees()[0]["document"]["file_name"] == name


async def test_a_file_too_large_for_a_bot_is_refused_here(
    telegram: Telegram, server: Server
) -> None:
    file = File("Archiv.zip", "application/zip", bytes(50_000_001))
    delivery = Delivery(1, "file", str(ANNA), READER, CARD, file=file)
    assert await telegram.deliver(delivery) == Failed("the file is larger than 50 MB")
    assert server.world.calls == [] and WITHIN
