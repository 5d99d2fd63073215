"""What Matrix events mean, however they are made, and how cards are written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest

from bot.platforms import Unreadable
from bot.platforms.matrix import layout, reading
from bot.platforms.matrix.rooms import Room
from bot.text import Reader
from handlers.chat import (
    Button,
    Card,
    Event,
    LinkButton,
    MembershipChanged,
    NativeVote,
    PlaceKind,
    Said,
    Sent,
    plain,
)
from storage.inbox import Waiting
from tests.platforms.webtown import Count

ME, ANNA = "@gnk:stadt.example", "@anna:stadt.example"
NAMES = {ME: "GNK-Bot", ANNA: "Anna"}
ROOM = Room("!raum", False, False, "Kernteam", NAMES)
CHAT = Room("!chat", True, True, "", NAMES)
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
GERMAN = Reader("de", ZoneInfo("Europe/Berlin"))


def read(raw: dict[str, Any], room: Room = ROOM, cards: tuple[str, ...] = ()) -> Event | None:
    """The event that comes out at the other end of the inbox."""
    made = {"event_id": "$1", "sender": ANNA, **raw}
    arrival = reading.arrival(made, room, ME, cards.__contains__)
    if arrival is None:
        return None
    row = Waiting(1, "matrix", arrival.key, f"matrix:{arrival.place}", arrival.payload, NOW)
    return reading.event(row, ME)


def said(body: str, more: dict[str, Any] | None = None, *, cards: tuple[str, ...] = ()) -> Said:
    """What words in a room are read as."""
    content = {"msgtype": "m.text", "body": body, **(more or {})}
    event = read({"type": "m.room.message", "content": content}, ROOM, cards)
    assert event is not None and isinstance(event.what, Said)
    return event.what


def reply(to: str, **more: Any) -> dict[str, Any]:
    """The relation of a reply."""
    return {"m.relates_to": {"m.in_reply_to": {"event_id": to}, **more}}


# --- words --------------------------------------------------------------------------------------


def test_words_are_read_with_their_place_and_person() -> None:
    raw = {"type": "m.room.message", "content": {"msgtype": "m.text", "body": "Hallo"}}
    event = read(raw, CHAT)
    assert event is not None and event.account is not None
    assert (event.place.id, event.place.kind, event.place.encrypted) == (
        "!chat",
        PlaceKind.DIRECT,
        True,
    )
    assert (event.account.id, event.account.name, event.message) == (ANNA, "Anna", "$1")
    assert event.what == Said("Hallo") and event.at == NOW and event.answer_token is None


@pytest.mark.parametrize(
    ("body", "text", "addressed"),
    [
        ("Guten Tag", "Guten Tag", False),
        ("GNK-Bot: !stand", "!stand", True),
        ("@gnk !stand", "!stand", True),
        ("@gnk:stadt.example, !stand", "!stand", True),
        ("gnk-bot", "", True),
        ("gnkologie ist ein Fach", "gnkologie ist ein Fach", False),
        ("Fragt doch GNK-Bot", "Fragt doch GNK-Bot", False),
    ],
)
def test_the_name_before_a_message_addresses_the_bot(body: str, text: str, addressed: bool) -> None:
    assert said(body) == Said(text, addressed=addressed)


def test_a_mention_addresses_the_bot() -> None:
    pill = f'<a href="https://matrix.to/#/{ME}">wer auch immer</a>: Frage'
    assert said("Frage", {"m.mentions": {"user_ids": [ME]}}).addressed
    assert said("Frage", {"formatted_body": pill}).addressed
    assert said("Frage", {"formatted_body": pill.replace("@", "%40")}).addressed
    assert not said("Frage", {"m.mentions": {"user_ids": [ANNA]}}).addressed
    assert not said("Frage", {"m.mentions": "nonsense"}).addressed


def test_a_reply_is_read_without_its_quotation() -> None:
    quoted = f"> <{ME}> Welche?\n> \n> 1 Radweg\n\n2\nund 3"
    assert said(quoted, reply("$karte")) == Said("2\nund 3", "$karte")
    assert said("2", reply("$karte"), cards=("$karte",)) == Said("2", "$karte")
    assert said("2", reply("$andere")) == Said("2", "$andere", addressed=False)
    # Without a reply, it is somebody who begins a line that way.
    assert said("> 5 Anwesende") == Said("> 5 Anwesende", addressed=False)


def test_a_message_in_a_thread_is_no_reply_unless_it_says_so() -> None:
    thread = {"rel_type": "m.thread", "event_id": "$wurzel"}
    assert said("2", reply("$letzte", is_falling_back=True, **thread)).reply_to is None
    assert said("2", reply("$karte", is_falling_back=False, **thread)).reply_to == "$karte"


def test_what_means_nothing_to_the_bot_is_left_out() -> None:
    text = {"msgtype": "m.text", "body": "x"}
    change = {**text, "m.relates_to": {"rel_type": "m.replace", "event_id": "$0"}}
    for raw in (
        {"type": "m.room.message", "content": text, "sender": ME},
        {"type": "m.room.message", "content": change},
        {"type": "m.room.message", "content": {"msgtype": "m.notice", "body": "x"}},
        {"type": "m.room.message", "content": {}},
        {"type": "m.room.topic", "state_key": "", "content": {"topic": "x"}},
        {"type": "org.example.unknown", "content": {"body": ["x"]}},
    ):
        assert read(raw) is None


@pytest.mark.parametrize(
    ("key", "number"), [("1️⃣", "1"), ("9\u20e3", "9"), ("🔟", "10"), ("👍", None), ("1", None)]
)
def test_a_keycap_on_a_card_is_its_number(key: str, number: str | None) -> None:
    relation = {"rel_type": "m.annotation", "event_id": "$karte", "key": key}
    raw = {"type": "m.reaction", "content": {"m.relates_to": relation}}
    event = read(raw, cards=("$karte",))
    assert (event and event.what) == (Said(number, "$karte") if number else None)
    assert read(raw) is None


# --- files, people --------------------------------------------------------------------------------


def test_a_file_is_read_with_what_is_needed_to_open_it() -> None:
    locked = {"url": "mxc://a/b", "key": {"k": "K"}, "iv": "I", "hashes": {"sha256": "H"}}
    content = {"msgtype": "m.file", "body": "Bitte lesen", "filename": "a.odt", "file": locked}
    event = read({"type": "m.room.message", "content": content})
    assert event is not None and isinstance(event.what, Sent)
    assert (event.what.name, event.what.mime) == ("a.odt", "application/octet-stream")
    assert json.loads(event.what.ref) == {"url": "mxc://a/b", "key": "K", "iv": "I", "hash": "H"}


def member(now: str, before: str | None, who: str = ANNA, by: str = ANNA) -> Event | None:
    """How somebody's coming or going is read."""
    content = {"membership": now, "displayname": "Neu"}
    unsigned = {"prev_content": {"membership": before}} if before else {}
    return read({"type": "m.room.member", "state_key": who, "sender": by, "content": content,
                 "unsigned": unsigned})  # fmt: skip


