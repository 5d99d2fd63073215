"""Open questions: answers in words, listed without names, and merged into proposals."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import text
from handlers.chat import Button
from handlers.polls.actions import Vote, Write
from handlers.polls.facts import ResultFacts
from handlers.polls.methods.question import METHOD
from handlers.polls.methods.question.proposals import Proposal, near, proposals
from handlers.polls.methods.question.rules import LONGEST_ANSWER, alike, mark_of
from handlers.polls.methods.question.views import ROOM
from handlers.polls.rules import LONGEST_OPTION, Base, Broken, Cast, Rules
from storage.models import Poll
from tests.deciding import ask
from tests.deciding import result as outcome
from tests.methods import ballot_of, poll_of, readers, result_of, said
from tests.polling import GROUP, change_rules
from tests.world import Town

RULES, LOOKS = METHOD.rules, METHOD.views
THREE: dict[str, Any] = {"most": 3}
words = st.text("aäbß Xy.3", min_size=1, max_size=12).filter(alike)
ballots = st.lists(st.lists(words, max_size=3, unique_by=alike), max_size=10)


def tally(cast: list[list[str]]) -> dict[str, Any]:
    casts = [Cast({"answers": answers}) for answers in cast]
    return RULES.tally(THREE, [], casts, Base(19, Rules()))


def result(cast: list[list[str]]) -> ResultFacts:
    return result_of(METHOD, THREE, tally(cast), cast=len(cast), options=[])


def told(cast: list[list[str]]) -> str:
    return "\n".join(said(line) for line in LOOKS.result(result(cast)))


# --- ballots ---------------------------------------------------------------------------------


@given(st.lists(st.text(max_size=20), max_size=8))
def test_whatever_is_written_the_ballot_keeps_to_the_rules(written: list[str]) -> None:
    ballot: dict[str, Any] = {}
    for one in written:
        try:
            ballot = RULES.write(THREE, ballot, 0, one)
        except Broken:
            continue
        assert RULES.valid(THREE, ballot, []) and RULES.answered(THREE, ballot, 0)
    for one in list(ballot.get("answers", [])):
        ballot = RULES.press(THREE, ballot, 0, 0, mark_of(one))
        assert RULES.valid(THREE, ballot, [])
    assert not RULES.answered(THREE, ballot, 0)


def test_a_tap_takes_one_answer_back_and_a_second_one_no_other() -> None:
    ballot = {"answers": ["Radweg", "Bank"]}
    ballot = RULES.press(THREE, ballot, 0, 0, mark_of("Radweg"))
    assert ballot == {"answers": ["Bank"]}
    with pytest.raises(Broken, match=r"question\.gone"):
        RULES.press(THREE, ballot, 0, 0, mark_of("Radweg"))


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (" \n", "empty"),
        ("x" * (LONGEST_ANSWER + 1), "too_long"),
        ("RADWEG.", "said_already"),
        ("Dach", "full"),
    ],
)
def test_what_cannot_be_an_answer_is_refused(written: str, why: str) -> None:
    with pytest.raises(Broken, match=rf"question\.{why}"):
        RULES.write({"most": 2}, {"answers": ["Radweg", "Bank"]}, 0, written)


def test_only_words_that_are_meant_as_an_answer_become_one() -> None:
    assert RULES.typed(THREE, {}, [], "Antwort: Radweg  zur Schule") == {
        "answers": ["Radweg zur Schule"]
    }
    assert RULES.typed(THREE, {"answers": ["a"]}, [], "idea: b") == {"answers": ["a", "b"]}
    for other in ("1", "hilfe", "Wie geht das hier?", "antwort", "Antwort:"):
        assert RULES.typed(THREE, {}, [], other) is None


@pytest.mark.parametrize(
    "ballot",
    [
        {},
        {"answers": "Radweg"},
        {"answers": [""]},
        {"answers": ["a", "A"]},
        {"answers": ["a", "b", "c", "d"]},
        {"answers": ["x" * (LONGEST_ANSWER + 1)]},
        {"answers": [1]},
        {"answers": [], "seat": 3},
    ],
)
def test_ballots_that_nobody_could_write_are_not_valid(ballot: dict[str, Any]) -> None:
    assert not RULES.valid(THREE, ballot, [])


@pytest.mark.parametrize("most", [0, 6, None, "3", True])
def test_settings_that_make_no_sense_are_refused(most: object) -> None:
    with pytest.raises(Broken):
        RULES.check({"most": most}, 0)


# --- counting --------------------------------------------------------------------------------


@given(ballots, st.randoms())
def test_who_answers_first_makes_no_difference(cast: list[list[str]], random: Random) -> None:
    mixed = list(cast)
    random.shuffle(mixed)
    assert tally(mixed) == tally(cast)


@given(ballots)
def test_no_answer_is_lost_and_none_is_made_up(cast: list[list[str]]) -> None:
    counts = tally(cast)
    assert counts["cast"] == len(cast)
    assert sum(answer["n"] for answer in counts["answers"]) == counts["given"]
    assert counts["given"] == sum(map(len, cast))
    listed = {answer["text"] for answer in counts["answers"]}
    assert listed <= {answer for answers in cast for answer in answers}


# --- proposals -------------------------------------------------------------------------------


def test_answers_that_say_nearly_the_same_become_one_option() -> None:
    answers = [
        "Radweg zur Grundschule",
        "Mehr Bänke im Park",
        "Radweg zur Grundschule!",
        "Radwege zur Grundschule",
        "mehr Bänke im Park",
    ]
    assert proposals(answers) == [
        Proposal("Radweg zur Grundschule", (0, 2, 3)),
        Proposal("Mehr Bänke im Park", (1, 4)),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tempo 30 in der Schulstraße", "Tempo 50 in der Schulstraße"),
        ("Ein Parkhaus am Bahnhof bauen", "Kein Parkhaus am Bahnhof bauen"),
        ("We want the bypass road", "We do not want the bypass road"),
        ("Radweg", "Dach"),
    ],
)
def test_answers_that_mean_something_else_stay_apart(one: str, other: str) -> None:
    assert len(proposals([one, other])) == 2


@given(st.lists(words, max_size=8))
def test_every_answer_is_in_exactly_one_proposal(answers: list[str]) -> None:
    made = proposals(answers)
    assert sorted(at for p in made for at in p.of) == list(range(len(answers)))
    for proposal in made:
        texts = [answers[at] for at in proposal.of]
        assert proposal.text in texts
        assert all(near(one, other) for one in texts for other in texts)


@given(st.lists(words, max_size=8), st.randoms())
def test_proposals_do_not_depend_on_who_answered_first(answers: list[str], random: Random) -> None:
    mixed = list(answers)
    random.shuffle(mixed)
    assert [p.text for p in proposals(mixed)] == [p.text for p in proposals(answers)]


def test_a_proposal_is_short_enough_to_be_an_option() -> None:
    (proposal,) = proposals(["Bitte " * 49])
    assert len(proposal.text) <= LONGEST_OPTION and proposal.text.endswith(" …")


# --- looks -----------------------------------------------------------------------------------


def buttons(answers: list[str]) -> list[Button]:
    rows = LOOKS.rows(poll_of(METHOD, THREE), [], ballot_of({"answers": answers}))
    return [button for row in rows for line in row.buttons for button in line]


def test_each_answer_has_a_button_that_takes_it_back() -> None:
    remove, more = buttons(["Radweg"])
    assert said(remove.label) == "✕ Löschen: Radweg"
    assert isinstance(remove.action, Vote) and remove.action.value == mark_of("Radweg")
    assert said(more.label) == "Noch eine Antwort schreiben" and isinstance(more.action, Write)
    assert [said(b.label) for b in buttons([])] == ["Antwort schreiben"]
    assert len(buttons(["a", "b", "c"])) == 3
    assert len(said(buttons(["x" * 300])[0].label)) < 60
    assert "300 Zeichen" in said(METHOD.prompt(0))


def test_the_result_lists_all_answers_without_names() -> None:
    assert told([["Radweg", "Bank"], ["radweg."], []]) == (
        "3 Antworten, ohne Namen und in der Reihenfolge des Alphabets:\n• Bank\n• Radweg (2-mal)"
    )
    assert told([]) == told([[]]) == "Es wurde keine Antwort gegeben."


def test_very_many_words_fit_into_one_message_and_the_table_has_all() -> None:
    many = [[f"{seat} " + "x" * (LONGEST_ANSWER - 3)] for seat in range(19)]
    assert len(told(many)) < ROOM + 500 and "… und 10 weitere Antworten" in told(many)
    (table,) = LOOKS.tables(result(many))
    assert len(table.rows) == 19 and LOOKS.bars(result(many)) == ()


def test_every_look_has_words_in_every_language() -> None:
    poll = poll_of(METHOD, THREE)
    some: list[list[list[str]]] = [[], [[]], [["Radweg"]], [["Radweg", "Bank"], ["Radweg"]]]
    for cast in some:
        facts = result(cast)
        texts = [
            LOOKS.how(poll),
            LOOKS.how(poll_of(METHOD, {"most": 1})),
            *LOOKS.result(facts),
            *LOOKS.board(poll, [], dict(facts.counts)),
            *(c for t in LOOKS.tables(facts) for c in (t.name, *t.head)),
            *(LOOKS.ballot_text(facts, {"answers": answers}) for answers in cast),
            *(LOOKS.saved(poll, [], {"answers": answers}, 0)[0] for answers in cast),
            *(LOOKS.left(poll, [], ballot_of({"answers": answers})) for answers in cast),
            LOOKS.left(poll, [], ballot_of({}, cast=False)),
        ]
        for reader in readers():
            for one in texts:
                assert text.plain(one, reader).strip(), (one, reader.language)
    assert LOOKS.board(poll, [], None) == () and LOOKS.a_page(THREE, 0) == 8


# --- conversations ---------------------------------------------------------------------------


async def test_ideas_are_collected_without_names(town: Town) -> None:
    change_rules(town, running_totals_visible=True)
    await ask(town, "question", "Was fehlt in Ilmbrück?", "2", secrecy=None)
    await town.group_a.press("Antwort schreiben")
    await town.group_a.says("Ein Radweg zur Schule")
    assert "Gespeichert. 1 von höchstens 2 Antworten." in town.group_a.newest()
    await town.group_a.says("Antwort: Bänke")
    assert "Noch eine Antwort" not in "".join(town.group_a.buttons())
    await town.group_a.press("Löschen: Bänke")
    await town.group_a.says("Antwort: Mehr Bänke")
    assert "schon 2 Antworten" in await town.group_a.says("Antwort: Ein Café")
    await town.school.says("Antwort: ein Radweg zur Schule.")
    assert "3 Antworten" in town.group_a.newest(GROUP)
    told = await outcome(town)
    assert "• Ein Radweg zur Schule (2-mal)\n• Mehr Bänke" in told
    assert "Café" not in told


async def test_no_answer_is_told_by_interest_group(town: Town) -> None:
    await ask(town, "question", "Was stört Sie?", "1", secrecy=None)
    for who in (town.sports_club, town.nature_club, town.fire_brigade):
        await who.says(f"Antwort: Die Halle ist zu klein, sagt {who.who}")
    assert "3 Antworten" in await outcome(town)
    (group,) = town.one(Poll).result["groups"]
    assert group["cast"] == 3 and group["counts"] == {"cast": 3, "given": 3}
