"""Consent decisions: one paramount objection stops a proposal, any number of concerns does not."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import text
from handlers.chat import Button
from handlers.polls.actions import Vote, Write
from handlers.polls.facts import ResultFacts
from handlers.polls.methods.consent import METHOD
from handlers.polls.methods.consent.rules import LONGEST_TEXT
from handlers.polls.methods.consent.views import ROOM
from handlers.polls.rules import Base, Broken, Cast, Rules
from storage.models import Poll
from tests.deciding import ask, prepare
from tests.deciding import result as outcome
from tests.methods import ballot_of, poll_of, readers, result_of, said
from tests.polling import GROUP
from tests.world import Town

RULES, LOOKS = METHOD.rules, METHOD.views
USUAL: dict[str, Any] = {"turnout": "quorum"}
CONSENT = {"stance": "consent"}
CONCERN = {"stance": "concern", "text": "Zu teuer für ein Dorf."}
OBJECTION = {"stance": "objection", "text": "Die Feuerwehr kommt dann nicht mehr durch."}

ballots = st.lists(
    st.one_of(
        st.just(CONSENT),
        st.just({"stance": "concern"}),
        st.builds(
            lambda stance, text: {"stance": stance, "text": text},
            st.sampled_from(("concern", "objection")),
            st.text("abcß ", min_size=1, max_size=8).filter(str.strip),
        ),
    ),
    max_size=12,
)


def tally(
    cast: list[dict[str, Any]],
    settings: dict[str, Any] = USUAL,
    *,
    seats: int = 12,
    quorum: str = "more_than_half",
) -> dict[str, Any]:
    base = Base(seats, Rules(quorum=quorum))
    return RULES.tally(settings, [], [Cast(ballot) for ballot in cast], base)


def result(cast: list[dict[str, Any]], *, names: bool = False) -> ResultFacts:
    made = result_of(METHOD, USUAL, tally(cast), cast=len(cast), options=[])
    if not names:
        return made
    roll = tuple(({"de": f"Sitz {at}"}, ballot) for at, ballot in enumerate(cast, start=1))
    return replace(made, roll_call=True, roll=roll)


def minutes(facts: ResultFacts) -> str:
    return "\n".join(said(line) for line in LOOKS.result(facts))


# --- deciding --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consents", "concerns", "objections", "settings", "verdict"),
    [
        (7, 0, 0, USUAL, "adopted"),
        (0, 7, 0, USUAL, "adopted"),
        (11, 0, 1, USUAL, "not_adopted"),
        (6, 0, 0, USUAL, "no_decision"),
        (0, 0, 6, USUAL, "no_decision"),
        (0, 0, 0, USUAL, "no_decision"),
        (8, 0, 0, {"turnout": 75}, "no_decision"),
        (9, 0, 0, {"turnout": 75}, "adopted"),
        (11, 0, 0, {"turnout": 100}, "no_decision"),
        (1, 0, 0, {"turnout": 1}, "adopted"),
    ],
)
def test_verdicts(
    consents: int, concerns: int, objections: int, settings: dict[str, Any], verdict: str
) -> None:
    cast = [CONSENT] * consents + [CONCERN] * concerns + [OBJECTION] * objections
    assert tally(cast, settings)["verdict"] == verdict


def test_without_any_ballot_there_is_no_decision_even_without_a_quorum() -> None:
    assert tally([], quorum="none")["verdict"] == "no_decision"
    assert tally([CONSENT], quorum="none")["verdict"] == "adopted"


@given(st.integers(1, 100), st.integers(0, 60))
def test_the_turnout_is_rounded_up_exactly(percent: int, seats: int) -> None:
    needed = METHOD.needed({"turnout": percent}, Base(seats, Rules()))
    assert needed == RULES.tally({"turnout": percent}, [], [], Base(seats, Rules()))["needed"]
    assert 100 * needed >= percent * seats > 100 * (needed - 1)


@given(ballots, st.randoms())
def test_who_votes_first_makes_no_difference(cast: list[dict[str, Any]], random: Random) -> None:
    mixed = list(cast)
    random.shuffle(mixed)
    assert tally(mixed) == tally(cast)


@given(ballots)
def test_nobody_is_lost_and_every_text_is_there(cast: list[dict[str, Any]]) -> None:
    counts = tally(cast)
    assert counts["consent"] + counts["concern"] + counts["objection"] == counts["cast"]
    assert len(counts["objections"]) == counts["objection"]
    written = sorted(b["text"] for b in cast if "text" in b)
    assert sorted(counts["concerns"] + counts["objections"]) == written


@given(ballots, st.data())
def test_an_objection_taken_back_never_hurts(
    cast: list[dict[str, Any]], data: st.DataObject
) -> None:
    if not cast:
        return
    at = data.draw(st.integers(0, len(cast) - 1))
    before = tally(cast)["verdict"]
    after = tally([*cast[:at], CONSENT, *cast[at + 1 :]])["verdict"]
    assert not (before == "adopted" and after != "adopted")


# --- ballots ---------------------------------------------------------------------------------


def test_an_objection_needs_its_reason() -> None:
    with pytest.raises(Broken, match=r"consent\.objection_needs_text"):
        RULES.press(USUAL, {}, 0, 0, 3)
    with pytest.raises(Broken, match=r"consent\.objection_needs_text"):
        RULES.typed(USUAL, {}, [], "Einwand")
    with pytest.raises(Broken, match=r"consent\.text_missing"):
        RULES.write(USUAL, {}, 3, " \n ")
    with pytest.raises(Broken, match=r"consent\.text_too_long"):
        RULES.write(USUAL, {}, 3, "x" * (LONGEST_TEXT + 1))
    with pytest.raises(Broken, match=r"polls\.nothing_to_write"):
        RULES.write(USUAL, {}, 1, "Konsent!")


def test_an_objection_may_become_a_concern_without_writing_it_again() -> None:
    assert RULES.press(USUAL, OBJECTION, 0, 0, 2) == {**OBJECTION, "stance": "concern"}
    assert RULES.press(USUAL, CONCERN, 0, 0, 1) == CONSENT
    assert RULES.press(USUAL, CONSENT, 0, 0, 2) == {"stance": "concern"}


@pytest.mark.parametrize(
    ("typed", "ballot"),
    [
        ("Konsent", {"stance": "consent"}),
        ("kein Einwand.", {"stance": "consent"}),
        ("Bedenken", {"stance": "concern"}),
        ("bedenken: zu teuer", {"stance": "concern", "text": "zu teuer"}),
        ("Einwand:  kein\nPlatz", {"stance": "objection", "text": "kein Platz"}),
        ("objection: no room", {"stance": "objection", "text": "no room"}),
    ],
)
def test_an_answer_may_be_typed(typed: str, ballot: dict[str, Any]) -> None:
    assert RULES.typed(USUAL, {}, [], typed) == ballot


@pytest.mark.parametrize("typed", ["1", "hilfe", "Ich habe Bedenken", "Konsent: ja", "", "Hallo!"])
def test_other_words_are_no_answer(typed: str) -> None:
    assert RULES.typed(USUAL, CONSENT, [], typed) is None


@given(ballots)
def test_what_may_be_written_is_valid(cast: list[dict[str, Any]]) -> None:
    assert all(RULES.valid(USUAL, b, []) and RULES.answered(USUAL, b, 0) for b in cast)


@pytest.mark.parametrize(
    "ballot",
    [
        {},
        {"stance": "veto"},
        {"stance": "objection"},
        {"stance": "consent", "text": "doch nicht"},
        {"stance": "concern", "text": ""},
        {"stance": "concern", "text": "x" * (LONGEST_TEXT + 1)},
        {"stance": "concern", "text": 7},
        {"stance": "consent", "seat": 1},
    ],
)
def test_ballots_that_nobody_could_cast_are_not_valid(ballot: dict[str, Any]) -> None:
    assert not RULES.valid(USUAL, ballot, [])


@pytest.mark.parametrize("turnout", [0, 101, "half", None, True, 50.0])
def test_a_turnout_that_makes_no_sense_is_refused(turnout: object) -> None:
    with pytest.raises(Broken):
        RULES.check({"turnout": turnout}, 0)


def test_a_consent_is_never_secret_because_texts_tell() -> None:
    assert RULES.secrecies == ("open", "roll_call") and RULES.formal


# --- looks -----------------------------------------------------------------------------------


def buttons(value: dict[str, Any]) -> list[Button]:
    rows = LOOKS.rows(poll_of(METHOD, USUAL), [], ballot_of(value))
    return [button for row in rows for line in row.buttons for button in line]


def test_consent_and_concern_are_taps_and_an_objection_is_written() -> None:
    first, second, third = buttons({})
    assert isinstance(first.action, Vote) and isinstance(second.action, Vote)
    assert isinstance(third.action, Write) and said(third.label) == "Schwerwiegender Einwand"
    assert [said(b.label) for b in buttons({"stance": "concern"})][2] == "Bedenken aufschreiben"
    assert [b.mark for b in buttons(OBJECTION)] == ["○", "○", "◉"]
    own = said(LOOKS.left(poll_of(METHOD, USUAL), [], ballot_of(OBJECTION)))
    assert "die Feuerwehr" in own.replace("Die", "die")
    assert "begründen" in said(METHOD.prompt(3)) and "Bedenken" in said(METHOD.prompt(2))


def test_the_ballot_says_whether_names_will_stand_there() -> None:
    mine = ballot_of({}, cast=False)
    assert "ohne Namen" in said(LOOKS.left(poll_of(METHOD, USUAL), [], mine))
    named = poll_of(METHOD, {"turnout": 75}, secrecy="roll_call")
    assert "mit dem Namen Ihres Sitzes" in said(LOOKS.left(named, [], mine))
    assert "mindestens 75 Prozent" in said(LOOKS.how(named))


def test_the_result_lists_objections_and_concerns_without_names() -> None:
    told = minutes(result([CONSENT] * 6 + [CONCERN, OBJECTION]))
    assert told == (
        "Der Vorschlag ist nicht angenommen: "
        "6-mal Konsent, 1-mal leichte Bedenken, 1 schwerwiegender Einwand.\n"
        "Schwerwiegender Einwand:\n• Die Feuerwehr kommt dann nicht mehr durch.\n"
        "Leichte Bedenken:\n• Zu teuer für ein Dorf."
    )


def test_a_roll_call_names_the_seats() -> None:
    told = minutes(result([CONSENT] * 6 + [CONCERN, OBJECTION], names=True))
    assert "• Sitz 8: Die Feuerwehr" in told and "• Sitz 7: Zu teuer" in told


def test_very_many_words_fit_into_one_message_and_the_table_has_all() -> None:
    cast = [{"stance": "objection", "text": f"{n} " + "x" * (LONGEST_TEXT - 3)} for n in range(12)]
    told = minutes(result(cast))
    assert len(told) < ROOM + 1000 and "… und 8 weitere Texte" in told
    assert len(LOOKS.tables(result(cast))[1].rows) == 12


def test_every_look_has_words_in_every_language() -> None:
    for cast in ([], [CONSENT], [CONSENT] * 7, [CONSENT] * 6 + [CONCERN, OBJECTION]):
        for names in (False, True):
            facts, poll = result(cast, names=names), poll_of(METHOD, USUAL)
            texts = [
                *LOOKS.result(facts),
                *LOOKS.board(poll, [], dict(facts.counts)),
                *(x for bar in LOOKS.bars(facts) for x in (bar.label, bar.shown)),
                *(c for t in LOOKS.tables(facts) for c in (t.name, *t.head)),
                *(LOOKS.ballot_text(facts, ballot) for ballot in cast),
                *(LOOKS.saved(poll, [], ballot, 0)[0] for ballot in cast),
                *(LOOKS.left(poll, [], ballot_of(b)) for b in (*cast, {"stance": "concern"})),
                *(button.label for ballot in cast for button in buttons(ballot)),
            ]
            for reader in readers():
                for words in texts:
                    assert text.plain(words, reader).strip(), (words, reader.language)
    assert LOOKS.board(poll_of(METHOD, USUAL), [], None) == ()
    assert LOOKS.a_page(USUAL, 0) == 8


# --- conversations ---------------------------------------------------------------------------


async def test_an_objection_is_written_and_stops_the_proposal(town: Town) -> None:
    await ask(town, "consent", "Wir sperren die Marktstraße.", "25")
    assert "mindestens 25 Prozent" in town.group_a.newest()
    for who in (town.group_a, town.group_b, town.parish):
        await who.press("Konsent")
    assert town.parish.toast == "Gespeichert: Konsent."
    await town.school.press("Leichte Bedenken")
    assert "Welche Bedenken" in await town.school.press("Bedenken aufschreiben")
    await town.school.says("Der Schulbus braucht einen Umweg.")
    assert "Der Schulbus braucht einen Umweg." in town.school.newest()
    assert "braucht eine Begründung" in await town.fire_brigade.says("Einwand")
    await town.fire_brigade.press("Schwerwiegender Einwand")
    await town.fire_brigade.says("Wir kommen dann nicht mehr durch.")
    assert "Wir kommen dann" in town.fire_brigade.newest()
    assert "Schulbus" not in town.group_a.sees(GROUP)
    told = await outcome(town, formal=True)
    assert "nicht angenommen: 3-mal Konsent, 1-mal leichte Bedenken" in told
    assert "• Wir kommen dann nicht mehr durch." in told
    assert "• Der Schulbus braucht einen Umweg." in told
    assert "Feuerwehr" not in told


async def test_a_proposal_without_objections_stands(town: Town) -> None:
    await ask(town, "consent", "Die Sitzung beginnt um 18 Uhr.", "8 %", secrecy="roll_call")
    await town.group_a.says("Konsent")
    await town.school.says("Bedenken: Das ist spät.")
    told = await outcome(town, formal=True)
    assert "Das Quorum ist erreicht (nötig: 2 Sitze)" in told
    assert "Der Vorschlag ist angenommen" in told
    assert "• Regelschule: Das ist spät." in told


async def test_no_objection_is_told_by_interest_group(town: Town) -> None:
    await ask(town, "consent", "Die Halle wird verkauft.", "8 %")
    for who in (town.sports_club, town.nature_club, town.fire_brigade):
        await who.says("Einwand: Wir brauchen sie.")
    told = await outcome(town, formal=True)
    assert "0-mal Konsent, 0-mal leichte Bedenken, 3 schwerwiegende Einwände" in told
    (group,) = town.one(Poll).result["groups"]
    assert group["counts"]["objection"] == 3
    assert not {"objections", "concerns"} & set(group["counts"])


async def test_a_turnout_that_is_no_number_is_asked_about(town: Town) -> None:
    await prepare(town, "consent", "Die Halle wird verkauft.")
    who = town.coordination
    assert "Zahl von 1 bis 100" in await who.says("viele")
    assert "Zahl von 1 bis 100" in await who.says("120 %")
    assert "mindestens 60 Prozent" in await who.says("60 Prozent")