def test_coming_and_going_is_told_of_others() -> None:
    came, left = member("join", "invite"), member("ban", "join", by=ME)
    assert came is not None and came.what == MembershipChanged("joined")
    assert left is not None and left.what == MembershipChanged("left")
    assert came.account is not None and (came.account.id, came.account.name) == (ANNA, "Neu")
    assert left.account is not None and left.account.id == ANNA
    assert member("join", "join") is None and member("leave", "knock") is None
    assert member("join", "invite", ME, ME) is None and member("invite", None, ME) is None


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [
        ("invite", None, "invited"),
        ("invite", "leave", "invited"),
        ("invite", "knock", "invited"),
        ("knock", None, "asked"),
        ("knock", "leave", "asked"),
        ("join", "knock", "joined"),
        ("leave", "invite", "left"),
    ],
)
def test_who_is_invited_or_asks_to_come_in_is_told(
    now: str, before: str | None, change: Literal["invited", "joined", "left", "asked"]
) -> None:
    told = member(now, before, by=ME)
    assert told is not None and told.what == MembershipChanged(change)
    assert told.account is not None and told.account.id == ANNA


def test_an_answer_to_a_poll_is_told_with_who_gave_it() -> None:
    relation = {"rel_type": "m.reference", "event_id": "$umfrage"}
    for kind, given in (
        (
            "org.matrix.msc3381.poll.response",
            {"org.matrix.msc3381.poll.response": {"answers": ["1"]}},
        ),
        ("m.poll.response", {"m.selections": ["1"]}),
    ):
        content = {"m.relates_to": relation, **given}
        event = read({"type": kind, "content": content})
        assert event is not None and event.what == NativeVote("$umfrage", (1,))
        assert event.account is not None and event.account.id == ANNA
        assert read({"type": kind, "content": content, "sender": ME}) is None
        assert read({"type": kind, "content": {}}) is None


