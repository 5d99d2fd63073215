"""Choosing one option: what holds for any ballots, how it looks, and a poll as people live it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import text
from handlers.polls.methods.choice import METHOD
from handlers.polls.methods.choice.rules import Choice
from handlers.polls.methods.choice.views import ChoiceViews
from handlers.polls.rules import Base, Broken, Cast, Rules
from tests.methods import OPTIONS, ballot_of, options_of, poll_of, readers, result_of, said

RULES, VIEWS = Choice(), ChoiceViews()
BASE = Base(19, Rules())
presses = st.lists(st.sampled_from(OPTIONS), max_size=12)
ballots = st.lists(
    st.sampled_from([{}, *({str(option): 1} for option in OPTIONS)]),
    max_size=25,
)


def tally(votes: list[dict[str, int]], barred: frozenset[int] = frozenset()) -> dict[str, Any]:
    return RULES.tally({}, OPTIONS, [Cast(vote, barred) for vote in votes], BASE)


def by_option(counts: Mapping[str, Any], what: str) -> dict[int, Any]:
    return {place["option"]: place[what] for place in counts["places"]}


# --- ballots --------------------------------------------------------------------------------


@given(presses)
def test_whatever_is_pressed_at_most_one_option_is_chosen(pressed: list[int]) -> None:
    ballot: dict[str, Any] = {}
    for option in pressed:
        ballot = RULES.press({}, ballot, option, 0, 0)
        assert RULES.valid({}, ballot, OPTIONS)
        assert ballot in ({}, {str(option): 1})


def test_a_press_on_the_chosen_one_takes_it_back() -> None:
    once = RULES.press({}, {}, 3, 0, 0)
    assert once == {"3": 1} and RULES.press({}, once, 3, 0, 0) == {}
    assert RULES.press({}, once, 5, 0, 0) == {"5": 1}
    assert RULES.answered({}, once, 7) and not RULES.answered({}, {}, 3)


@pytest.mark.parametrize("ballot", [{"99": 1}, {"1": 2}, {"1": True}, {"1": 1, "2": 1}, {"1": "1"}])
def test_ballots_that_nobody_could_press_are_not_valid(ballot: dict[str, Any]) -> None:
    assert not RULES.valid({}, ballot, OPTIONS)


def test_there_is_nothing_to_write_on_it() -> None:
    with pytest.raises(Broken):
        RULES.write({}, {}, 0, "lieber nicht")
    assert RULES.typed({}, {}, OPTIONS, "3") is None


# --- counting -------------------------------------------------------------------------------


@given(ballots)
def test_every_ballot_is_counted_once_or_is_blank(votes: list[dict[str, int]]) -> None:
    counts = tally(votes)
    assert sum(by_option(counts, "votes").values()) + counts["blank"] == counts["ballots"]
    assert counts["ballots"] == len(votes)
    assert sorted(by_option(counts, "votes")) == OPTIONS


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


@given(ballots, st.sampled_from(OPTIONS))
def test_one_more_vote_never_makes_an_option_worse(votes: list[dict[str, int]], one: int) -> None:
    if votes:
        more = tally([*votes, {str(one): 1}])
        assert by_option(more, "rank")[one] <= by_option(tally(votes), "rank")[one]


def test_without_any_ballot_there_are_no_ranks() -> None:
    counts = tally([])
    assert set(by_option(counts, "rank").values()) == {0}
    assert set(by_option(counts, "votes").values()) == {0}
    assert VIEWS.bars(result_of(METHOD, {}, counts, cast=0)) == ()


def test_only_blank_ballots_are_a_tie_of_all() -> None:
    counts = tally([{}, {}])
    assert counts["blank"] == 2 and set(by_option(counts, "rank").values()) == {1}


def test_a_seat_without_a_say_is_in_no_share_of_that_option() -> None:
    casts = [Cast({"1": 1}), Cast({"1": 1}, frozenset({1})), Cast({"2": 1}, frozenset({1}))]
    counts = RULES.tally({}, OPTIONS, casts, BASE)
    places = {place["option"]: place for place in counts["places"]}
    assert (places[1]["votes"], places[1]["ballots"]) == (1, 1)
    assert (places[2]["votes"], places[2]["ballots"]) == (1, 3)
    assert counts["blank"] == 1, "a choice that does not count leaves the ballot blank"


# --- looks ----------------------------------------------------------------------------------


def test_the_ballot_marks_the_chosen_one() -> None:
    poll, options = poll_of(METHOD, {}), options_of(OPTIONS)
    rows = VIEWS.rows(poll, options, ballot_of({"2": 1}, barred={8}))
    marks = [button.mark for row in rows for line in row.buttons for button in line]
    assert marks == ["○", "◉", "○", "○", "○", "○", "○"]
    assert "persönlich beteiligt" in said(rows[-1].line)
    assert "✓ Gespeichert. Gewählt: Weg 2" in said(VIEWS.left(poll, options, ballot_of({"2": 1})))
    assert "zählt als Beteiligung" in said(VIEWS.left(poll, options, ballot_of({})))
    assert "noch nicht" in said(VIEWS.left(poll, options, ballot_of({}, cast=False)))


def test_the_confirmation_of_a_secret_choice_does_not_say_it() -> None:
    poll = poll_of(METHOD, {}, secrecy="secret")
    words, mark = VIEWS.saved(poll, options_of(OPTIONS), {"2": 1}, 2)
    assert "Weg" not in said(words) and mark == "◉"


@pytest.mark.parametrize("reader", readers(), ids=lambda reader: reader.language)
def test_all_of_it_is_said_in_every_language(reader: text.Reader) -> None:
    poll, options = poll_of(METHOD, {}), options_of(OPTIONS)
    counts = tally([{"1": 1}, {"1": 1}, {"2": 1}, {"3": 1}, {}])
    facts = result_of(METHOD, {}, counts, cast=5)
    lines = [
        VIEWS.how(poll),
        *VIEWS.board(poll, options, None),
        *VIEWS.board(poll, options, counts),
        *VIEWS.result(facts),
        *(cell for bar in VIEWS.bars(facts) for cell in (bar.label, bar.shown, bar.note) if cell),
        *(head for table in VIEWS.tables(facts) for head in table.head),
        VIEWS.ballot_text(facts, {"1": 1}),
        VIEWS.ballot_text(facts, {}),
    ]
    assert all(text.plain(line, reader) and text.html(line, reader) for line in lines)


def test_a_result_reads_like_minutes() -> None:
    counts = tally([{"1": 1}, {"1": 1}, {"2": 1}, {"3": 1}, {}])
    facts = result_of(METHOD, {}, counts, cast=5)
    words = "\n".join(said(line) for line in VIEWS.result(facts))
    assert "Anteil an den Stimmzetteln" in words and "Ohne Auswahl: 1 Stimmzettel" in words
    assert "1. Weg 1 – 2\u00a0Stimmen (40\u00a0%)" in words
    assert "2.= Weg 2 – 1\u00a0Stimme (20\u00a0%)" in words and "geteilter Rang" in words
    (table,) = VIEWS.tables(facts)
    assert table.rows[0][2:] == (2, Fraction(2, 5))
    assert [bar.rank for bar in VIEWS.bars(facts)][:4] == ["1.", "2.=", "2.=", "4.="]
