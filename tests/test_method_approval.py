"""Multiple choice: what holds for any ballots, how it looks, and a poll as people live it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import text
from handlers.polls.methods.approval import METHOD
from handlers.polls.methods.approval.rules import Approval
from handlers.polls.methods.approval.views import ApprovalViews
from handlers.polls.rules import Base, Broken, Cast, Rules
from tests.methods import OPTIONS, ballot_of, options_of, poll_of, readers, result_of, said

RULES, VIEWS = Approval(), ApprovalViews()
BASE = Base(19, Rules())
THREE, ANY = {"most": 3}, {"most": 0}
limits = st.integers(0, len(OPTIONS)).map(lambda most: {"most": most})
presses = st.lists(st.sampled_from(OPTIONS), max_size=30)
ballots = st.lists(
    st.sets(st.sampled_from(OPTIONS)).map(lambda chosen: {str(o): 1 for o in sorted(chosen)}),
    max_size=25,
)


def tally(votes: list[dict[str, int]]) -> dict[str, Any]:
    return RULES.tally(ANY, OPTIONS, [Cast(vote) for vote in votes], BASE)


def by_option(counts: Mapping[str, Any], what: str) -> dict[int, Any]:
    return {place["option"]: place[what] for place in counts["places"]}


# --- ballots --------------------------------------------------------------------------------


@given(limits, presses)
def test_whatever_is_pressed_the_ballot_keeps_to_the_rules(
    settings: dict[str, int], pressed: list[int]
) -> None:
    ballot: dict[str, Any] = {}
    for option in pressed:
        chosen = str(option) in ballot
        if not chosen and settings["most"] and len(ballot) == settings["most"]:
            with pytest.raises(Broken, match=r"approval\.full"):
                RULES.press(settings, ballot, option, 0, 0)
            continue
        ballot = RULES.press(settings, ballot, option, 0, 0)
        assert RULES.answered(settings, ballot, option) is not chosen
        assert RULES.valid(settings, ballot, OPTIONS)


@given(limits, presses)
def test_every_ballot_can_be_emptied_again(settings: dict[str, int], pressed: list[int]) -> None:
    ballot: dict[str, Any] = {}
    for option in pressed:
        if not settings["most"] or len(ballot) < settings["most"] or str(option) in ballot:
            ballot = RULES.press(settings, ballot, option, 0, 0)
    for key in list(ballot):
        ballot = RULES.press(settings, ballot, int(key), 0, 0)
    assert ballot == {}


@pytest.mark.parametrize(
    "ballot", [{"99": 1}, {"1": 2}, {"1": True}, {"1": 1, "2": 1, "3": 1, "4": 1}, {"1": "1"}]
)
def test_ballots_that_nobody_could_press_are_not_valid(ballot: dict[str, Any]) -> None:
    assert not RULES.valid(THREE, ballot, OPTIONS)


def test_no_more_may_be_chosen_than_there_is() -> None:
    RULES.check(ANY, 2)
    RULES.check({"most": 8}, 8)
    for wrong in ({"most": 9}, {"most": -1}):
        with pytest.raises(Broken):
            RULES.check(wrong, 8)


# --- counting -------------------------------------------------------------------------------


@given(ballots)
def test_no_tick_is_lost_and_none_is_made_up(votes: list[dict[str, int]]) -> None:
    counts = tally(votes)
    assert sum(by_option(counts, "votes").values()) == sum(map(len, votes))
    assert counts["blank"] == votes.count({}) and counts["ballots"] == len(votes)


@given(ballots, st.randoms())
def test_who_votes_first_makes_no_difference(votes: list[dict[str, int]], random: Any) -> None:
    mixed = list(votes)
    random.shuffle(mixed)
    assert tally(mixed) == tally(votes)


@given(ballots, st.permutations(OPTIONS))
def test_the_names_of_options_make_no_difference(
    votes: list[dict[str, int]], renamed: list[int]
) -> None:
    names = dict(zip(OPTIONS, renamed, strict=True))
    other = tally([{str(names[int(o)]): n for o, n in vote.items()} for vote in votes])
    ranks = by_option(tally(votes), "rank")
    assert {names[option]: rank for option, rank in ranks.items()} == by_option(other, "rank")


@given(ballots, st.integers(0, 24), st.sampled_from(OPTIONS))
def test_one_more_tick_never_makes_an_option_worse(
    votes: list[dict[str, int]], who: int, one: int
) -> None:
    if who < len(votes):
        better = [*votes]
        better[who] = {**votes[who], str(one): 1}
        assert by_option(tally(better), "rank")[one] <= by_option(tally(votes), "rank")[one]


def test_without_any_ballot_there_are_no_ranks() -> None:
    assert set(by_option(tally([]), "rank").values()) == {0}


def test_a_seat_without_a_say_is_in_no_share_of_that_option() -> None:
    casts = [Cast({"1": 1, "2": 1}), Cast({"1": 1, "2": 1}, frozenset({1}))]
    places = {p["option"]: p for p in RULES.tally(ANY, OPTIONS, casts, BASE)["places"]}
    assert (places[1]["votes"], places[1]["ballots"]) == (1, 1)
    assert (places[2]["votes"], places[2]["ballots"]) == (2, 2)


# --- looks ----------------------------------------------------------------------------------


def test_the_ballot_has_a_box_for_each_option() -> None:
    poll, options = poll_of(METHOD, THREE), options_of(OPTIONS)
    rows = VIEWS.rows(poll, options, ballot_of({"2": 1, "3": 1}, barred={8}))
    marks = [button.mark for row in rows for line in row.buttons for button in line]
    assert marks == ["☐", "☑", "☑", "☐", "☐", "☐", "☐"]
    assert said(VIEWS.how(poll)) == "Jeder Sitz wählt bis zu 3 Optionen."
    left = said(VIEWS.left(poll, options, ballot_of({"2": 1, "3": 1})))
    assert left == "✓ Gespeichert. 2 von höchstens 3 sind gewählt."
    assert "zählt als Beteiligung" in said(VIEWS.left(poll, options, ballot_of({})))
    assert "noch nicht" in said(VIEWS.left(poll, options, ballot_of({}, cast=False)))


def test_the_confirmation_does_not_name_what_was_chosen() -> None:
    words, mark = VIEWS.saved(poll_of(METHOD, THREE), options_of(OPTIONS), {"2": 1}, 2)
    assert said(words) == "Gespeichert. 1 von höchstens 3 gewählt." and mark == "☑"


@pytest.mark.parametrize("settings", [THREE, ANY, {"most": 1}])
@pytest.mark.parametrize("reader", readers(), ids=lambda reader: reader.language)
def test_all_of_it_is_said_in_every_language(reader: text.Reader, settings: dict[str, int]) -> None:
    poll, options = poll_of(METHOD, settings), options_of(OPTIONS)
    counts = tally([{"1": 1}, {"1": 1}, {"2": 1}, {}])
    facts = result_of(METHOD, settings, counts, cast=4)
    lines = [
        VIEWS.how(poll),
        VIEWS.left(poll, options, ballot_of({"1": 1})),
        VIEWS.saved(poll, options, {"1": 1}, 1)[0],
        *VIEWS.board(poll, options, None),
        *VIEWS.board(poll, options, counts),
        *VIEWS.result(facts),
        *(cell for bar in VIEWS.bars(facts) for cell in (bar.label, bar.shown, bar.note) if cell),
        *(head for table in VIEWS.tables(facts) for head in table.head),
        VIEWS.ballot_text(facts, {"1": 1, "2": 1}),
        VIEWS.ballot_text(facts, {}),
    ]
    assert all(text.plain(line, reader) and text.html(line, reader) for line in lines)


def test_a_result_reads_like_minutes() -> None:
    counts = tally([{"1": 1, "2": 1}, {"1": 1}, {}])
    facts = result_of(METHOD, THREE, counts, cast=3)
    words = "\n".join(said(line) for line in VIEWS.result(facts))
    assert "mehr als 100\u00a0%" in words and "Ohne Auswahl: 1 Stimmzettel" in words
    assert "1. Weg 1 – 2\u00a0Nennungen (67\u00a0%)" in words
    assert VIEWS.tables(facts)[0].rows[0][3] == Fraction(2, 3)
    assert said(VIEWS.ballot_text(facts, {"1": 1, "2": 1})) == "Weg 1; Weg 2"
