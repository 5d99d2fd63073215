"""Elections: one ballot for one person, more than half elects, nothing is decided silently."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import text
from handlers.polls.methods.election import METHOD
from handlers.polls.rules import Base, Broken, Cast, Rules
from tests.methods import ballot_of, options_of, poll_of, readers, result_of, said

RULES = METHOD.rules
FIRST = {"round": 1, "base": "present", "single": False}
SINGLE = {"round": 1, "base": "present", "single": True}
RUN_OFF = {"round": 2, "base": "present", "single": False, "first": 7}
BASE = Base(16, Rules())
FEUERWEHR, SPORTVEREIN, KIRCHE = 17, 14, 9
THREE = [FEUERWEHR, SPORTVEREIN, KIRCHE]

votes_for = st.lists(st.sampled_from([*map(str, THREE), "abstain"]), max_size=16)


def casts(*votes: str | int) -> list[Cast]:
    return [Cast({str(vote): 1}) for vote in votes]


def tally(votes: list[Cast], options: list[int] = THREE, **settings: Any) -> dict[str, Any]:
    return RULES.tally({**FIRST, **settings}, options, votes, BASE)


# --- the ballot ------------------------------------------------------------------------------


def test_one_tap_is_one_vote_and_the_next_replaces_it() -> None:
    ballot = RULES.press(FIRST, {}, FEUERWEHR, 0, 0)
    assert ballot == {"17": 1} and RULES.press(FIRST, ballot, FEUERWEHR, 0, 0) == ballot
    assert RULES.press(FIRST, ballot, KIRCHE, 0, 0) == {"9": 1}
    assert RULES.press(FIRST, ballot, 0, 0, 1) == {"abstain": 1}


def test_against_is_possible_only_where_one_person_stands() -> None:
    assert RULES.press(SINGLE, {}, 0, 0, 2) == {"no": 1}
    with pytest.raises(Broken, match=r"election\.choose"):
        RULES.press(FIRST, {}, 0, 0, 2)
    assert RULES.valid(SINGLE, {"no": 1}, [17]) and not RULES.valid(FIRST, {"no": 1}, THREE)


@pytest.mark.parametrize(
    "ballot", [{}, {"17": 2}, {"17": True}, {"17": 1, "9": 1}, {"99": 1}, {"yes": 1}]
)
def test_nothing_else_is_stored(ballot: dict[str, Any]) -> None:
    assert not RULES.valid(FIRST, ballot, THREE)


@pytest.mark.parametrize(
    ("settings", "words", "ballot"),
    [
        (FIRST, "Enthaltung", {"abstain": 1}),
        (FIRST, "ja", None),
        (FIRST, "2", None),
        (SINGLE, "Ja!", {"17": 1}),
        (SINGLE, "nein", {"no": 1}),
        (SINGLE, "guten Morgen", None),
    ],
)
def test_typed_words(settings: dict[str, Any], words: str, ballot: Any) -> None:
    assert RULES.typed(settings, {}, [17], words) == ballot


@pytest.mark.parametrize(
    ("settings", "options"),
    [(FIRST, 0), (FIRST, 1), (SINGLE, 2), (RUN_OFF, 3), ({**FIRST, "base": "half"}, 2)],
)
def test_rules_that_make_no_sense_are_refused(settings: dict[str, Any], options: int) -> None:
    with pytest.raises(Broken):
        RULES.check(settings, options)


def test_an_election_is_secret_unless_the_rules_of_procedure_let_it_be_open() -> None:
    assert METHOD.secrecies(Rules()) == ("secret",)
    assert METHOD.secrecies(Rules(open_elections=True)) == ("secret", "open")
    assert METHOD.fewest_options == 1 and not METHOD.conflicts


# --- the count -------------------------------------------------------------------------------


def test_nine_of_sixteen_are_elected() -> None:
    cast = casts(*[FEUERWEHR] * 9, *[SPORTVEREIN] * 6, "abstain")
    counts = tally(cast, [FEUERWEHR, SPORTVEREIN])
    assert (counts["verdict"], counts["elected"]) == ("elected", FEUERWEHR)
    assert (counts["base"], counts["needed"], counts["abstain"]) == (16, 9, 1)
    assert [v["votes"] for v in counts["votes"]] == [9, 6]


def test_exactly_half_leads_into_the_run_off() -> None:
    counts = tally(casts(*[FEUERWEHR] * 8, *[SPORTVEREIN] * 5, *[KIRCHE] * 3))
    assert counts["verdict"] == "run_off" and counts["next_round"] == [FEUERWEHR, SPORTVEREIN]


def test_who_is_second_may_need_a_lot_before_the_run_off() -> None:
    counts = tally(casts(*[FEUERWEHR] * 8, *[SPORTVEREIN] * 4, *[KIRCHE] * 4))
    assert (counts["next_round"], counts["lot_places"]) == ([FEUERWEHR], 1)
    assert counts["lot_among"] == [SPORTVEREIN, KIRCHE]


def test_a_tie_in_the_run_off_is_left_to_the_lot() -> None:
    cast = casts(*[FEUERWEHR] * 8, *[SPORTVEREIN] * 8)
    counts = RULES.tally(RUN_OFF, [FEUERWEHR, SPORTVEREIN], cast, BASE)
    assert (counts["verdict"], counts["elected"], counts["lot_places"]) == ("lot", None, 1)


def test_a_single_candidate_needs_more_yes_than_half() -> None:
    yes = RULES.tally(SINGLE, [17], casts(*[17] * 9, *["no"] * 7), BASE)
    no = RULES.tally(SINGLE, [17], casts(*[17] * 8, *["no"] * 7, "abstain"), BASE)
    assert (yes["verdict"], no["verdict"], no["against"]) == ("elected", "not_elected", 7)


def test_without_a_quorum_nobody_is_elected() -> None:
    counts = tally(casts(*[FEUERWEHR] * 8))
    assert counts["verdict"] == "no_decision" and not counts["quorate"]
    assert tally([])["verdict"] == "no_decision"


@given(votes_for, st.permutations(THREE), st.randoms(use_true_random=False))
def test_neither_the_order_of_the_list_nor_of_the_ballots_changes_who_is_elected(
    votes: list[str], order: list[int], chance: Any
) -> None:
    before = tally(casts(*votes))
    chance.shuffle(votes)
    after = tally(casts(*votes), order)
    assert before["verdict"] == after["verdict"] and before["elected"] == after["elected"]
    for name in ("next_round", "lot_among"):
        assert sorted(before[name]) == sorted(after[name])


@given(votes_for)
def test_every_ballot_is_counted_once(votes: list[str]) -> None:
    counts = tally(casts(*votes))
    assert sum(v["votes"] for v in counts["votes"]) + counts["abstain"] == len(votes)
    if counts["elected"] is not None:
        won = next(v["votes"] for v in counts["votes"] if v["option"] == counts["elected"])
        assert 2 * won > counts["base"] and counts["quorate"]


@given(votes_for, st.integers(0, 15))
def test_a_vote_more_never_takes_the_election_away(votes: list[str], changed: int) -> None:
    before = tally(casts(*votes))
    winner = before["elected"]
    if winner is None or not votes:
        return
    votes[changed % len(votes)] = str(winner)
    assert tally(casts(*votes))["elected"] == winner


# --- how it looks ----------------------------------------------------------------------------


def test_the_ballot_names_all_who_stand_and_abstention() -> None:
    rows = METHOD.views.rows(poll_of(METHOD, FIRST), options_of(THREE), ballot_of({"14": 1}))
    labels = [text.label(b, readers()[0]) for row in rows for line in row.buttons for b in line]
    assert [label.split()[0] for label in labels] == ["Weg", "Weg", "Weg", "Enthaltung"]
    assert ["◉" in label for label in labels] == [False, True, False, False]


def test_a_single_candidate_is_voted_on_by_yes_and_no() -> None:
    rows = METHOD.views.rows(poll_of(METHOD, SINGLE), options_of([17]), ballot_of({}, cast=False))
    labels = [text.label(b, readers()[0]) for row in rows for line in row.buttons for b in line]
    assert [label.split()[0] for label in labels] == ["Ja", "Nein", "Enthaltung"]


def test_a_secret_vote_is_confirmed_without_a_name() -> None:
    poll = poll_of(METHOD, FIRST, secrecy="secret")
    saved, mark = METHOD.views.saved(poll, options_of(THREE), {"17": 1}, 17)
    assert said(saved) == "Gespeichert." and mark == ""


@pytest.mark.parametrize(
    "votes",
    [
        [FEUERWEHR] * 9 + [SPORTVEREIN] * 7,
        [FEUERWEHR] * 8 + [SPORTVEREIN] * 5 + [KIRCHE] * 3,
        [FEUERWEHR] * 8 + [SPORTVEREIN] * 4 + [KIRCHE] * 4,
        [FEUERWEHR] * 5 + [SPORTVEREIN] * 5 + [KIRCHE] * 5,
        [FEUERWEHR] * 2,
        [],
    ],
)
def test_every_outcome_is_said_in_every_language(votes: list[int]) -> None:
    counts = tally(casts(*votes))
    facts = result_of(METHOD, FIRST, counts, cast=len(votes), options=options_of(THREE))
    for reader in readers():
        told = "\n".join(text.plain(line, reader) for line in METHOD.views.result(facts))
        assert told and "{" not in told
    tables = METHOD.views.tables(facts)
    assert [row[2] for row in tables[0].rows][:3] == [v["votes"] for v in counts["votes"]]


def test_the_result_reads_like_minutes() -> None:
    counts = tally(casts(*[FEUERWEHR] * 9, *[SPORTVEREIN] * 6, "abstain"))
    facts = result_of(METHOD, FIRST, counts, cast=16, options=options_of(THREE))
    told = "\n".join(said(line) for line in METHOD.views.result(facts))
    assert "Gewählt ist Weg 17 mit 9 Stimmen" in told
    assert "abgestimmt: 16 von 16 Sitzen, nötig: 9" in told
    assert "mehr als die Hälfte aller abgegebenen Stimmen (16), also mindestens 9" in told
    assert "Weg 14 – 6 Stimmen" in told and "Enthaltung – 1 Stimme" in told
