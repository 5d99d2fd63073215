"""The letters of invitations: one page each, tagged, in the person's language."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import segno

from bot.text import Reader, plain
from handlers.people.documents import Letter, letters_pdf, letters_png, printable, qr_svg
from handlers.people.letters import Invited, letter

CODE = "ABCD-EFGH-JKMN"
UNTIL = datetime(2027, 1, 26, 8, tzinfo=UTC)
LINKS = {
    "telegram": "https://t.me/gnk_ilmbrueck_bot?start={code}",
    "matrix": "https://matrix.to/#/@gnk-bot:ilmbrueck.example",
    "web": "https://bot.ilmbrueck.example/zugang/{code}",
}


def made(
    language: str = "de", name: str = "Vertretung Sportverein", links: dict[str, str] = LINKS
) -> Letter:
    contact = {"de": "Rathaus Ilmbrück, Zimmer 12", "en": "Town hall, room 12"}
    invited = Invited({"de": name}, "Stadt Ilmbrück", contact, CODE, UNTIL)
    reader = Reader(language, ZoneInfo("Europe/Berlin"))
    return letter(invited, links, lambda text: plain(text, reader), language)


def objects(pdf: bytes) -> str:
    """Everything in a PDF that is readable once its streams are unpacked."""
    found = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        unpacking = zlib.decompressobj()
        try:
            found.append(unpacking.decompress(stream))
        except zlib.error:
            found.append(stream)
    return b"\n".join(found).decode("latin-1")


def test_a_letter_says_who_invites_what_for_and_three_ways_in() -> None:
    one = made()
    assert one.to == "Für: Vertretung Sportverein" and one.code == CODE
    assert "Koordination (Stadt Ilmbrück)" in one.intro[0]
    assert one.code_label == "Ihr Code gilt einmal und bis Di., 26.01.2027:"
    web, telegram, matrix = one.ways
    assert web.qr == f"https://bot.ilmbrueck.example/zugang/{CODE}"
    assert telegram.qr == f"https://t.me/gnk_ilmbrueck_bot?start={CODE}"
    assert matrix.address == "@gnk-bot:ilmbrueck.example" and f"!beitreten {CODE}" in matrix.how
    assert all(way.qr_alt for way in one.ways)
    assert "Zimmer 12" in one.help


def test_a_letter_is_in_the_language_of_its_reader() -> None:
    assert made("en").title == "Your personal invitation"
    assert "!join" in made("en").ways[2].how and "room 12" in made("en").help
    assert "Sie brauchen kein Passwort." in made("de-simple").ways[0].how


def test_where_no_platform_has_an_address_the_letter_says_what_to_write() -> None:
    [way] = made(links={}).ways
    assert way.qr == "" and f"/beitreten {CODE}" in way.how
    assert letters_pdf([made(links={})], UNTIL).startswith(b"%PDF-1.7")


def test_a_letter_can_be_read_aloud() -> None:
    """PDF/UA-1 (ISO 14289-1): tagged, with a title, a language and alternatives."""
    pdf = objects(letters_pdf([made("en")], UNTIL))
    for part in ("/StructTreeRoot", "/Marked true", "pdfuaid", "/DisplayDocTitle true"):
        assert part in pdf, part
    assert "/Lang(en)" in pdf
    figures = [o for o in re.findall(r"obj\n(.*?)\nendobj", pdf, re.DOTALL) if "/S/Figure" in o]
    assert len(figures) == 3 and all(re.search(r"/Alt[(<]", figure) for figure in figures)
    assert "/S/H1" in pdf and "/S/H2" in pdf and pdf.count("/S/H3") == 3


def test_every_letter_has_a_page_of_its_own() -> None:
    letters = [made(), made("en"), made("de-simple"), made(links={})]
    assert len(letters_png(letters, 20)) == 4
    assert "/Count 4" in objects(letters_pdf(letters, UNTIL))


@pytest.mark.parametrize(
    "name",
    [
        "N" * 300,
        "Vertretung " + "mit sehr langem Namen " * 40,
        'a"]#eval("1+1") $x$ *b* _c_ \\ @ref <label> // ‮ \u200b \0',
        "Ratsmitglied 🎉👩‍🚀",
        "代表 نائب",
        " ",
    ],
)
def test_whatever_name_somebody_has_the_letter_is_one_page(name: str) -> None:
    one = made(name=name)
    assert len(letters_png([one], 20)) == 1
    assert letters_pdf([one], UNTIL).startswith(b"%PDF-1.7")


def test_what_is_typed_is_set_as_it_is() -> None:
    assert printable("*a* #b") == "*a* #b"
    assert printable("a\n\tb\u202ec\u200b") == "a bc"
    assert printable("Anna 🎉") == "Anna"
    assert len(printable("x " * 1000)) == 400


def test_a_qr_code_says_the_link() -> None:
    link = f"https://bot.ilmbrueck.example/zugang/{CODE}"
    drawn = qr_svg(link)
    assert drawn.lstrip().startswith("<") and "<svg" in drawn and "http://www.w3.org" in drawn
    assert segno.make(link, error="m", micro=False).error in ("M", "Q", "H")


@pytest.mark.parametrize("number", [0, 101])
def test_a_file_holds_one_to_a_hundred_letters(number: int) -> None:
    with pytest.raises(ValueError, match="1 to 100"):
        letters_pdf([made()] * number, UNTIL)


def test_a_letter_is_made_at_any_moment() -> None:
    at = datetime(2027, 1, 12, 8, 0, 0, 407_873, tzinfo=UTC)
    assert letters_pdf([made()], at).startswith(b"%PDF-1.7")
