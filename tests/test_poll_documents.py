"""The chart of a result, judged by its pixels; and its table, as spreadsheets read it."""

import csv
import io
import re
import zlib
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.polls.documents import (
    PHOTO_BYTES,
    Chart,
    ChartBar,
    chart_png,
    labels_without_emoji,
    png_size,
    printable,
    shades,
    table_csv,
)

Pixels = list[bytes]  # one row each, four bytes a pixel
WHITE = b"\xff\xff\xff\xff"
FIELD = (
    ("1.", "Photovoltaik auf allen geeigneten kommunalen Dächern", 12),
    ("2.=", "Energetische Sanierung der Grundschule", 9),
    ("2.=", "Kommunale Wärmeplanung erstellen und beschließen", 9),
    ("4.", "Straßenbeleuchtung auf LED mit Nachtabsenkung", 8),
    ("5.", "Nahwärmenetz im Quartier Bahnhofstraße", 6),
    ("6.=", "Kommunales Energiemanagement mit Verbrauchsmonitoring", 5),
    ("6.=", "Solardachkataster und Beratungstage für Haushalte", 5),
    ("8.", "Lichtkataster und Beleuchtungsleitfaden für private Flächen", 0),
)


def bar(label: str, value: Fraction | int = 1, rank: str = "1.", note: str = "") -> ChartBar:
    return ChartBar(rank, label, Fraction(value), f"{value} Punkte", note)


def chart(*bars: ChartBar, title: str = "Klimaschutz", language: str = "de") -> Chart:
    return Chart(title, "18 von 19 Sitzen", bars, "Stadt Ilmbrück", language)


def field() -> Chart:
    return chart(*(bar(label, points, rank, "7 Sitze") for rank, label, points in FIELD))


def pixels(png: bytes) -> Pixels:
    """Decodes an 8-bit RGBA PNG that is not interlaced, such as Typst writes."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png[24:29] == bytes([8, 6, 0, 0, 0]), "8 bits, RGBA, deflate, adaptive, no interlace"
    packed, at = b"", 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + length]
        at += length + 12
    raw, stride = zlib.decompress(packed), png_size(png)[0] * 4 + 1
    rows: Pixels = []
    above = bytes(stride - 1)
    for start in range(0, len(raw), stride):
        above = unfiltered(raw[start], raw[start + 1 : start + stride], above)
        rows.append(above)
    return rows


def unfiltered(kind: int, line: bytes, above: bytes) -> bytes:
    if kind == 0:
        return line
    out = bytearray(line)
    for i, value in enumerate(line):
        left = out[i - 4] if i >= 4 else 0
        corner = above[i - 4] if i >= 4 else 0
        guess = (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))
        out[i] = (value + guess[kind]) & 0xFF
    return bytes(out)


def paeth(left: int, up: int, corner: int) -> int:
    nearest = left + up - corner
    return min((left, up, corner), key=lambda near: abs(nearest - near))


def bar_lengths(rows: Pixels, colours: list[str]) -> list[tuple[str, int]]:
    """Colour and pixels of each drawn bar from top to bottom."""
    wanted = {bytes.fromhex(colour[1:]) + b"\xff": colour for colour in colours}
    found: list[tuple[str, int]] = []
    inside = False
    for row in rows:
        best = max(
            ((row.count(pixel), colour) for pixel, colour in wanted.items()), default=(0, "")
        )
        if best[0] > 20 and not inside:
            found.append((best[1], best[0]))
        inside = best[0] > 20
    return found


def contrast_on_white(colour: str) -> float:
    """WCAG 2.1 contrast ratio."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def test_bars_are_as_long_as_their_values_and_ties_look_alike() -> None:
    colours = shades(field().bars)
    drawn = bar_lengths(pixels(chart_png(field(), 600)), colours)
    assert [colour for colour, _ in drawn] == colours[:7], "the bar of 0 points has no length"
    longest = drawn[0][1]
    for (_, length), (_, _, points) in zip(drawn, FIELD, strict=False):
        assert length == pytest.approx(longest * points / 12, abs=4)


def test_shades_follow_the_ranks_with_enough_contrast() -> None:
    colours = shades(field().bars)
    assert colours[1] == colours[2] and colours[5] == colours[6]
    assert len(set(colours)) == 6
    ratios = [contrast_on_white(colour) for colour in dict.fromkeys(colours)]
    assert ratios == sorted(ratios, reverse=True)
    assert min(ratios) > 3


