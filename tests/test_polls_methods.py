"""Any method in the common frame: one card after the other, written answers, typed words."""

from __future__ import annotations

import pytest

from handlers.polls.methods.registry import METHODS
from storage.models import Dialog, Inbox, Outbox, Poll
from tests.polling import DEADLINE, GROUP, ballots, begin, prepare
from tests.world import Somebody, Town


async def open_scoring(town: Town, secrecy: str = "Offen") -> None:
    """Eight measures, each scored from 0 to 5 on a card of its own."""
    asked = (secrecy, "Stimmungsbild", "0 bis 5", "Eine Bewertung je Option")
    await prepare(town, *asked, method="Bewertung")


async def open_question(town: Town) -> None:
    who = town.coordination
    await begin(who, "Offene Frage")
    await who.says("Was fehlt in Ilmbrück?")
    for pressed in (GROUP, "Sofort"):
        await who.press(pressed)
    await who.says("19.01.2027 18:00")
    await who.press(who.buttons()[0])
    await who.press("Veröffentlichen")


# --- one card after the other ----------------------------------------------------------------


async def test_each_answer_leads_on_to_the_next_open_option(town: Town) -> None:
    await open_scoring(town)
    me = town.group_a
    assert "1 von 8" in me.newest() and "Überspringen" in " ".join(me.buttons())
    await score(me, "4")
    assert me.toast and "2 von 8" in me.newest()
    await me.press("Überspringen")
    await score(me, "2")
    assert "4 von 8" in me.newest(), "saved, and on to the next"
    await me.press("Zurück")
    await me.press("Zurück")
    assert "2 von 8" in me.newest()
    await score(me, "5")
    assert "4 von 8" in me.newest(), "the third has its answer already"
    for _ in range(5):
        await score(me, "1")
    assert "Alle 8 Optionen haben Ihre Antwort" in me.newest()
    assert len(ballots(town)) == 1 and len(ballots(town)[0]) == 8


async def test_what_was_skipped_is_offered_at_the_end(town: Town) -> None:
    await open_scoring(town)
    me = town.group_a
    await score(me, "3")
    for _ in range(7):
        await me.press("Überspringen")
    assert "7 von 8 Optionen sind noch ohne Ihre Antwort" in me.newest()
    await me.press("Zur ersten offenen")
    assert "2 von 8" in me.newest()


async def test_who_stops_goes_on_where_they_were_wherever_they_ask(town: Town) -> None:
    await open_scoring(town)
    me = town.group_a
    await score(me, "3")
    await me.press("Überspringen")
    await me.press("Jetzt abstimmen", GROUP)
    assert "3 von 8" in me.newest()


async def score(who: Somebody, value: str) -> None:
    """Press the button of this value on the newest card."""
    message = next(m for m in reversed(who.messages()) if m["buttons"])
    action = next(
        b["action"]
        for row in message["buttons"]
        for b in row
        if b["label"].removesuffix(" ✓").split()[0] == value
    )
    await who.presses(message["id"], action)


async def test_typed_values_are_saved_like_pressed_ones(town: Town) -> None:
    await open_scoring(town)
    await town.school.says("1=4 2=0")
    assert sorted(ballots(town)[0].values()) == [0, 4]
    await town.school.says("9=4")
    assert len(ballots(town)[0]) == 2, "there is no ninth option"
    assert "Ich begleite die Arbeit" in await town.school.says("hilfe")


# --- written ---------------------------------------------------------------------------------


async def test_a_written_answer_goes_straight_into_the_box(town: Town) -> None:
    await open_question(town)
    me = town.group_a
    written = next(label for label in me.buttons() if "ntwort" in label)
    await me.press(written)
    assert "schreiben Sie Ihre Antwort" in me.newest()
    dialog = town.one(Dialog, account=me.who)
    assert set(dialog.answers["given"]) == {"entry", "part"}
    await me.says("Ein Radweg an der Ilm")
    assert town.all(Dialog, account=me.who) == [], "nothing of it stays in the dialog"
    assert "Ein Radweg an der Ilm" in str(ballots(town)) + me.newest()
    assert all(row.payload is None for row in town.all(Inbox))
    assert "Radweg an der Ilm" not in str([row.content for row in town.all(Outbox)])
    await town.until(DEADLINE)
    assert "Ein Radweg an der Ilm" in town.school.sees(GROUP)


async def test_an_answer_that_is_too_long_is_refused_and_can_be_written_again(town: Town) -> None:
    await open_question(town)
    me = town.group_a
    await me.press(next(label for label in me.buttons() if "ntwort" in label))
    await me.says("x" * 1001)
    assert ballots(town) == [] and len(town.all(Dialog, account=me.who)) == 1
    await me.says("Ein Radweg")
    assert len(ballots(town)) == 1


# --- all of them -----------------------------------------------------------------------------


async def test_every_method_is_offered_with_a_line_that_explains_it(town: Town) -> None:
    await town.coordination.says("/abstimmung")
    seen = town.coordination.newest()
    assert "Systemisches Konsensieren – Jeder Sitz nennt seinen Widerstand von 0 bis 10" in seen
    assert seen.count(" – ") >= len(METHODS)
    labels = set(town.coordination.buttons())
    await town.coordination.press("Weitere")
    assert len(labels | set(town.coordination.buttons())) >= len(METHODS)


@pytest.mark.parametrize("typed", ["Ja", "dafür"])
async def test_words_are_a_vote_on_the_newest_ballot(town: Town, typed: str) -> None:
    who = town.coordination
    await begin(who, "Beschluss")
    await who.says("Die Stadt kauft ein Lastenrad")
    for pressed in (GROUP, "Sofort"):
        await who.press(pressed)
    await who.says("19.01.2027 18:00")
    for pressed in ("Offen", "Einfach:", "Veröffentlichen"):
        await who.press(pressed)
    await town.school.says(typed)
    assert ballots(town) == [{"vote": "yes"}]
    assert town.one(Poll).formal
