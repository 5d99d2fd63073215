"""Packing of buttons, who may do what, and when the bot speaks up."""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text as sql
from sqlmodel import SQLModel

from handlers.chat import Action, Answers, Command, Press, Said
from handlers.features import ROUTERS
from handlers.forms import Go, Pick
from handlers.router import (
    LONGEST_ACTION,
    LONGEST_WORD,
    Context,
    Role,
    Route,
    Router,
    Routes,
    action,
    command,
    pack,
    plain_word,
    unpack,
)
from tests.messenger import Meeting
from tests.polling import open_poll
from tests.world import Town

ROUTES = Routes(ROUTERS)
ACTIONS: list[type[Action]] = [*ROUTES.presses, *ROUTES.dues, Pick, Go]

WORDS = st.text(
    alphabet=st.characters(min_codepoint=32, max_codepoint=126, exclude_characters=":"),
    max_size=LONGEST_WORD,
)
VALUES: dict[type, st.SearchStrategy[Any]] = {
    int: st.integers(-(36**11) + 1, 36**12 - 1),
    bool: st.booleans(),
    str: WORDS,
}


def fields(kind: type[Action]) -> dict[str, type]:
    hints = typing.get_type_hints(kind)
    return {f.name: hints[f.name] for f in dataclasses.fields(typing.cast(Any, kind))}


def some(kind: type[Action]) -> Action:
    """Any action of this kind."""
    values = {int: 1, bool: True, str: "menue"}
    return kind(**{name: values[of] for name, of in fields(kind).items()})


@st.composite
def actions(draw: st.DrawFn) -> Action:
    kind = draw(st.sampled_from(ACTIONS))
    return kind(**{name: draw(VALUES[of]) for name, of in fields(kind).items()})


# --- packing -------------------------------------------------------------------------------


@given(actions())
def test_an_action_survives_packing_and_fits_into_a_button(made: Action) -> None:
    packed = pack(made)
    assert unpack(packed) == made
    assert len(packed.encode()) <= LONGEST_ACTION


@given(st.one_of(st.text(), st.lists(WORDS, min_size=1, max_size=5).map(":".join)))
def test_what_pack_cannot_have_made_is_nothing(packed: str) -> None:
    made = unpack(packed)
    assert made is None or pack(made) == packed


@given(actions(), st.text(max_size=5), st.integers(0, 64))
def test_a_forged_button_is_nothing_or_another_whole_action(
    made: Action, junk: str, at: int
) -> None:
    packed = pack(made)
    forged = unpack(packed[:at] + junk + packed[at:])
    assert forged is None or pack(forged) == packed[:at] + junk + packed[at:]


def test_buttons_of_older_versions_are_nothing() -> None:
    for kind in ACTIONS:
        packed = pack(some(kind))
        assert unpack(packed + ":1") is None
        assert unpack("zz" + packed) is None
        if ":" in packed:
            assert unpack(packed.rpartition(":")[0]) is None


def test_clashes_fail_at_start() -> None:
    @action("tr1")
    @dataclass(frozen=True)
    class One(Action):
        pass

    with pytest.raises(ValueError, match="'tr1' is taken by One"):
        action("tr1")(One)

    def handle(ctx: Context, what: object) -> Answers:
        return []

    first, second = Router("first"), Router("second")
    for router in (first, second):
        router.command("wort", by=Role.ANYONE)(handle)
    with pytest.raises(ValueError, match="second registers 'wort'"):
        Routes([first, second])
    third, fourth = Router("third"), Router("fourth")
    for router in (third, fourth):
        router.press(One, by=Role.ANYONE)(handle)
    with pytest.raises(ValueError, match="fourth registers"):
        Routes([third, fourth])


def test_an_action_that_could_grow_too_long_fails_at_start() -> None:
    strings = [(name, str) for name in ("one", "two", "three")]
    long = dataclasses.make_dataclass("Long", strings, bases=(Action,), frozen=True)
    with pytest.raises(ValueError, match="does not fit into 64 bytes"):
        action("tr2")(long)


