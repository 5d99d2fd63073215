"""The words people see: complete, alike in all languages, well set, easy where promised."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from html import unescape
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import text
from bot.text import Reader
from handlers.chat import Argument, Text
from handlers.features import ROUTERS
from handlers.router import Routes

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"de": "de", "en": "en", "de-simple": "de@simple"}
MARKUP = re.compile(r"\*\*.+?\*\*|`[^`]+`", re.DOTALL)
TOAST = 200
"""Characters of a toast on Telegram (platform-facts: Toast <= 200)."""

_ID = re.compile(r"([a-z]+)\.([a-z][a-z0-9_]*)")
_FILES = {"css", "html", "js", "json", "lock", "po", "py", "sqlite3", "svg", "toml", "yaml"}
"""Endings that make a literal a file's name rather than a message."""

Forms = tuple[str, ...]


# --- reading -------------------------------------------------------------------------------


@cache
def catalogues() -> tuple[str, ...]:
    """The features' names: one file each."""
    return tuple(sorted(p.stem for p in _folder("de").glob("*.po")))


def _folder(language: str) -> Path:
    return ROOT / "locale" / FOLDERS[language] / "LC_MESSAGES"


@cache
def words(language: str) -> dict[str, Forms]:
    """All messages of a language as the files have them, empty ones included."""
    found: dict[str, Forms] = {}
    for path in sorted(_folder(language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, abort_invalid=True):
                many = isinstance(message.id, tuple | list)
                id = message.id[0] if many else message.id
                if id:
                    written = message.string
                    forms = written if isinstance(written, tuple | list) else [written]
                    found[str(id)] = tuple(str(f) for f in forms)
    return found


@cache
def literals() -> dict[str, set[str]]:
    """Message ids that stand in the code, with the functions they are passed to."""
    found: dict[str, set[str]] = {}
    for tree in _trees():
        for node in ast.walk(tree):
            for said in _ids(node):
                found.setdefault(said, set())
            if isinstance(node, ast.Call) and node.args:
                name = node.func.id if isinstance(node.func, ast.Name) else ""
                if name in ("Refusal", "Toast"):
                    # Itself, in Text(…), or on both sides of an if.
                    for said in (id for inner in ast.walk(node.args[0]) for id in _ids(inner)):
                        found.setdefault(said, set()).add(name)
    return found


def _ids(node: ast.AST) -> Iterator[str]:
    """The message id that a literal is, if it is one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        match = _ID.fullmatch(node.value)
        if match is not None and match[1] in catalogues() and match[2] not in _FILES:
            yield node.value


def _trees() -> Iterator[ast.AST]:
    for package in ("bot", "handlers", "storage"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ast.parse(path.read_text(encoding="utf-8"))


def of_commands() -> set[str]:
    """What each command needs: a hint, an explanation, and in the menu a button."""
    needed = set()
    for route in Routes(ROUTERS).commands.values():
        word = f"commands.{route.words[0]}"
        needed |= {word, f"{word}_more"}
        if route.menu is not None:
            needed.add(f"{word}_button")
    return needed


def placeholders(form: str) -> set[tuple[str, str]]:
    """Names and specs of what a sentence takes."""
    return {(name, spec or "") for _, name, spec, _ in Formatter().parse(form) if name is not None}


def none_of(problems: Iterable[str], rule: str) -> None:
    """Fail with one sentence a problem."""
    found = sorted(problems)
    assert not found, f"{rule}:\n  " + "\n  ".join(found)


def every_form() -> Iterator[tuple[str, str, str]]:
    """Language, id and sentence of every form."""
    for language in text.LANGUAGES:
        for id, forms in words(language).items():
            for form in forms:
                yield language, id, form


# --- complete ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_every_message_that_is_said_has_words(language: str) -> None:
    needed = set(literals()) | of_commands()
    known = {id for id, forms in words(language).items() if all(forms)}
    none_of(
        (f"{id} is used in the code but has no words in {language}." for id in needed - known),
        "Add the missing words",
    )


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_no_message_is_left_over(language: str) -> None:
    used = set(literals()) | of_commands() | {"plain"}
    none_of(
        (
            f"{id} has words in {language} but nothing says it."
            for id in set(words(language)) - used
        ),
        "Remove what is not used, or write its id as a literal",
    )


def test_ids_are_written_as_literals() -> None:
    composed = set()
    for tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                start = str(node.values[0].value)
                if start.endswith(".") and start[:-1] in catalogues():
                    composed.add(start)
    assert composed == {"commands."}, "Only commands.po may be reached by a composed id."


def test_every_message_stands_in_the_file_of_its_feature() -> None:
    for language in text.LANGUAGES:
        for path in _folder(language).glob("*.po"):
            with path.open("rb") as file:
                for message in read_po(file):
                    id = message.id[0] if isinstance(message.id, tuple | list) else message.id
                    if id and id != "plain":
                        assert str(id).startswith(f"{path.stem}."), f"{id} stands in {path.name}."


# --- alike ---------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "de-simple"])
def test_each_language_takes_the_same_arguments(language: str) -> None:
    problems = []
    for id, forms in words("de").items():
        ours = set().union(*map(placeholders, forms))
        theirs = set().union(*map(placeholders, words(language).get(id, forms)))
        if ours != theirs:
            differ = ", ".join(sorted(name for name, _ in ours ^ theirs))
            problems.append(f"{id} takes other placeholders in {language} than in de: {differ}.")
    none_of(problems, "A sentence has to take what the reference takes")


def test_plural_forms_are_complete_and_alike() -> None:
    problems = []
    for id, forms in words("de").items():
        for language in text.LANGUAGES:
            theirs = words(language).get(id, forms)
            if len(theirs) != len(forms) or len(theirs) not in (1, 2):
                problems.append(f"{id} has {len(theirs)} forms in {language}, {len(forms)} in de.")
            if not placeholders(theirs[0]) <= placeholders(theirs[-1]):
                problems.append(f"{id} says more in its singular than in its plural in {language}.")
    none_of(problems, "Plurals have two forms in each of our languages")


# --- well set ------------------------------------------------------------------------------


def test_markup_is_balanced() -> None:
    problems = [
        f"{id} ({language}) has a ** or ` that is not closed."
        for language, id, form in every_form()
        if re.search(r"\*\*|`", MARKUP.sub("", form))
    ]
    none_of(problems, "Markup comes in pairs")


def test_typography_is_right() -> None:
    rules = {
        r"\"|'": "a straight quotation mark or apostrophe",
        r" - ": "a hyphen where a dash belongs",
        r"\.\.\.": "three dots instead of an ellipsis",
        r"  | \n|\s$|^\s": "a space too many",
        r" [,.;!?]": "a space before punctuation",
    }
    problems = [
        f"{id} ({language}) has {what}."
        for language, id, form in every_form()
        for rule, what in rules.items()
        if re.search(rule, form)
    ]
    none_of(problems, "Typography")


def test_german_is_polite_and_open_to_all_genders() -> None:
    problems = [
        f"{id} ({language}) says {match[0]!r}."
        for language, id, form in every_form()
        if language != "en"
        for match in re.finditer(
            r"\b(?:du|dein\w*|dich|dir)\b|\w+[*:_]innen\b|\b(?:Teilnehmer|Nutzer|Wähler)\b", form
        )
    ]
    none_of(problems, "German says Sie and names no gender")


# --- short ---------------------------------------------------------------------------------


def test_hints_of_commands_are_one_short_line() -> None:
    problems = []
    for language, id, form in every_form():
        if id.startswith("commands."):
            most = 30 if id.endswith("_button") else 300 if id.endswith("_more") else 100
            if len(form) > most or ("\n" in form and most < 300):
                problems.append(
                    f"{id} ({language}) has {len(form)} characters, {most} are allowed."
                )
    none_of(problems, "Hints and buttons are short")


def test_what_is_said_in_a_toast_fits_into_one() -> None:
    spoken = {id for id, by in literals().items() if by}
    problems = [
        f"{id} ({language}) has {len(form)} characters, a toast has {TOAST}."
        for language, id, form in every_form()
        if id in spoken and len(form) > TOAST
    ]
    none_of(problems, "A refusal may be said as a toast")


# --- easy ----------------------------------------------------------------------------------

_PASSIVE = re.compile(
    r"\b(?:wird|werden|wurde|wurden|worden)\b[^.!?]*\b(?:\w*ge\w{2,}(?:t|en)|\w+iert|ver\w+t|be\w+t)\b"
)
_ABBREVIATED = re.compile(r"\b(?:z\. ?B\.|bzw\.|usw\.|ggf\.|d\. ?h\.|u\. ?a\.|Abs\.|Art\.|Nr\.)")


def sentences(form: str) -> list[str]:
    """What is between full stops, marks, colons and line ends; an argument counts as a word."""
    spoken = re.sub(r"\*\*|`", "", re.sub(r"\{[^}]*\}", "Wort", form))
    return [s for s in re.split(r"(?<=[.!?:])\s+|\n+", spoken) if s.strip()]


def test_einfache_sprache_is_easy() -> None:
    problems = []
    for id, forms in words("de-simple").items():
        for sentence in (s for form in forms for s in sentences(form)):
            number = len(re.findall(r"[\w/]+(?:-\w+)*", sentence))
            if number > 15:
                problems.append(f"{id} has a sentence of {number} words: {sentence}")
            if sentence.count(",") > 1:
                problems.append(f"{id} has a sentence with several commas: {sentence}")
            if _PASSIVE.search(sentence):
                problems.append(f"{id} has a passive: {sentence}")
            if _ABBREVIATED.search(sentence):
                problems.append(f"{id} has an abbreviation: {sentence}")
    none_of(problems, "Einfache Sprache: at most 15 words and one comma, active, written out")


@pytest.mark.parametrize(
    ("sentence", "passive"),
    [
        ("Der Code wird geprüft.", True),
        ("Die Stimmen werden nicht gespeichert.", True),
        ("Wir werden morgen weiterarbeiten.", False),
        ("Ich prüfe den Code.", False),
    ],
)
def test_the_lint_knows_a_passive(sentence: str, passive: bool) -> None:
    assert bool(_PASSIVE.search(sentence)) is passive


# --- escaped -------------------------------------------------------------------------------

HOSTILE = st.text(
    alphabet=st.one_of(st.sampled_from("<>&\"'`*{}\\\n\0\1bc/א‮ "), st.characters()), max_size=40
)


@pytest.mark.parametrize("language", text.LANGUAGES)
@given(hostile=HOSTILE, n=st.integers(0, 3))
@settings(max_examples=10, deadline=None)
def test_what_people_typed_is_only_ever_text(language: str, hostile: str, n: int) -> None:
    reader = Reader(language, ZoneInfo("Europe/Berlin"))
    at = datetime(2027, 3, 26, 17, tzinfo=UTC)
    for id, forms in words(language).items():
        args: dict[str, Argument] = {
            name: at if spec else n if name == "n" else hostile
            for form in forms
            for name, spec in placeholders(form)
        }
        said = Text(id, **args)
        bare = text.plain(said, reader)
        marks = len(MARKUP.findall(text.sentence(said, language)))
        for screen in (text.html(said, reader), text.web_html(said, reader)):
            tags = re.findall("<[^>]*>", screen)
            assert set(tags) <= {"<b>", "</b>", "<code>", "</code>", "<br>"}, (id, screen)
            assert tags.count("<b>") + tags.count("<code>") == marks, (id, screen)
            seen = re.sub("<[^>]*>", "", screen.replace("<br>", "\n"))
            assert unescape(seen) == bare, (id, screen)
