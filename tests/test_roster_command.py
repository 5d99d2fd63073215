"""``roster import`` and ``roster export``, as operators call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers import sheets
from handlers.members import documents
from tests.program import DEMO, MINIMAL, bot

HEAD = list(documents.HEADINGS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A municipality with nobody but its coordination."""
    made = tmp_path_factory.mktemp("roster")
    assert bot(made, *MINIMAL).returncode == 0
    return made


def test_a_roster_goes_in_after_a_yes_and_comes_out_the_same(folder: Path) -> None:
    assert bot(folder, "roster", "export", "a.ods").stdout == "a.ods: 2 Mitglieder.\n"
    rows = sheets.read("a.ods", (folder / "a.ods").read_bytes())
    rows.append(["imkerei", "Vertretung Imkerei", "Imkerverein", "", "Kernteam", "Mitglied"])
    (folder / "b.csv").write_bytes(sheets.write("csv", rows))
    assert bot(folder, "roster", "import", "b.csv", given="n\n").returncode == 130
    done = bot(folder, "roster", "import", "b.csv", given="y\n")
    assert done.returncode == 0, done.stderr
    assert "Zeile 4: Vertretung Imkerei" in done.stdout and "Eingelesen: 1 Person" in done.stdout
    assert bot(folder, "roster", "export", "c.xlsx").returncode == 0
    again = bot(folder, "roster", "import", "c.xlsx")
    assert again.returncode == 0 and "ändert nichts" in again.stdout


def test_what_is_wrong_is_said_with_its_row_and_nothing_is_changed(folder: Path) -> None:
    rows = [HEAD, ["x", "X", "", "", "Aufsichtsrat"], ["y", "Y", "", "", "Kernteam"]]
    (folder / "bad.csv").write_bytes(sheets.write("csv", rows))
    ended = bot(folder, "roster", "import", "--yes", "bad.csv")
    assert ended.returncode == 1 and "Zeile 2: „Aufsichtsrat“" in ended.stderr
    assert "Traceback" not in ended.stderr
    for words in (("import", "none.csv"), ("export", "a.txt"), ("export", "--town", "x", "a.csv")):
        ended = bot(folder, "roster", *words)
        assert ended.returncode == 1 and ended.stderr.count("\n") == 1, ended.stderr


def test_whoever_is_missing_leaves_only_when_told_to(folder: Path) -> None:
    assert bot(folder, "import", str(DEMO / "ilmbrueck.yaml")).returncode == 0
    town = ("--town", "ilmbrueck")
    assert bot(folder, "roster", "export", *town, "i.csv").returncode == 0
    rows = sheets.read("i.csv", (folder / "i.csv").read_bytes())
    (folder / "j.csv").write_bytes(sheets.write("csv", [r for r in rows if r[0] != "sg-13"]))
    kept = bot(folder, "roster", "import", *town, "--yes", "j.csv")
    assert "Nicht in der Datei: 1 Person. Vertretung Freiwillige Feuerwehr" in kept.stdout
    gone = bot(folder, "roster", "import", *town, "--yes", "--end-missing", "j.csv")
    assert "Eingelesen: 1 Person" in gone.stdout
    assert bot(folder, "roster", "export", *town, "k.csv").returncode == 0
    assert len(sheets.read("k.csv", (folder / "k.csv").read_bytes())) == len(rows) - 1
