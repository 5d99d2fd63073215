"""The effort–benefit matrix: where its points are, and what it says in words."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.chat import Translated, plain
from handlers.polls.documents import PHOTO_BYTES, PHOTO_SIDES_PX, png_size
from handlers.polls.exports import Format, offered
from handlers.polls.exports.matrix import (
    MOST_SPOTS,
    Matrix,
    Scale,
    Spot,
    alternative,
    matrix_png,
    of_score,
    place,
)
from handlers.polls.facts import ResultFacts
from handlers.polls.methods import score
from tests.results import MEASURES, made, measures, pasted, result, words

# --- effort and benefit --------------------------------------------------------------------

TENTHS = st.integers(0, 50).map(lambda n: Fraction(n, 10))


def matrix(spots: Sequence[tuple[Fraction, Fraction]], name: str = "Maßnahme") -> Matrix:
    return Matrix(
        plain("Aufwand und Nutzen"),
        plain("16 von 19 Sitzen"),
        tuple(
            Spot(n, plain(f"{name} {n}"), benefit, effort)
            for n, (benefit, effort) in enumerate(spots, 1)
        ),
        Scale(0, 5),
        Scale(0, 5),
        plain("Stadt Ilmbrück"),
        plain("Nutzen"),
        plain("Aufwand"),
    )


@given(st.lists(st.tuples(TENTHS, TENTHS), min_size=1, max_size=25))
@settings(deadline=None)
def test_points_stand_where_they_belong_and_no_number_covers_another(
    spots: list[tuple[Fraction, Fraction]],
) -> None:
    placed = place(matrix(spots), 20)
    for (benefit, effort), one in zip(spots, placed, strict=True):
        assert one.point == pytest.approx((float(effort) * 200, 1000 - float(benefit) * 200))
        assert all(0 <= part <= 1000 for part in one.label)
    for one, other in combinations(placed, 2):
        apart = [a - b for a, b in zip(one.label, other.label, strict=True)]
        assert apart[0] ** 2 + apart[1] ** 2 >= (2 * 0.95 * 20) ** 2


def test_the_alternative_says_everything_that_is_drawn() -> None:
    half = Fraction(5, 2)
    spots = [(Fraction(9, 2), Fraction(1)), (Fraction(4), Fraction(13, 3)), (half, half)]
    spots += [(Fraction(1), Fraction(1)), (Fraction(1), Fraction(5))]
    said = words()(alternative(matrix(spots))).replace("\u00a0", " ")
    assert said == (
        "Matrix aus Aufwand und Nutzen „Aufwand und Nutzen“: "
        "1 Maßnahme 1 (Nutzen 4,5 · Aufwand 1): Nutzen hoch, Aufwand niedrig; "
        "2 Maßnahme 2 (Nutzen 4 · Aufwand 4,33): Nutzen hoch, Aufwand hoch; "
        "3 Maßnahme 3 (Nutzen 2,5 · Aufwand 2,5): Nutzen hoch, Aufwand niedrig; "
        "4 Maßnahme 4 (Nutzen 1 · Aufwand 1): Nutzen niedrig, Aufwand niedrig; "
        "5 Maßnahme 5 (Nutzen 1 · Aufwand 5): Nutzen niedrig, Aufwand hoch"
    )


# --- from a result by score ----------------------------------------------------------------


def scored(*criteria: tuple[str, bool], **more: Any) -> ResultFacts:
    """Six seats: the first measure 5 by the first criterion and 1 by the second, and so on."""
    values = ((5, 1), (4, 4), (1, 2), (1, 5), (3, 3))
    one = {str(id): list(pair[: len(criteria)]) for id, pair in enumerate(values, 11)}
    named = [
        {"name": {"de": name}, "weight": f"1/{len(criteria)}", "less": less}
        for name, less in criteria
    ]
    of = {"low": 0, "high": 5, "criteria": named}
    return result(score.METHOD, [one] * 6, measures(), of, **more)


def test_a_result_by_benefit_and_effort_has_a_matrix_under_the_town_s_own_names() -> None:
    facts = scored(("Wirkung", False), ("Kosten", True))
    found = of_score(facts, "Stadt Ilmbrück")
    assert found is not None
    said = words()(alternative(found)).replace("\u00a0", " ")
    assert said.startswith("Matrix aus Kosten und Wirkung")
    assert f"{MEASURES[0]} (Wirkung 5 · Kosten 1): Wirkung hoch, Kosten niedrig" in said
    assert f"{MEASURES[3]} (Wirkung 1 · Kosten 5): Wirkung niedrig, Kosten hoch" in said
    assert Format.MATRIX in offered(facts, score.METHOD)
    png = made(facts, score.METHOD, Format.MATRIX)
    assert png.name == "Ergebnis-12.png" and png_size(png.data)[0] == 1200


def test_whichever_was_asked_first_benefit_goes_up_and_effort_across() -> None:
    facts = scored(("Kosten", True), ("Wirkung", False))
    found = of_score(facts, "Stadt Ilmbrück")
    assert found is not None and found.up == plain(Translated({"de": "Wirkung"}))
    spot = next(s for s in found.spots if s.label == plain(Translated({"de": MEASURES[0]})))
    assert spot.benefit == 1 and spot.effort == 5


def test_other_results_have_no_matrix() -> None:
    for facts in (
        scored(("Wirkung", False), ("Beliebtheit", False)),
        scored(("Wirkung", False), ("Kosten", True), cast=0),
        scored(("Wirkung", False), ("Kosten", True), withheld=True),
        pasted(),
    ):
        assert of_score(facts, "Stadt Ilmbrück") is None
        assert Format.MATRIX not in offered(facts, score.METHOD)
        with pytest.raises(ValueError, match="no effort and benefit"):
            made(facts, score.METHOD, Format.MATRIX)


def test_the_result_sheet_shows_the_matrix_with_its_words() -> None:
    facts = scored(("Nutzen", False), ("Aufwand", True))
    document = Document(io.BytesIO(made(facts, score.METHOD, Format.DOCX).data))
    alts = [shape._inline.docPr.get("descr") for shape in document.inline_shapes]
    assert len(alts) == 2 and alts[1].startswith("Matrix aus Aufwand und Nutzen")


@pytest.mark.parametrize("count", [1, 12, MOST_SPOTS])
@pytest.mark.parametrize(
    "name", ["Rufbus", "Ein ausführlich beschriebener Vorschlag " * 7, "W" * 200]
)
def test_every_matrix_is_a_picture_that_telegram_accepts(count: int, name: str) -> None:
    chance = random.Random(count)
    spots = [
        (Fraction(chance.randint(0, 50), 10), Fraction(chance.randint(0, 50), 10))
        for _ in range(count)
    ]
    png = matrix_png(matrix(spots, name), words(), "de")
    across, down = png_size(png)
    assert across == 1200 and across + down <= PHOTO_SIDES_PX and len(png) <= PHOTO_BYTES


def test_the_same_matrix_is_the_same_bytes_and_another_one_is_not() -> None:
    one, two = ([(Fraction(n), Fraction(2))] for n in (1, 2))
    assert matrix_png(matrix(one), words(), "de") == matrix_png(matrix(one), words(), "de")
    assert matrix_png(matrix(one), words(), "de") != matrix_png(matrix(two), words(), "de")


def test_what_is_not_a_matrix_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 60"):
        matrix_png(matrix([]), words(), "de")
    with pytest.raises(ValueError, match="not on a scale"):
        matrix_png(matrix([(Fraction(6), Fraction(1))]), words(), "de")