@pytest.mark.parametrize("word", ["x" * 25, "a:b", "ä"])
def test_words_that_cannot_be_packed_fail_when_the_button_is_made(word: str) -> None:
    kind = next(k for k in ACTIONS if list(fields(k).values()) == [str])
    with pytest.raises(ValueError, match="cannot be packed"):
        pack(kind(*[word]))


def test_the_timer_is_no_button() -> None:
    assert not set(ROUTES.dues) & set(ROUTES.presses)


# --- reading commands ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "name", "args"),
    [
        ("/start", "start", ""),
        ("/START abc", "start", "abc"),
        ("/start@gnk_bot abc def", "start", "abc def"),
        ("/Maßnahmen  Rad weg ", "massnahmen", "Rad weg"),
        ("/menü", "menue", ""),
        ("/umfrage\nFrage?\nA", "umfrage", "Frage?\nA"),
    ],
)
def test_commands_are_read_as_people_type_them(typed: str, name: str, args: str) -> None:
    assert command(typed, "/") == Command(name, args)


@pytest.mark.parametrize("typed", ["", "/", "/ start", "start", "!start", "// "])
def test_other_words_are_no_commands(typed: str) -> None:
    read = command(typed, "/")
    assert read is None or read.name not in ROUTES.commands


@given(st.text())
def test_a_plain_word_stays_plain(word: str) -> None:
    assert plain_word(plain_word(word)) == plain_word(word)


# --- who may do what -----------------------------------------------------------------------

WHO = {
    Role.ANYONE: "stranger",
    Role.LINKED: "adviser",
    Role.MEMBER: "group_a",
    Role.CORE_TEAM: "treasury",
    Role.COORDINATION: "coordination",
}
MACHINERY = {"inbox", "outbox", "posted", "web_message", "platform_state"}


@pytest.fixture
def meeting(town: Town) -> Meeting:
    meeting = Meeting(town.db)
    meeting.link(*(name for role, name in WHO.items() if role is not Role.ANYONE))
    return meeting


def all_routes() -> list[tuple[Route, Command | Press]]:
    """Every command and every button."""
    typed: list[tuple[Route, Command | Press]] = [
        (route, Command(word)) for word, route in ROUTES.commands.items()
    ]
    return typed + [(route, Press(pack(some(kind)))) for kind, route in ROUTES.presses.items()]


def everything(town: Town) -> dict[str, list[Any]]:
    """What is remembered, except for what the machine keeps of each event."""
    with town.db.read() as tx:
        return {
            name: list(tx.execute(sql(f'SELECT * FROM "{name}"')))  # noqa: S608 - our own names
            for name in SQLModel.metadata.tables
            if name not in MACHINERY
        }


def heard(meeting: Meeting, who: str, before: int) -> str:
    """What somebody was told since then, wherever."""
    said = [shown.text for shown in meeting.messenger.shown[before:]]
    return " ".join([*said, *(t for w, t in meeting.messenger.toasts if w == who)])


NO = ("noch mit niemandem verknüpft", "anderen Rollen vorbehalten", "Bitte schreiben Sie mir dazu")


async def test_every_command_and_button_is_denied_to_lower_roles(
    town: Town, meeting: Meeting
) -> None:
    await open_poll(town)
    meeting.now = town.now
    before_all = everything(town)
    tried = 0
    for route, what in all_routes():
        for role in (r for r in Role if r < route.by):
            meeting.messenger.toasts.clear()
            before = len(meeting.messenger.shown)
            place = "group" if route.where == "channel" else None
            await meeting.happens(WHO[role], what, place)
            said = heard(meeting, WHO[role], before)
            assert any(no in said for no in NO), (what, role, said)
            tried += 1
    assert tried > 40
    assert everything(town) == before_all


