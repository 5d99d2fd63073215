"""How scoring looks: cards, results, tables."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from bot import text
from handlers.polls.actions import Vote
from handlers.polls.facts import OptionFacts
from handlers.polls.methods.score import METHOD
from handlers.polls.methods.score.rules import TAKE_BACK
from handlers.polls.methods.score.views import ScoreViews
from handlers.router import pack
from tests.methods import OPTIONS, ballot_of, options_of, poll_of, readers, result_of, said
from tests.scoring import BY_TWO, FIVE, TEN, tally

VIEWS = ScoreViews()


def test_each_option_has_a_card_with_its_scale() -> None:
    assert VIEWS.a_page(FIVE, 40) == 1
    photovoltaics = OptionFacts(1, {"de": "Photovoltaik"}, "TF1.3", 120_000)
    (row,) = VIEWS.rows(poll_of(METHOD, FIVE), [photovoltaics], ballot_of({"1": 4}))
    assert said(row.line) == "TF1.3 Photovoltaik (120.000\u00a0€)\nIhre Bewertung: 4"
    line, (take_back,) = row.buttons
    assert said(take_back.label) == "Bewertung zurücknehmen"
    assert take_back.action == Vote(7, 1, TAKE_BACK, 0)
    assert [said(button.label) for button in line] == list("012345")
    assert [button.mark for button in line] == ["", "", "", "", "✓", ""]
    assert [button.action for button in line] == [Vote(7, 1, 0, value) for value in range(6)]
    (row,) = VIEWS.rows(poll_of(METHOD, TEN), [photovoltaics], ballot_of({}))
    assert [len(line) for line in row.buttons] == [5, 5]


def test_with_criteria_each_has_a_row_that_says_which_it_is() -> None:
    rows = VIEWS.rows(poll_of(METHOD, BY_TWO), options_of([1]), ballot_of({"1": [4, None]}))
    assert [said(row.line) for row in rows if row.line] == [
        "Weg 1",
        "A Wirkung (60\u00a0%): 4",
        "B Aufwand (40\u00a0%, weniger ist besser): –",
    ]
    buttons = [button for row in rows[1:] for line in row.buttons for button in line]
    assert [said(button.label) for button in buttons][4:8] == ["A 4", "A 5", "B 0", "B 1"]
    assert buttons[7].action == Vote(7, 1, 1, 1) and buttons[4].mark == "✓"
    assert all(len(pack(button.action)) <= 64 for button in buttons)


def test_a_seat_without_a_say_sees_why_there_are_no_buttons() -> None:
    (row,) = VIEWS.rows(poll_of(METHOD, FIVE), options_of([1]), ballot_of({}, barred={1}))
    assert row.buttons == () and "persönlich beteiligt" in said(row.line)


def test_progress_is_said_at_any_time() -> None:
    options = options_of(OPTIONS)

    def left(settings: dict[str, Any], value: dict[str, Any], **more: Any) -> str:
        return said(VIEWS.left(poll_of(METHOD, settings), options, ballot_of(value, **more)))

    assert "noch nicht" in left(FIVE, {}, cast=False)
    assert "2 von 8 Optionen sind bewertet" in left(FIVE, {"1": 0, "2": 5})
    assert "Alle 7 Optionen" in left(FIVE, {str(o): 3 for o in OPTIONS[:7]}, barred={8})
    assert "1 von 8 Optionen fertig. Bei 1 Option" in left(BY_TWO, {"1": [1, 1], "2": [None, 1]})


def test_the_confirmation_does_not_say_the_score() -> None:
    poll = poll_of(METHOD, FIVE, secrecy="secret")
    words, mark = VIEWS.saved(poll, options_of(OPTIONS), {"1": 4}, 1)
    assert said(words) == "Gespeichert. 1 Option bewertet." and mark == "4"
    assert (
        VIEWS.saved(poll_of(METHOD, BY_TWO), options_of(OPTIONS), {"1": [4, None]}, 1)[1] == "4/–"
    )


def test_what_is_taken_back_does_not_pass_unnoticed() -> None:
    words, mark = VIEWS.saved(poll_of(METHOD, FIVE), options_of(OPTIONS), {"2": 5}, 1)
    assert "zurückgenommen" in said(words) and mark == "–"


@pytest.mark.parametrize("settings", [FIVE, TEN, BY_TWO], ids=["five", "ten", "criteria"])
@pytest.mark.parametrize("reader", readers(), ids=lambda reader: reader.language)
def test_all_of_it_is_said_in_every_language(reader: text.Reader, settings: dict[str, Any]) -> None:
    poll, options = poll_of(METHOD, settings), options_of(OPTIONS)
    value: dict[str, Any] = {"1": [4, 1], "2": [3, None]} if settings is BY_TWO else {"1": 4}
    counts = tally([value, value], settings)
    facts = result_of(METHOD, settings, counts, cast=2)
    lines = [
        VIEWS.how(poll),
        VIEWS.left(poll, options, ballot_of(value)),
        VIEWS.saved(poll, options, value, 1)[0],
        *(row.line for row in VIEWS.rows(poll, options, ballot_of(value)) if row.line),
        *VIEWS.board(poll, options, None),
        *VIEWS.board(poll, options, counts),
        *VIEWS.result(facts),
        *(cell for bar in VIEWS.bars(facts) for cell in (bar.label, bar.shown, bar.note) if cell),
        *(head for table in VIEWS.tables(facts) for head in table.head),
        VIEWS.ballot_text(facts, value),
        VIEWS.ballot_text(facts, {}),
    ]
    assert all(text.plain(line, reader) and text.html(line, reader) for line in lines)


def test_a_result_reads_like_minutes() -> None:
    counts = tally([{"1": 5, "2": 2}, {"1": 4, "2": 2}, {"1": 4}])
    facts = result_of(METHOD, FIVE, counts, cast=3)
    words = "\n".join(said(line) for line in VIEWS.result(facts))
    assert "Die Reihenfolge folgt dem Mittelwert" in words
    assert (
        "1. Weg 1 – Mittelwert 4,33 (Median 4, Streuung 0,47, 3\u00a0Bewertungen)\n"
        "2. Weg 2 – Mittelwert 2 (Median 2, Streuung 0, 2\u00a0Bewertungen)\n"
        "Weg 3 – ohne Bewertung, kein Rang"
    ) in words
    bars = VIEWS.bars(facts)
    assert bars[0].value == Fraction(13, 3) and bars[2].value == 0 and bars[2].rank == ""
    (table,) = VIEWS.tables(facts)
    assert table.rows[0][2:] == (Fraction(13, 3), 4, Fraction(47, 100), 3, 0)
    assert table.rows[1][5:] == (2, 1) and table.rows[2][2:5] == (None, None, None)
    assert all(len(row) == len(table.head) for row in table.rows)


def test_a_table_by_criteria_has_a_column_for_each() -> None:
    counts = tally([{"1": [5, 1]}, {"1": [3, None]}], BY_TWO)
    (table,) = VIEWS.tables(result_of(METHOD, BY_TWO, counts, cast=2))
    assert [said(head) for head in table.head][-2:] == [
        "Mittelwert Wirkung (60\u00a0%)",
        "Mittelwert Aufwand (40\u00a0%, weniger ist besser)",
    ]
    assert table.rows[0][5:] == (1, 0, 1, Fraction(5), Fraction(1))
    assert all(len(row) == len(table.head) for row in table.rows)


def test_a_ballot_in_a_roll_call_is_said_in_words() -> None:
    facts = result_of(METHOD, BY_TWO, tally([], BY_TWO), cast=1)
    assert said(VIEWS.ballot_text(facts, {"2": [4, None], "1": [0, 5]})) == "Weg 1: 0/5; Weg 2: 4/–"


def test_a_tie_that_the_median_decided_is_said() -> None:
    counts = tally([{"1": 1, "2": 0}, {"1": 3, "2": 4}, {"1": 5, "2": 5}])
    words = [said(line) for line in VIEWS.result(result_of(METHOD, FIVE, counts, cast=3))]
    assert "Bei gleichem Mittelwert steht vorn, was den höheren Median hat." in words


def test_without_any_ballot_there_is_no_chart() -> None:
    assert VIEWS.bars(result_of(METHOD, FIVE, tally([]), cast=0)) == ()