def test_more_or_less_power_of_the_bot_is_told() -> None:
    def power(before: int, now: int) -> Event | None:
        was = {"prev_content": {"users": {ME: before}}}
        return read({"type": "m.room.power_levels", "state_key": "",
                     "content": {"users": {ME: now}}, "unsigned": was})  # fmt: skip

    more, less = power(0, 50), power(50, 0)
    assert more is not None and more.what == MembershipChanged("promoted", of_bot=True)
    assert less is not None and less.what == MembershipChanged("demoted", of_bot=True)
    assert more.account is not None and more.account.id == ANNA
    assert power(50, 50) is None


@pytest.mark.parametrize(
    "content",
    [
        {"msgtype": "m.text", "body": ["kein Text"]},
        {"msgtype": "m.text"},
        {"msgtype": "m.file", "body": "a", "file": {"url": "mxc://a/b"}},
        {"msgtype": "m.text", "body": "x", "m.relates_to": "nonsense"},
        "kein Inhalt",
    ],
)
def test_a_malformed_message_is_put_aside_without_its_words(content: object) -> None:
    with pytest.raises(Unreadable) as refused:
        read({"type": "m.room.message", "content": content})
    assert "Text" not in str(refused.value) and "Inhalt" not in str(refused.value)


def test_what_is_not_even_an_event_is_put_aside() -> None:
    for raw in ("nonsense", {"no": "event"}):
        arrival = reading.malformed(raw, "!raum")
        row = Waiting(1, "matrix", arrival.key, "matrix:!raum", arrival.payload, NOW)
        with pytest.raises(Unreadable):
            reading.event(row, ME)


# --- cards ------------------------------------------------------------------------------------


def buttons(*labels: str) -> tuple[Button, ...]:
    """A row of buttons."""
    return tuple(Button(plain(text), Count(1)) for text in labels)


def test_choices_are_numbered_in_reading_order_and_links_are_not() -> None:
    link = LinkButton(plain("Mehr & <mehr>"), 'https://example.org/?a=1&b="2"')
    rows = (buttons("Radweg"), (link,), buttons("Zurück", "Weiter"))
    [content] = layout.messages(Card((plain("Welche?"),), rows), GERMAN, direct=True)
    assert content["body"].split("\n") == [
        "Welche?",
        "",
        "1 Radweg",
        'Mehr & <mehr>: https://example.org/?a=1&b="2"',
        "2 Zurück · 3 Weiter",
        "",
        "Antworten Sie mit der Nummer.",
    ]
    address = '<a href="https://example.org/?a=1&amp;b=&quot;2&quot;">Mehr &amp; &lt;mehr&gt;</a>'
    assert address in content["formatted_body"]


def test_a_choice_that_is_called_by_a_number_has_no_other_number() -> None:
    rows = (buttons("0", "1", "2"), buttons("Weiter"))
    [content] = layout.messages(Card((plain("Wie gut?"),), rows), GERMAN, direct=True)
    assert "0 · 1 · 2\n4 Weiter" in content["body"]


def test_plain_words_need_no_html() -> None:
    [content] = layout.messages(Card((plain("Ja\nund nein"),)), GERMAN, direct=False)
    assert content == {"msgtype": "m.text", "body": "Ja\nund nein", "m.mentions": {}}


@pytest.mark.parametrize("unit", ["Wort ", "<&>", "ä", "🌻"])
def test_no_message_is_too_large_and_no_word_is_lost(unit: str) -> None:
    words = (unit * 80_000)[:80_000].strip()
    card = Card((plain(words), plain("Ende")), (buttons("Radweg"),))
    made = layout.messages(card, GERMAN, direct=True)
    assert all(layout.size(content) <= layout.MOST_BYTES for content in made)
    told = "".join(content["body"] for content in made)
    assert sum(c in unit.strip() for c in told) >= sum(c in unit.strip() for c in words)
    assert "1 Radweg" in made[-1]["body"] and "Ende" in made[-1]["body"]


def test_a_changed_card_is_cut_rather_than_split() -> None:
    card = Card((plain("Wort <b> " * 9000),), (buttons("Radweg"),))
    content = layout.edit(card, GERMAN, "$karte", direct=True)
    assert layout.size(content) <= 44_000
    new = content["m.new_content"]
    assert new["body"].endswith("Antworten Sie mit der 1.") and "…" in new["body"]
    assert content["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$karte"}
    assert content["body"].startswith("* Wort") and len(content["body"]) <= 302
