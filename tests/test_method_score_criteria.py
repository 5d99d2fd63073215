"""Weighted criteria as people type them, and the effort–benefit matrix."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from handlers.polls.facts import OptionFacts
from handlers.polls.methods.score import criteria
from handlers.polls.methods.score.criteria import Criterion
from handlers.polls.methods.score.matrix import Point, matrix, same_options
from handlers.polls.rules import Broken, Cast
from tests.scoring import BASE, BY_TWO, FIVE, RULES, TEN, tally

# --- criteria --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Wirkung 60 %\nAufwand 40", [("Wirkung", "3/5", False), ("Aufwand", "2/5", False)]),
        (
            "- Wirkung: 60%\n- Aufwand – 40 %, umgekehrt",
            [("Wirkung", "3/5", False), ("Aufwand", "2/5", True)],
        ),
        ("CO2\nKosten (weniger ist besser)", [("CO2", "1/2", False), ("Kosten", "1/2", True)]),
        (
            "A 33,33\nB 33.33\nZiel 3 33,34 Prozent",
            [
                ("A", "3333/10000", False),
                ("B", "3333/10000", False),
                ("Ziel 3", "1667/5000", False),
            ],
        ),
        (
            "Eins\nZwei\nDrei",
            [("Eins", "1/3", False), ("Zwei", "1/3", False), ("Drei", "1/3", False)],
        ),
    ],
)
def test_criteria_are_read_as_people_write_them(
    typed: str, read: list[tuple[str, str, bool]]
) -> None:
    found = criteria.read(typed, "de")
    assert [(c.name["de"], str(c.weight), c.less) for c in found] == read
    assert sum(c.weight for c in found) == 1
    assert tuple(Criterion.of(c.stored()) for c in found) == found


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("Wirkung 100", "score.number_of_criteria"),
        ("\n".join(f"K{n}" for n in "abcdefg"), "score.number_of_criteria"),
        ("Wirkung 60\nAufwand 30", "score.weights_sum"),
        ("Wirkung 60,5\nAufwand 40", "score.weights_sum"),
        ("Wirkung 60\nAufwand", "score.weight_missing"),
        ("Wirkung 100\nAufwand 0", "score.weight_zero"),
        ("Wirkung 50\nwirkung 50", "score.criterion_twice"),
        (f"{'x' * 41} 50\nAufwand 50", "score.criterion_too_long"),
    ],
)
def test_criteria_that_make_no_sense_are_refused(typed: str, message: str) -> None:
    with pytest.raises(Broken) as broken:
        criteria.read(typed, "de")
    assert broken.value.message == message


def test_a_wrong_sum_is_named() -> None:
    with pytest.raises(Broken) as broken:
        criteria.read("Wirkung 60,5\nAufwand 40", "de")
    assert broken.value.named == {"total": "100,5"}


@pytest.mark.parametrize(
    "settings",
    [
        {"low": 0, "high": 10, "criteria": []},
        {**FIVE, "criteria": BY_TWO["criteria"][:1]},
        {**FIVE, "criteria": [BY_TWO["criteria"][0], BY_TWO["criteria"][0]]},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(Broken):
        RULES.check(settings, 8)


# --- the matrix ------------------------------------------------------------------------------


def test_measures_stand_where_their_benefit_and_effort_put_them() -> None:
    votes = [{"1": [5, 1], "2": [4, 5], "3": [1, 0], "4": [0, 4], "5": [5, None]}]
    points = {point.option: point for point in matrix(tally(votes, BY_TWO))}
    assert points[1] == Point(1, Fraction(5), Fraction(1), "quick_win")
    assert {o: p.quadrant for o, p in points.items()} == {
        1: "quick_win",
        2: "project",
        3: "aside",
        4: "thankless",
    }, "what nobody scored completely has no point"


def test_a_matrix_of_two_polls_finds_the_same_measures() -> None:
    here = [OptionFacts(1, {"de": "Dach"}, "TF1.1"), OptionFacts(2, {"de": "Rad"})]
    there = [OptionFacts(12, {"de": "rad"}), OptionFacts(11, {"de": "Dächer"}, "TF1.1")]
    same = same_options(here, there)
    assert same == {1: 11, 2: 12}
    benefit = RULES.tally(FIVE, [1, 2], [Cast({"1": 4, "2": 3})], BASE)
    effort = RULES.tally(TEN, [11, 12], [Cast({"11": 2})], BASE)
    assert matrix(benefit, effort, same) == (Point(1, Fraction(4), Fraction(2), "quick_win"),)


def test_a_matrix_of_one_result_needs_two_criteria() -> None:
    with pytest.raises(ValueError, match="exactly two"):
        matrix(tally([{"1": 3}]))
