"""A straw poll says so wherever it is shown, on every platform and in every language.

A vote that decides never does.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from bot.platforms.matrix import layout as matrix
from bot.platforms.telegram import layout as telegram
from bot.platforms.web.messages import card_content
from bot.text import Reader
from handlers.chat import Card
from handlers.polls import result_views, views
from handlers.polls.methods.registry import METHODS
from tests.methods import poll_of
from tests.results import BERLIN, LANGUAGES, measures, result
from tests.test_poll_exports import EXAMPLES

STRAW = {
    "de": "Stimmungsbild, kein Beschluss",
    "en": "straw poll, not a decision",
    "de-simple": "Stimmungs-Bild. Es ist kein Beschluss",
}
ANY_STRAW = ("Stimmungsbild", "Stimmungs-Bild", "straw poll")

SHOWN = pytest.mark.parametrize(
    ("name", "formal"),
    [(name, formal) for name in METHODS for formal in (False, True)],
)


def everywhere(card: Card, language: str) -> dict[str, str]:
    """A card as each platform shows it, without the markup."""
    reader = Reader(language, BERLIN)
    shown = {
        "telegram": " ".join(part.html for part in telegram.parts(card, reader)),
        "telegram, edited": telegram.single(card, reader).html,
        "matrix": str([m["body"] for m in matrix.messages(card, reader, direct=False)]),
        "matrix, formatted": str(
            [m.get("formatted_body", m["body"]) for m in matrix.messages(card, reader, direct=True)]
        ),
        "web": str(card_content(card, reader)),
    }
    return {
        where: html.unescape(re.sub(r"<[^>]+>|\*\*", "", said)) for where, said in shown.items()
    }


def cards(name: str, formal: bool) -> dict[str, Card]:
    """Result and board, by any method."""
    method, (settings, ballots) = METHODS[name], EXAMPLES[name]
    options = [] if method.rules.options == "none" else measures()
    facts = result(method, ballots, options, settings, formal=formal)
    found = {
        "result": result_views.result(facts, method.views, None),
        "empty result": result_views.result(
            result(method, [], options, settings, formal=formal), method.views, None
        ),
        "preview": result_views.preview(
            result_views.result(facts, method.views, None), facts, False, None
        ),
    }
    poll = replace(poll_of(method, settings), formal=formal)
    for state in ("open", "closed", "planned"):
        there = replace(poll, state=state)
        board = views.poll_board(there, method.views, options, None)
        found[f"board, {state}"] = views.labelled(board, there)
    return found


@SHOWN
def test_the_label_stands_on_what_decides_nothing_and_nowhere_else(name: str, formal: bool) -> None:
    for what, card in cards(name, formal).items():
        for language in LANGUAGES:
            for where, said in everywhere(card, language).items():
                told = f"{name}, {what}, {language}, {where}: {said[:400]}"
                if formal:
                    assert not any(word in said for word in ANY_STRAW), told
                else:
                    assert STRAW[language] in said, told


@pytest.mark.parametrize("name", [name for name in METHODS if METHODS[name].rules.formal])
def test_what_always_decides_is_formal_by_itself(name: str) -> None:
    assert poll_of(METHODS[name], EXAMPLES[name][0]).formal
