"""A municipality puts 250 measures in order: cards stay short, and nobody is asked about 251."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from handlers.chat import Card
from handlers.polls import views
from handlers.polls.facts import OptionFacts
from handlers.polls.methods.registry import METHODS
from handlers.polls.rules import MOST_OPTIONS, Base, Broken, Cast, Rules, check_options
from tests.ballots import LANGUAGES, ballot, open_poll, reads
from tests.benchmarks.tallies import CASES
from tests.polling import GROUP
from tests.test_method_choosing import prepare_typed
from tests.world import Town

TELEGRAM = 4096
"""Characters in a message (Bot API, sendMessage)."""

LISTED = ("choice", "approval", "dots", "score", "ranking", "consensing", "budget")


def measures(letters: int) -> list[OptionFacts]:
    """So many measures as there may be, each in so many letters."""
    return [
        OptionFacts(number, {"de": f"{number} ".ljust(letters, "x")}, f"M{number}", 10_000)
        for number in range(1, MOST_OPTIONS + 1)
    ]


def letters(card: Card, language: str = "de") -> int:
    return len("\n\n".join(reads(part, language) for part in card.body))


def voted(method: str, options: Sequence[OptionFacts]) -> tuple[dict[str, Any], list[Cast]]:
    """A method's settings, and 25 ballots on all of the options."""
    ids, chance, case = [option.id for option in options], random.Random(7), CASES[method]
    casts = [Cast(case.ballot(chance, ids)) for _ in range(25)]
    return case.settings(ids), casts


def test_251_options_are_refused_and_250_are_not() -> None:
    assert len(check_options([f"Weg {n}" for n in range(MOST_OPTIONS)])) == 250
    with pytest.raises(Broken) as refused:
        check_options([f"Weg {n}" for n in range(300)])
    assert refused.value.message == "polls.too_many_options"
    assert refused.value.named == {"n": 300, "most": 250}
    assert all(METHODS[method].most_options == MOST_OPTIONS for method in LISTED)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("method", LISTED)
def test_a_board_of_250_measures_is_one_message(method: str, language: str) -> None:
    for long in (30, 200):
        options = measures(long)
        settings, casts = voted(method, options)
        poll = open_poll(method, settings)
        ids = [option.id for option in options]
        counts = METHODS[method].running(settings, ids, casts, Base(25, Rules()))
        card = views.poll_board(poll, METHODS[method].views, options, counts)
        assert letters(card, language) <= TELEGRAM
        shown = reads(card.body[-1], language).splitlines()
        assert str(MOST_OPTIONS - (len(shown) - 1)) in shown[-1], "how many more there are"
        assert len(shown) == (41 if long == 30 else 16)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("method", LISTED)
def test_every_page_of_a_ballot_is_one_message(method: str, language: str) -> None:
    options = measures(60)
    settings, casts = voted(method, options)
    poll, looks = open_poll(method, settings), METHODS[method].views
    pages = MOST_OPTIONS // looks.a_page(settings, MOST_OPTIONS)
    value = dict(casts[0].value)
    for page in (0, pages // 2, pages):
        card = views.ballot(poll, looks, options, replace(ballot(value), page=page))
        assert letters(card, language) <= TELEGRAM
        assert sum(map(len, card.buttons)) <= 100, "buttons under one message"


def test_a_long_order_of_ones_own_is_shown_in_short() -> None:
    options = measures(60)
    mine = ballot({"order": [str(option.id) for option in options]})
    said = reads(METHODS["ranking"].views.left(open_poll("ranking", {"top": 0}), options, mine))
    assert "20. " in said and "21. " not in said and "… und 230 weitere" in said


@pytest.mark.parametrize("method", LISTED)
def test_a_board_counts_along_as_the_result_will(method: str) -> None:
    options = measures(30)[:40]
    settings, casts = voted(method, options)
    ids = [option.id for option in options]
    base, looks = Base(25, Rules()), METHODS[method].views
    poll = open_poll(method, settings)
    counted = METHODS[method].rules.tally(settings, ids, casts, base)
    running = METHODS[method].running(settings, ids, casts, base)
    assert looks.board(poll, options, running) == looks.board(poll, options, counted)


async def test_the_costs_of_250_measures_are_asked_for_in_one_message(town: Town) -> None:
    ways = tuple(f"Straße {number} in der Stadt sanieren" for number in range(1, 251))
    who = await prepare_typed(town, "Budget", ways, "Offen", "Stimmungsbild", sure=False)
    asked = who.newest()
    assert asked.startswith("Was kosten die Maßnahmen") and len(asked) <= TELEGRAM
    assert "20. " in asked and "… und 230 weitere" in asked
    await who.says("\n".join(f"1{number:03}" for number in range(1, 251)))
    assert "Wie hoch ist das Budget" in who.newest()


async def test_250_measures_are_voted_on(town: Town) -> None:
    ways = tuple(f"Maßnahme {number}" for number in range(1, 251))
    await prepare_typed(town, "Rangfolge", ways, "Offen", "Stimmungsbild", "3 Plätze")
    me = town.group_a
    assert "Seite 1 von 32" in me.newest()
    await me.press("Maßnahme 7")
    assert "1. Maßnahme 7" in me.newest()
    board = me.sees(GROUP)
    assert "Maßnahme 40" in board and "Maßnahme 41" not in board and "… und 210 weitere" in board
