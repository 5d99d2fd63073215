"""Updates as Telegram sends them (fictitious people, real shapes), read as events."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.platforms import Unreadable
from bot.platforms.telegram.reading import arrival
from bot.platforms.telegram.reading import read as read_row
from handlers.chat import (
    AccountRef,
    Command,
    Event,
    MembershipChanged,
    NativeVote,
    Place,
    PlaceKind,
    PlaceMoved,
    Press,
    Said,
    Sent,
)
from storage.inbox import Waiting
from tests.platforms.botapi.world import BOT_ID, BOT_NAME

RECORDED = Path(__file__).parent.parent / "data" / "telegram_updates.json"


def read(update: object, key: str = "1") -> Event | None:
    payload = json.dumps({"me": BOT_NAME, "update": update})
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    return read_row(Waiting(1, "telegram", key, "telegram:1", payload, at), BOT_ID)


def recorded(name: str) -> object:
    return json.loads(RECORDED.read_text())[name]


GROUP = Place("telegram", "-1002100000001", PlaceKind.CHANNEL, "Steuerungsgruppe Probe")
POLL_ID = "5200000000000000001"
POLL = Place("telegram", f"poll:{POLL_ID}", PlaceKind.CHANNEL)
DIRECT = Place("telegram", "52000001")
ACCOUNT = AccountRef("telegram", "52000001", "Anna Probe", "de")


def at(place: Place, account: AccountRef | None, what: object, *rest: str | None) -> Event:
    moment = datetime(2026, 11, 24, 12, tzinfo=UTC)
    return Event(place, account, what, moment, *rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("start_with_code", at(DIRECT, ACCOUNT, Command("start", "Ab3-x_9"), "5")),
        ("words", at(DIRECT, ACCOUNT, Said("Guten Tag 🌳"), "7")),
        ("reply", at(DIRECT, ACCOUNT, Said("2", reply_to="8"), "9")),
        (
            "document",
            at(DIRECT, ACCOUNT, Sent("Entwurf.docx", "application/vnd.openxmlformats-"
               "officedocument.wordprocessingml.document", 48211, "BQACAgIAAxkBAAIB-doc"), "11"),
        ),
        ("photo", at(DIRECT, ACCOUNT, Sent("foto-12.jpg", "image/jpeg", 88123, "AgAC-big"), "12")),
        ("press", at(DIRECT, ACCOUNT, Press("pv:7:1"), "14", "4382910000000000001")),
        ("press_on_old_message", at(DIRECT, ACCOUNT, Press("pv:7:1"), "14", "4382910000000000002")),
        ("group_command", at(GROUP, ACCOUNT, Command("kanal"), "21")),
        ("group_command_for_another_bot", None),
        ("group_mention", at(GROUP, ACCOUNT, Said("wann ist Schluss?", None, True), "23")),
        ("group_talk", at(GROUP, ACCOUNT, Said("Ich bin dafür.", None, False), "24")),
        ("group_reply_to_bot", at(GROUP, ACCOUNT, Said("Danke!", "20", True), "25")),
        (
            "topic_message",
            replace(at(GROUP, ACCOUNT, Said("Im Thema", None, False), "31"), thread="30"),
        ),
        (
            "anonymous_administrator",
            at(GROUP, AccountRef("telegram", "-1002100000001", "Steuerungsgruppe Probe",
               anonymous=True), Command("abstimmung"), "26"),
        ),
        (
            "channel_voice",
            at(GROUP, AccountRef("telegram", "-1002999999999", "Kanal Probe", anonymous=True),
               Said("Aus dem Kanal", None, False), "27"),
        ),
        ("automatic_forward", None),
        ("pinned", None),
        ("bot_added", at(GROUP, ACCOUNT, MembershipChanged("joined", True))),
        ("bot_promoted", at(GROUP, ACCOUNT, MembershipChanged("promoted", True))),
        (
            "member_left",
            at(GROUP, AccountRef("telegram", "52000002", "Bernd"), MembershipChanged("left")),
        ),
        ("blocked", at(DIRECT, ACCOUNT, MembershipChanged("left", True))),
        (
            "migrated_to",
            at(Place("telegram", "-410000001", PlaceKind.CHANNEL, "Steuerungsgruppe Probe"), None,
               PlaceMoved("-1002100000001")),
        ),
        (
            "migrated_from",
            at(Place("telegram", "-410000001", PlaceKind.CHANNEL), None,
               PlaceMoved("-1002100000001")),
        ),
        ("bot_gets_a_right", at(GROUP, ACCOUNT, MembershipChanged("promoted", True))),
        (
            "bot_loses_a_right_and_gets_another",
            at(GROUP, ACCOUNT, MembershipChanged("demoted", True)),
        ),
        ("bot_unchanged", None),
        ("asks_to_join", at(GROUP, ACCOUNT, MembershipChanged("asked"))),
        ("answer_to_poll", at(POLL, ACCOUNT, NativeVote(POLL_ID, (0, 2)))),
        ("answer_taken_back", at(POLL, ACCOUNT, NativeVote(POLL_ID, ()))),
        (
            "answer_of_a_channel",
            at(POLL, AccountRef("telegram", "-1002999999999", "Kanal Probe", anonymous=True),
               NativeVote(POLL_ID, (1,))),
        ),
        ("edited", None),
        ("unknown_kind", None),
    ],
)  # fmt: skip
def test_a_recorded_update_is_read(name: str, event: Event | None) -> None:
    assert read(recorded(name)) == event


@pytest.mark.parametrize("name", ["press_without_data", "press_elsewhere", "half_a_message"])
def test_an_update_that_makes_no_sense_is_named_without_its_content(name: str) -> None:
    with pytest.raises(Unreadable) as told:
        read(recorded(name))
    assert "geheim" not in str(told.value) and told.value.__cause__ is None


def test_answers_to_one_poll_stay_in_their_order() -> None:
    answers = [recorded("answer_to_poll"), recorded("answer_taken_back")]
    assert {arrival(a, BOT_NAME).place for a in answers} == {f"poll:{POLL_ID}"}
    assert arrival(recorded("asks_to_join"), BOT_NAME).place == GROUP.id


def test_half_a_character_does_not_keep_an_update_out_of_the_database() -> None:
    stored = arrival({"update_id": 1, "message": {"text": "\ud83c", "chat": {"id": 5}}}, BOT_NAME)
    assert stored.payload.encode() and stored.place == "5"
