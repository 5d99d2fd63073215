"""Cards as Telegram shows them: lengths, cuts, rows of buttons."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.telegram.layout import (
    keyboard,
    length,
    shortened,
    shortened_plain,
    split,
    units,
)
from bot.text import Reader
from handlers.chat import Button, Card, plain
from tests.platforms.botapi.entities import parse_html
from tests.platforms.botapi.town import Grow

READER = Reader("de", ZoneInfo("Europe/Berlin"))

MARKED = st.lists(
    st.tuples(
        st.sampled_from(["", "b", "code"]),
        st.text(st.sampled_from("ab<>&\"' \n🌳ü"), min_size=0, max_size=60),
    ),
    max_size=12,
)


@given(MARKED, st.integers(min_value=10, max_value=70))
def test_split_words_are_whole_and_valid_and_nothing_is_lost(
    runs: list[tuple[str, str]], most: int
) -> None:
    words = "".join(f"<{t}>{escape(s)}</{t}>" if t else escape(s) for t, s in runs)
    pieces = split(words, most)
    parsed = [parse_html(piece) for piece in pieces]
    assert all(units(text) <= most for text, _ in parsed)
    assert "".join("".join(s for _, s in runs).split()) == "".join(
        "".join(text for text, _ in parsed).split()
    )
    bold = "".join("".join(s.split()) for t, s in runs if t == "b")
    assert len("".join(bold.split())) == sum(
        len("".join(_part(text, e).split())) for text, es in parsed for e in es
        if e["type"] == "bold"
    )  # fmt: skip
    assert units(parse_html(shortened(words, most))[0]) <= most


def _part(text: str, entity: dict[str, int]) -> str:
    raw = text.encode("utf-16-le")
    start = entity["offset"] * 2
    return raw[start : start + entity["length"] * 2].decode("utf-16-le")


def test_lengths_are_counted_as_telegram_counts() -> None:
    assert length("<b>a&amp;b</b> 🌳") == 6
    assert len(split("🌳" * 2048, 4096)) == 1
    assert [length(p) for p in split("🌳" * 2049, 4096)] == [4096, 2]
    assert shortened_plain("🌳" * 101, 200) == "🌳" * 99 + "…"


def test_a_paragraph_is_kept_together_where_it_can_be() -> None:
    first, second = "eins " * 12, "zwei " * 12
    assert split(f"{first}\n\n{second}", 80) == [first.strip(), second.strip()]


def labels(card: Card) -> list[list[str]]:
    made = keyboard(card, READER)
    return [[b.text for b in row] for row in made.inline_keyboard] if made else []


def button(label: str, **rest: object) -> Button:
    return Button(plain(label), Grow(1), **rest)  # type: ignore[arg-type]


def test_buttons_that_would_be_cut_stand_below_each_other() -> None:
    wide = (button("Barrierefreie Haltestellen"), button("Zurück"))
    narrow = (button("Zurück"), button("Abbrechen"))
    assert labels(Card((), (wide, narrow))) == [
        ["Barrierefreie Haltestellen"],
        ["Zurück"],
        ["Zurück", "Abbrechen"],
    ]


def test_a_long_list_of_short_buttons_stands_in_two_columns() -> None:
    menu = Card((), tuple((button(f"Punkt {n}"),) for n in range(5)))
    assert labels(menu) == [["Punkt 0", "Punkt 1"], ["Punkt 2", "Punkt 3"], ["Punkt 4"]]
    assert len(labels(replace(menu, buttons=menu.buttons[:4]))) == 4