def test_many_ranks_keep_the_contrast_and_unranked_bars_share_one_shade() -> None:
    many = tuple(bar("M", 1, f"{place}.") for place in range(1, 41))
    assert min(map(contrast_on_white, shades(many))) > 3
    unranked = shades((bar("A", 0, ""), bar("B", 0, "")))
    assert len(set(unranked)) == 1 and contrast_on_white(unranked[0]) > 3


def test_the_same_chart_is_the_same_bytes() -> None:
    assert chart_png(field()) == chart_png(field())


@pytest.mark.parametrize("width", [320, 1200, 2400])
def test_the_picture_is_as_wide_as_asked(width: int) -> None:
    assert png_size(chart_png(field(), width))[0] == width


def test_nothing_scored_draws_no_bar() -> None:
    nothing = chart(bar("Radweg", 0, ""), bar("Rufbus", 0, ""))
    assert bar_lengths(pixels(chart_png(nothing, 600)), shades(nothing.bars)) == []


@pytest.mark.parametrize("count", [1, 40])
@pytest.mark.parametrize("words", [1, 30])
@pytest.mark.parametrize("width", [320, 1200, 2400])
def test_every_picture_is_one_that_telegram_accepts(count: int, words: int, width: int) -> None:
    label = " ".join(["Vorschlag"] * words)
    png = chart_png(chart(*(bar(label, i, f"{i}.") for i in range(count))), width)
    across, down = png_size(png)
    assert across + down <= 10_000
    assert max(across, down) <= 20 * min(across, down)
    assert len(png) <= PHOTO_BYTES


@pytest.mark.parametrize(
    "label",
    [
        "W" * 300,
        "m" * 300,
        "Ein ausführlich beschriebener Vorschlag " * 7,
        "https://ilmbrueck.invalid/" + "pfad/" * 50,
        "e\u0323\u0301" * 100,
        "👨‍👩‍👧" * 60,
        "漢" * 300,
    ],
)
def test_long_names_wrap_and_are_never_cut(label: str) -> None:
    lines = chart(bar(label), title=label)
    rows = pixels(chart_png(lines, 600))
    short = png_size(chart_png(chart(bar("Radweg")), 600))[1]
    assert len(rows) > short, "more lines make a higher picture"
    for row in rows:
        assert row[:80] == WHITE * 20 and row[-80:] == WHITE * 20, "ink in the margin"


@pytest.mark.parametrize(
    ("typed", "as_markup"),
    [
        ("*Radweg*", "Radweg"),
        ("_Radweg_", "Radweg"),
        ("`Radweg`", "Radweg"),
        ("$Radweg$", "Radweg"),
        ("= Radweg", "Radweg"),
        ("#upper[r]", "R"),
        ("#sym.arrow", "→"),
        ("// Radweg", ""),
        ("<Radweg>", ""),
        ("Rad~weg", "Rad\u00a0weg"),
        ("Rad---weg", "Rad—weg"),
        (r"\u{41}", "A"),
        ("\\", ""),
    ],
)
def test_what_people_type_is_never_markup(typed: str, as_markup: str) -> None:
    assert chart_png(chart(bar(typed)), 600) != chart_png(chart(bar(as_markup)), 600)


@pytest.mark.parametrize(
    "hostile",
    [
        '#panic("x")',
        '#image("/etc/passwd")',
        "@preview/x:1.0.0 @ref",
        '"]} \' \\ " #{',
        "„Straße“ ‚Größe‘ – 1.420.000 € SDG 13",
        "תחבורה ציבורית 12 (א)",
        "النقل العام",
        "\u202eumgedreht \u2067offen",
        "🚲 👍🏽 🇩🇪",
        "漢字 ไทย \U0010fffd \ue000",
        "null\u200bbreite\ufeff",
        "eine\nzweite\r\n\tZeile\x00\x1b",
        "\ud800",
        "",
    ],
)
@pytest.mark.parametrize("language", ["de", "en", "de-simple"])
def test_any_text_is_drawn_everywhere(hostile: str, language: str) -> None:
    everywhere = Chart(
        hostile,
        hostile,
        (ChartBar(hostile, hostile, Fraction(1, 3), hostile, hostile),),
        hostile,
        language,
    )
    assert png_size(chart_png(everywhere, 600))[0] == 600


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.fractions(min_value=0))
def test_no_text_and_no_value_breaks_a_chart(text: str, value: Fraction) -> None:
    png = chart_png(Chart(text, "", (bar(text, value), bar("Rufbus", 1)), "", "de"), 320)
    assert png_size(png)[0] == 320


