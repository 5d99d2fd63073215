"""The documentation and the program say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from sqlmodel import SQLModel

from bot import __version__
from bot.cli import cli
from bot.config import Config, Matrix, Part, Telegram, Web
from bot.importing import Rules as ImportedRules
from bot.importing_yaml import read_yaml
from bot.text import LANGUAGES
from handlers.features import ROUTERS
from handlers.polls.rules import Rules
from handlers.router import Routes

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TALKED_IN = ("README.md", "docs/members.md", "docs/coordination.md")
"""Pages in which `/word` and `!word` are what people type to the bot."""

NO_LONGER_THAN = 40
"""Lines of a decision: one page."""


def _text(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def _everywhere() -> str:
    return "\n".join(page.read_text("utf-8") for page in PAGES)


def _rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    below = _text(page).partition(f"\n## {heading}\n")[2].splitlines()
    first = next(n for n, line in enumerate(below) if line.startswith("|"))
    table = []
    for line in below[first:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    assert len(table) > 2, heading
    return table[2:]


def _quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    local = [t.partition("#")[0] for t in targets if not re.match(r"[a-z]+:|#", t)]
    assert [t for t in local if not (page.parent / t).exists()] == []


def test_files_that_are_named_exist() -> None:
    paths = [p for p in ROOT.rglob("*") if ".venv" not in p.parts and ".git" not in p.parts]
    known = "\n".join(f"/{path.relative_to(ROOT)}" for path in paths) + "\n"
    named = set(re.findall(r"`([\w@./-]+\.(?:py|po|md|js|css|html))`", _everywhere()))
    missing = {n for n in named if f"/{n.removeprefix('../')}\n" not in known}
    assert missing == {"utils.py"}, "which is named because it must not exist"


def test_what_members_are_told_to_type_is_understood() -> None:
    known = Routes(ROUTERS).commands
    typed = {word for page in TALKED_IN for word in re.findall(r"`[/!]([^\s`]+)", _text(page))}
    assert {"offen", "kanal", "beitreten"} <= typed
    assert sorted(typed - set(known)) == []


def test_every_command_is_explained_to_somebody() -> None:
    told = "".join(_text(page) for page in TALKED_IN)
    words = {route.words[0] for route in Routes(ROUTERS).commands.values()}
    assert sorted(word for word in words if f"`/{word}" not in told) == []


def test_every_command_of_the_program_is_documented_and_no_other() -> None:
    named = set(re.findall(r"gnk-bot(?: |`, `)([a-z-]+)(?=[ `\n])", _everywhere()))
    listed = re.search(r"- `gnk-bot init`(.*?);", _text("CHANGELOG.md"), re.DOTALL)
    assert listed is not None
    named |= set(_quoted(listed[1]))
    assert named == set(cli.commands)


def test_options_that_are_shown_exist() -> None:
    for line in re.findall(r"^ {4}gnk-bot .*$", _text("docs/operators.md"), re.MULTILINE):
        command = cli.commands[line.split()[1]]
        known = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
        assert set(re.findall(r"--[a-z-]+", line)) <= known, line


def test_what_can_be_made_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", _text("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^ {4})make ([a-z-]+)", _everywhere(), re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


def test_the_packages_to_install_are_those_of_the_complete_run() -> None:
    wanted = re.search(r"^packages=\((.*)\)$", _text(".ci/run"), re.MULTILINE)
    told = re.search(r"^ {4}sudo apt install (.*)$", _text("README.md"), re.MULTILINE)
    assert wanted is not None
    assert told is not None
    assert told[1].split() == wanted[1].split()


# --- settings ------------------------------------------------------------------------------


def _settings() -> dict[str, str]:
    """Every setting with its default as the page shows it."""
    parts: dict[str, type[Part]] = {"telegram": Telegram, "matrix": Matrix, "web": Web}
    top = {n: _shown(f) for n, f in Config.model_fields.items() if n not in parts}
    nested = {
        f"{name}.{setting}": _shown(field)
        for name, part in parts.items()
        for setting, field in part.model_fields.items()
    }
    return top | nested


def _shown(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "●"
    if field.default in (None, ()):
        return "none"
    return f"`{_written(field.default)}`"


def test_every_setting_stands_in_the_operators_table_with_its_default() -> None:
    told = {
        _quoted(row[0])[0]: row[1] if row[1][0] in "`●" else "none"
        for row in _rows("docs/operators.md", "Einstellungen")
    }
    assert told == _settings()


def test_every_secret_may_stand_in_a_file_and_the_table_says_so() -> None:
    table = {_quoted(r[0])[0]: r[2] for r in _rows("docs/operators.md", "Einstellungen")}
    parts: dict[str, type[Part]] = {"telegram": Telegram, "matrix": Matrix, "web": Web}
    for name, part in parts.items():
        for setting in part.model_fields:
            told = f"`{setting}_file`" in table[f"{name}.{setting}"]
            assert told == (setting in part.secrets), setting


def test_the_rules_of_procedure_are_told_with_their_defaults() -> None:
    rows = _rows("docs/coordination.md", "Geschäftsordnung")
    told = {_quoted(row[0])[0]: _quoted(row[1])[0] for row in rows}
    in_file: dict[str, Any] = {n: f.default for n, f in ImportedRules.model_fields.items()}
    assert told == {name: _written(in_file[name]) for name in told}
    assert set(told) == set(in_file)
    used = {name.removeprefix("dots_") if "totals" in name else name for name in told}
    assert set(Rules.__dataclass_fields__) == used - {"coordination_votes"}


def _written(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


# --- data ----------------------------------------------------------------------------------


def test_every_table_is_accounted_for_on_the_data_protection_page() -> None:
    rows = _rows("docs/data-protection.md", "Was wo steht, und wie lange")
    told = {name for row in rows for name in _quoted(row[0])}
    assert told == set(SQLModel.metadata.tables)


def test_the_public_sectors_description_agrees_with_the_program() -> None:
    told: Any = read_yaml(_text("publiccode.yml"))
    project = tomllib.loads(_text("pyproject.toml"))["project"]
    assert told["softwareVersion"] == __version__
    assert told["legal"]["license"] == project["license"]
    assert set(told["localisation"]["availableLanguages"]) == set(LANGUAGES)
    for words in told["description"].values():
        # publiccode.yml 0.4, description.
        assert len(words["shortDescription"]) <= 150
        assert 150 <= len(words["longDescription"]) <= 10_000


def test_a_decision_is_one_page_and_numbered_without_gap() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        lines = page.read_text("utf-8").splitlines()
        assert lines[0].startswith(f"# {int(page.name[:4])}. ")
        assert len(lines) <= NO_LONGER_THAN, page.name