async def test_every_command_and_button_answers_those_who_may(town: Town, meeting: Meeting) -> None:
    await open_poll(town)
    meeting.now = town.now
    for route, what in all_routes():
        meeting.messenger.toasts.clear()
        before = len(meeting.messenger.shown)
        place = "group" if route.where == "channel" else None
        await meeting.happens(WHO[max(route.by, Role.COORDINATION)], what, place)
        said = heard(meeting, "coordination", before)
        assert said, what
        assert "schiefgegangen" not in said, (what, said)
        assert not any(no in said for no in NO), (what, said)


async def test_an_anonymous_administrator_may_do_nothing(town: Town, meeting: Meeting) -> None:
    before_all = everything(town)
    for route, what in all_routes():
        meeting.messenger.toasts.clear()
        before = len(meeting.messenger.shown)
        place = "group" if route.where != "direct" else None
        await meeting.happens("coordination", what, place, anonymous=True)
        said = heard(meeting, "coordination", before)
        assert "nicht anonym" in said or "Bitte schreiben Sie mir dazu" in said, (what, said)
    assert everything(town) == before_all


async def test_what_belongs_into_the_direct_chat_is_refused_in_groups(meeting: Meeting) -> None:
    for route, what in all_routes():
        if route.where == "anywhere":
            continue
        meeting.messenger.toasts.clear()
        before = len(meeting.messenger.shown)
        place = "group" if route.where == "direct" else None
        await meeting.happens("coordination", what, place)
        said = heard(meeting, "coordination", before)
        wrong = "nur im direkten Chat" if route.where == "direct" else "nur in einer Gruppe"
        assert wrong in said, (what, said)
        assert meeting.at("group") == []


async def test_unreadable_buttons_get_a_kind_answer(meeting: Meeting) -> None:
    for packed in ("", "??", "pv:1", "pv:1:2:3", "ua:ä", "ua:" + "x" * 60, "pd:1", "\0", ":::"):
        meeting.messenger.toasts.clear()
        await meeting.happens("group_a", Press(packed))
        assert "gilt nicht mehr" in meeting.toast_of("group_a"), packed


# --- when the bot speaks up ----------------------------------------------------------------


async def test_in_a_group_it_keeps_silent_unless_addressed(meeting: Meeting) -> None:
    for words in ("hallo", "3", "menue", "Maßnahmen sind wichtig", "Ja", "/unbekannt", "!quatsch"):
        for who in ("coordination", "group_a", "stranger"):
            await meeting.happens(who, Said(words, addressed=False), "group")
    await meeting.happens("group_a", Command("quatsch"), "group")
    assert meeting.messenger.shown == []


async def test_in_a_direct_chat_it_always_answers(meeting: Meeting) -> None:
    for words in ("hallo", "99", "?", "🙂", "/quatsch", "", "   ", "/", "<b>", "-1"):
        for who in ("coordination", "group_a", "adviser", "stranger"):
            assert await meeting.happens(who, Said(words)), (words, who)


async def test_a_card_in_a_group_is_answered_by_a_number_in_a_reply(meeting: Meeting) -> None:
    [card] = await meeting.happens("coordination", Command("kanal"), "group")
    reply = Said("1", reply_to=card.message, addressed=True)
    assert "gehört jetzt zu" in (await meeting.happens("coordination", reply, "group"))[0].text


async def test_several_numbers_are_several_buttons(meeting: Meeting) -> None:
    await meeting.types("group_a", "/menue")
    labels = meeting.at("d-group_a")[-1].labels
    numbers = [str(labels.index(label) + 1) for label in ("Maßnahmen", "Sprache")]
    both = await meeting.types("group_a", " und ".join(numbers).replace(" und ", ", "))
    assert "Handlungsprogramm" in both and "Welche Sprache" in both


async def test_a_number_that_is_not_there_is_said(meeting: Meeting) -> None:
    await meeting.types("group_a", "/sprache")
    assert "Bitte wählen Sie eine von 1 bis 3" in await meeting.types("group_a", "4")
    assert "Eine Nummer 0 gibt es hier nicht" in await meeting.types("group_a", "0")
