"""Scoring: what holds for any ballots."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from statistics import median, pvariance
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.polls.methods.score.criteria import Criterion
from handlers.polls.methods.score.rules import TAKE_BACK, deviation
from handlers.polls.rules import Broken, Cast
from tests.methods import OPTIONS
from tests.scoring import BASE, BY_TWO, FIVE, RULES, TEN, by_option, exact, tally

plain_ballots = st.lists(
    st.dictionaries(st.sampled_from([str(o) for o in OPTIONS]), st.integers(0, 5)), max_size=20
)
pairs = st.lists(st.none() | st.integers(0, 5), min_size=2, max_size=2).filter(
    lambda values: values != [None, None]
)
paired_ballots = st.lists(
    st.dictionaries(st.sampled_from([str(o) for o in OPTIONS]), pairs), max_size=20
)
weights = st.lists(st.integers(1, 50), min_size=2, max_size=6).map(
    lambda parts: [Fraction(part, sum(parts)) for part in parts]
)


# --- ballots ---------------------------------------------------------------------------------


@given(st.sampled_from([FIVE, TEN, BY_TWO]), st.data())
def test_whatever_is_pressed_the_ballot_keeps_to_the_rules(
    settings: dict[str, Any], data: st.DataObject
) -> None:
    ballot: dict[str, Any] = {}
    parts = max(1, len(settings["criteria"]))
    for _ in range(data.draw(st.integers(0, 12))):
        option = data.draw(st.sampled_from(OPTIONS[:3]))
        part = data.draw(st.integers(0, parts - 1))
        value = data.draw(st.integers(settings["low"], settings["high"]))
        ballot = RULES.press(settings, ballot, option, part, value)
        assert pick(ballot, option, part) == value
        assert RULES.press(settings, ballot, option, part, value) == ballot
        assert RULES.valid(settings, ballot, OPTIONS)


@given(st.sampled_from([FIVE, BY_TWO]), st.sampled_from(OPTIONS[:3]), st.integers(0, 5))
def test_a_score_is_taken_back_by_a_button_of_its_own(
    settings: dict[str, Any], option: int, value: int
) -> None:
    before = RULES.press(settings, {}, OPTIONS[3], 0, 2)
    given = RULES.press(settings, before, option, 0, value)
    assert RULES.press(settings, given, option, TAKE_BACK, 0) == before
    assert RULES.press(settings, before, option, TAKE_BACK, 0) == before


def pick(ballot: dict[str, Any], option: int, part: int) -> int | None:
    given = ballot.get(str(option))
    return given[part] if isinstance(given, list) else given


@pytest.mark.parametrize(("part", "value"), [(0, 6), (0, -1), (1, 3), (-1, 3)])
def test_what_no_button_says_is_refused(part: int, value: int) -> None:
    with pytest.raises(Broken):
        RULES.press(FIVE, {}, 1, part, value)


@pytest.mark.parametrize(
    ("settings", "ballot"),
    [
        (FIVE, {"99": 1}),
        (FIVE, {"1": 6}),
        (FIVE, {"1": True}),
        (FIVE, {"1": None}),
        (FIVE, {"1": [3]}),
        (TEN, {"1": 0}),
        (BY_TWO, {"1": 3}),
        (BY_TWO, {"1": [3]}),
        (BY_TWO, {"1": [None, None]}),
        (BY_TWO, {"1": [3, 7]}),
    ],
)
def test_ballots_that_nobody_could_press_are_not_valid(
    settings: dict[str, Any], ballot: dict[str, Any]
) -> None:
    assert not RULES.valid(settings, ballot, OPTIONS)


def test_an_option_is_done_when_every_criterion_is_scored() -> None:
    begun = RULES.press(BY_TWO, {}, 1, 0, 4)
    assert begun == {"1": [4, None]} and not RULES.answered(BY_TWO, begun, 1)
    assert RULES.answered(BY_TWO, RULES.press(BY_TWO, begun, 1, 1, 0), 1)
    assert RULES.answered(FIVE, {"1": 0}, 1) and not RULES.answered(FIVE, {}, 1)


# --- typed -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "typed", "ballot"),
    [
        (FIVE, "2=4", {"1": 1, "2": 4}),
        (FIVE, "2=4 3=5", {"1": 1, "2": 4, "3": 5}),
        (FIVE, " 2 = 4, 3=0;\n1=- ", {"2": 4, "3": 0}),
        (TEN, "8=10", {"1": 1, "8": 10}),
    ],
)
def test_scores_can_be_typed(settings: dict[str, Any], typed: str, ballot: dict[str, Any]) -> None:
    assert RULES.typed(settings, {"1": 1}, OPTIONS, typed) == ballot


def test_scores_by_criteria_can_be_typed() -> None:
    assert RULES.typed(BY_TWO, {}, OPTIONS, "2=4/3 3=-/1") == {"2": [4, 3], "3": [None, 1]}
    assert RULES.typed(BY_TWO, {"2": [4, 3]}, OPTIONS, "2=-/-") == {}


def test_options_are_typed_by_their_number_in_the_list_not_by_their_id() -> None:
    assert RULES.typed(FIVE, {}, [70, 50, 60], "2=4") == {"50": 4}


@pytest.mark.parametrize("typed", ["4", "7", "1 3", "Danke", "weiter", "a=b", "/offen", "4/3"])
def test_other_words_mean_no_score(typed: str) -> None:
    assert RULES.typed(FIVE, {}, OPTIONS, typed) is None


@pytest.mark.parametrize(
    ("settings", "typed", "message"),
    [
        (FIVE, "2=6", "score.out_of_scale"),
        (TEN, "2=0", "score.out_of_scale"),
        (FIVE, "9=1", "score.no_such_option"),
        (FIVE, "0=1", "score.no_such_option"),
        (FIVE, "2=4 und 3=5", "score.typed_unreadable"),
        (FIVE, "2=", "score.typed_unreadable"),
        (FIVE, "2=4/3", "score.typed_one_value"),
        (BY_TWO, "2=4", "score.typed_criteria"),
        (BY_TWO, "2=4/3/1", "score.typed_criteria"),
    ],
)
def test_what_is_meant_but_not_possible_is_said(
    settings: dict[str, Any], typed: str, message: str
) -> None:
    with pytest.raises(Broken) as broken:
        RULES.typed(settings, {}, OPTIONS, typed)
    assert broken.value.message == message


def test_the_number_of_the_button_is_not_taken_for_a_value_that_it_does_not_say() -> None:
    with pytest.raises(Broken, match=r"score\.out_of_scale"):
        RULES.typed(FIVE, {}, OPTIONS, "6")
    assert RULES.typed(BY_TWO, {}, OPTIONS, "6") is None, "there, buttons say A 5 and B 0"
    assert RULES.typed(TEN, {}, OPTIONS, "10") is None


# --- counting --------------------------------------------------------------------------------


@given(plain_ballots)
def test_the_numbers_are_those_of_the_textbook(votes: list[dict[str, Any]]) -> None:
    counts = tally(votes)
    for place in counts["places"]:
        given = [Fraction(v[str(place["option"])]) for v in votes if str(place["option"]) in v]
        assert place["n"] == len(given) and place["ballots"] == len(votes)
        if given:
            assert Fraction(place["mean"]) == sum(given) / len(given)
            assert Fraction(place["median"]) == median(given)
            assert Fraction(place["variance"]) == pvariance(given)
        else:
            assert place["rank"] == 0 and place["mean"] is None, "skipped by all is not 0"


@given(plain_ballots, st.sampled_from(OPTIONS))
def test_skipping_an_option_is_not_giving_it_a_zero(votes: list[dict[str, Any]], one: int) -> None:
    without = [{o: v for o, v in vote.items() if o != str(one)} for vote in votes]
    more = tally([*votes, *without])
    assert exact(more, "mean").get(one) == exact(tally(votes), "mean").get(one)
    assert by_option(more, "n")[one] == by_option(tally(votes), "n")[one]


@given(plain_ballots, st.randoms())
def test_who_votes_first_makes_no_difference(votes: list[dict[str, Any]], random: Any) -> None:
    mixed = list(votes)
    random.shuffle(mixed)
    assert tally(mixed) == tally(votes)


@given(paired_ballots, st.permutations(OPTIONS))
def test_the_names_of_options_make_no_difference(
    votes: list[dict[str, Any]], renamed: list[int]
) -> None:
    names = dict(zip(OPTIONS, renamed, strict=True))
    other = tally([{str(names[int(o)]): v for o, v in vote.items()} for vote in votes], BY_TWO)
    ranks = by_option(tally(votes, BY_TWO), "rank")
    assert {names[option]: rank for option, rank in ranks.items()} == by_option(other, "rank")


two_scores = st.tuples(st.integers(0, 5), st.integers(0, 5)).map(sorted)


@given(plain_ballots, plain_ballots, st.sampled_from(OPTIONS), two_scores)
def test_a_higher_score_never_makes_an_option_worse(
    votes: list[dict[str, Any]], mine: list[dict[str, Any]], one: int, scores: list[int]
) -> None:
    low, high = ({**(mine[0] if mine else {}), str(one): score} for score in scores)
    before, after = tally([*votes, low]), tally([*votes, high])
    assert by_option(after, "rank")[one] <= by_option(before, "rank")[one]


@given(paired_ballots, st.sampled_from(OPTIONS), st.integers(0, 5), two_scores)
def test_more_of_a_criterion_of_which_little_is_good_never_makes_an_option_better(
    votes: list[dict[str, Any]], one: int, impact: int, efforts: list[int]
) -> None:
    little, much = ({str(one): [impact, effort]} for effort in efforts)
    before, after = tally([*votes, little], BY_TWO), tally([*votes, much], BY_TWO)
    assert by_option(after, "rank")[one] >= by_option(before, "rank")[one]


@given(weights, st.data())
def test_a_weighted_mean_is_the_weighted_sum_of_the_criterias_means(
    parts: list[Fraction], data: st.DataObject
) -> None:
    weighed = [
        Criterion({"de": f"K{n}"}, weight, data.draw(st.booleans()))
        for n, weight in enumerate(parts)
    ]
    settings = {**TEN, "criteria": [criterion.stored() for criterion in weighed]}
    RULES.check(settings, 8)
    one_ballot = st.lists(st.integers(1, 10), min_size=len(parts), max_size=len(parts))
    votes = [{"1": given} for given in data.draw(st.lists(one_ballot, min_size=1, max_size=9))]
    place = next(p for p in tally(votes, settings)["places"] if p["option"] == 1)
    totals = [total(weighed, vote["1"]) for vote in votes]
    assert Fraction(place["mean"]) == sum(totals) / Fraction(len(totals))
    assert Fraction(place["median"]) == median(totals)
    assert Fraction(place["variance"]) == pvariance(totals)
    means = [Fraction(mean) for mean in place["criteria"]]
    assert total(weighed, means) == Fraction(place["mean"])


def total(weighed: Sequence[Criterion], values: Sequence[int | Fraction]) -> Fraction:
    """The weighted sum on the scale from 1 to 10, counted from above where little is good."""
    said = zip(weighed, values, strict=True)
    return sum((c.weight * (11 - v if c.less else v) for c, v in said), Fraction(0))


def test_only_seats_that_scored_every_criterion_count() -> None:
    counts = tally([{"1": [5, 0]}, {"1": [0, None]}, {"1": [None, 5]}, {}], BY_TWO)
    place = counts["places"][0]
    assert (place["option"], place["mean"], place["n"], place["partial"]) == (1, "5", 1, 2)
    assert place["criteria"] == ["5", "0"]


def test_of_equal_means_the_higher_median_goes_first_and_it_is_said() -> None:
    votes = [{"1": 1, "2": 0, "3": 3}, {"1": 3, "2": 4, "3": 3}, {"1": 5, "2": 5, "3": 3}]
    counts = tally(votes)
    assert exact(counts, "mean") == {1: 3, 2: 3, 3: 3}
    assert by_option(counts, "rank") | {4: 0} == {2: 1, 1: 2, 3: 2} | dict.fromkeys(range(4, 9), 0)
    assert by_option(counts, "shared")[1] and not by_option(counts, "shared")[2]
    assert counts["tiebreak"] and not tally(votes[:1])["tiebreak"]


def test_the_median_of_an_even_number_lies_between_the_two_in_the_middle() -> None:
    assert exact(tally([{"1": 2}, {"1": 5}]), "median")[1] == Fraction(7, 2)


def test_without_any_ballot_there_are_no_ranks() -> None:
    counts = tally([])
    assert set(by_option(counts, "rank").values()) == {0} and exact(counts, "mean") == {}


def test_a_seat_without_a_say_does_not_score_that_option() -> None:
    casts = [Cast({"1": 5, "2": 1}, frozenset({1})), Cast({"1": 1})]
    places = {p["option"]: p for p in RULES.tally(FIVE, OPTIONS, casts, BASE)["places"]}
    assert (places[1]["mean"], places[1]["n"], places[1]["ballots"]) == ("1", 1, 1)
    assert (places[2]["mean"], places[2]["n"], places[2]["ballots"]) == ("1", 1, 2)


@given(st.fractions(0, 25, max_denominator=1000))
def test_the_standard_deviation_is_right_to_the_hundredth(variance: Fraction) -> None:
    shown = deviation(variance)
    half = Fraction(1, 200)
    assert max(shown - half, Fraction(0)) ** 2 <= variance < (shown + half) ** 2