def test_letters_of_the_region_are_not_drawn_as_missing() -> None:
    """A missing sign is drawn as the same crossed box, whichever it is."""
    box = chart_png(chart(bar("漢")), 600)
    assert chart_png(chart(bar("字")), 600) == box
    pictures = {chart_png(chart(bar(sign)), 600) for sign in "äöüÄÖÜßẞ„“‚‘–…€§°²·×≤→✓"}
    assert len(pictures) == 23 and box not in pictures


def test_text_is_one_line_without_what_nobody_sees() -> None:
    assert printable(" Rad\r\n\tweg\x00 \u202ea\u2069 ") == "Rad weg a"
    assert printable("a\u0308") == "ä"
    assert printable("1\u202f000\u00a0€") == "1\u00a0000\u00a0€"


def test_breaks_never_tear_a_sign_apart() -> None:
    family = "👨‍👩‍👧"
    for sign in (family, "🇩🇪", "👍🏽", "q\u0323\u0307"):
        broken = printable(sign * 40)
        assert broken.replace("\u200b", "").replace("\u00ad", "") == sign * 40
        for before, after in pairwise(broken.replace("\u00ad", "\u200b").split("\u200b")):
            assert before.endswith(sign[-1]) and after.startswith(sign[0])


def test_emoji_are_left_out_only_where_words_remain_and_stay_distinct() -> None:
    assert labels_without_emoji(["🚲 Radweg", "Rufbus 👍🏽"]) == ["Radweg", "Rufbus"]
    assert labels_without_emoji(["👍", "👎"]) == ["👍", "👎"]
    assert labels_without_emoji(["Park 🌳", "Park 🌊"]) == ["Park 🌳", "Park 🌊"]


@pytest.mark.parametrize(
    ("bars", "width", "why"),
    [
        ((), 1200, "1 to 40"),
        (tuple(bar("M") for _ in range(41)), 1200, "1 to 40"),
        ((bar("M", -1),), 1200, "negative"),
        ((bar("M"),), 100, "width 100"),
        ((bar("M"),), 5000, "width 5000"),
    ],
)
def test_what_is_not_a_chart_is_refused(bars: tuple[ChartBar, ...], width: int, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        chart_png(chart(*bars), width)


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="20000 characters"):
        chart_png(chart(bar("Wort " * 4_000)))


def test_the_fullest_chart_fits() -> None:
    full = chart(*(bar("Vorschlag " * 48, i) for i in range(40)))
    assert png_size(chart_png(full, 2400))[0] == 2400


def test_long_notes_leave_the_bars_their_room() -> None:
    long = "Summe 38 von 16 Sitzen · Akzeptanz 76 % · starker Widerstand bei 6 % der Sitze"
    with_notes, without = (
        chart(*(bar(label, 9, rank, note) for rank, label, _ in FIELD[:3])) for note in (long, "")
    )
    drawn, expected = (
        bar_lengths(pixels(chart_png(c, 600)), shades(c.bars)) for c in (with_notes, without)
    )
    assert drawn == expected and len(drawn) == 3


# --- the table ------------------------------------------------------------------------------

cells = st.one_of(
    st.text(
        alphabet=st.one_of(st.sampled_from("=+-@'\t \u00a0;\"\n"), st.characters(codec="utf-8"))
    ),
    st.sampled_from(["=1+1", "\uff1d1+1", "\r\n+1", "\u200b@SUM(A1)", "'=1", "\ufeff-1"]),
)


@given(st.lists(st.lists(cells, min_size=2, max_size=3), min_size=1, max_size=4))
def test_no_cell_of_words_is_a_formula_and_none_is_lost(rows: list[list[str]]) -> None:
    data = table_csv(rows)
    assert data.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))
    for row, words in zip(read, rows, strict=True):
        for cell, was in zip(row, words, strict=True):
            assert cell in (was, f"'{was}")
            assert not re.match("[\\s\u00a0\u200b\ufeff]*[=+@\uff1d\uff0b\uff0d\uff20-]", cell)


@pytest.mark.parametrize(
    ("number", "german", "english"),
    [
        (-3, "-3", "-3"),
        (Fraction(7, 3), "2,333333", "2.333333"),
        (Fraction(-1, 2), "-0,5", "-0.5"),
        (Fraction(12), "12", "12"),
        (Fraction(1, 10**7), "0", "0"),
        (Fraction(-1, 10**7), "0", "0"),
        (Fraction(1_999_999_9, 10**7), "2", "2"),
        (None, "", ""),
    ],
)
def test_numbers_stay_numbers(number: int | Fraction | None, german: str, english: str) -> None:
    for point, shown in ((",", german), (".", english)):
        assert table_csv([["a", number]], point).decode("utf-8-sig") == f"a;{shown}\r\n"
