"""The rules of procedure as people read them."""

from __future__ import annotations

from itertools import product

import pytest

from handlers.chat import Text
from handlers.polls.procedure.views import procedure
from handlers.polls.rules import Rules
from tests.methods import said
from tests.polling import change_rules
from tests.world import Town


async def test_coordination_reads_in_words_what_holds_now(town: Town) -> None:
    change_rules(town, quorum="two_thirds", second_reading=True)
    await town.coordination.says("/abstimmung")
    await town.coordination.press("Geschäftsordnung")
    seen = town.coordination.newest()
    assert "mindestens zwei Drittel der stimmberechtigten Sitze" in seen
    assert "eine zweite Lesung möglich" in seen and "mehr Ja als Nein" in seen


@pytest.mark.parametrize(
    ("majority", "base"),
    list(product(("absolute", "two_thirds"), ("yes_and_no", "present", "all_seats"))),
)
def test_every_majority_has_its_sentence(majority: str, base: str) -> None:
    card = procedure("Ilmbrück", Rules(majority=majority, majority_base=base))
    words = said(card.body[1])
    assert "Angenommen ist, wofür " in words and isinstance(card.body[0], Text)


def test_abstentions_that_count_make_it_all_votes() -> None:
    rules = Rules(majority="absolute", abstentions_count=True)
    assert "die Hälfte aller abgegebenen Stimmen" in said(procedure("Ilmbrück", rules).body[1])
