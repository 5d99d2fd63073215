"""Settings: where they come from, and what is said when they cannot be used."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import pytest

from bot import config
from bot.commands.writing import toml, write_secretly
from bot.config import Unusable
from bot.logs import HIDDEN, OneLine

TOKEN = "123456789:" + "A" * 35


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith("GNK_")]:
        monkeypatch.delenv(name)


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "gnk-bot.toml"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def complaint(path: Path) -> str:
    with pytest.raises(Unusable) as unusable:
        config.read(path)
    assert len(unusable.value.lines) == 1
    return unusable.value.lines[0]


def test_a_whole_file_is_read_and_paths_count_from_its_folder(tmp_path: Path) -> None:
    text = f"""
database = "sqlite:///data/bot.sqlite3"
[telegram]
token = "{TOKEN}"
[matrix]
homeserver = "https://matrix.example.org/"
user_id = "@bot:example.org"
access_token = "syt_secret"
device_id = "ABCDEF"
[web]
port = 8090
names = ["bot.example.org"]
"""
    made = config.read(written(tmp_path, text))
    assert made.database == f"sqlite:///{tmp_path}/data/bot.sqlite3"
    assert made.data == tmp_path / "data"
    assert made.matrix_store == tmp_path / "data" / "matrix"
    assert made.telegram and made.telegram.token.get_secret_value() == TOKEN
    assert made.matrix and made.matrix.homeserver == "https://matrix.example.org"
    assert made.web and (made.web.host, made.web.port) == ("127.0.0.1", 8090)
    assert sorted(made.hidden) == sorted([TOKEN, "syt_secret"])
    assert TOKEN not in repr(made)


def test_the_environment_goes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNK_TELEGRAM__TOKEN", TOKEN)
    monkeypatch.setenv("GNK_LOG_LEVEL", "DEBUG")
    made = config.read(written(tmp_path, '[telegram]\nbase_url = "http://127.0.0.1:1"\n'))
    assert made.telegram and made.telegram.token.get_secret_value() == TOKEN
    assert made.telegram.base_url == "http://127.0.0.1:1"
    assert made.log_level == "DEBUG"


def test_a_secret_can_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    made = config.read(written(tmp_path, f'[telegram]\ntoken_file = "{tmp_path}/token"\n'))
    assert made.telegram and made.telegram.token.get_secret_value() == TOKEN


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[telegram]\n", "telegram.token: Das fehlt."),
        ('[telegram]\ntoken = "x"\nmod = "polling"\n', "telegram.mod: Diese Einstellung gibt es"),
        ('[telegram]\ntoken = "x"\nmode = "push"\n', "telegram.mode: Erlaubt ist polling oder"),
        ('[telegram]\ntoken = "x"\nmode = "webhook"\n[web]\n', "gehören webhook_url und"),
        ('[telegram]\ntoken_file = "/nowhere/t"\n', "token_file: /nowhere/t lässt sich nicht"),
        ('database = "mysql://x"\n', "database: Hier gehört sqlite:///pfad oder postgresql"),
        ("[web]\nport = 99999\n", "web.port: Die Zahl ist zu groß."),
        ('[web]\nport = "achtzig"\n', "web.port: Hier gehört eine ganze Zahl hin."),
        ("database = \n", "Das ist kein gültiges TOML"),
        ('log_level = "LAUT"\n', "log_level: Erlaubt ist DEBUG, INFO, WARNING oder ERROR."),
    ],
)
def test_each_wrong_setting_is_named_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    line = complaint(path)
    assert said in line and line.startswith(str(path)) and "\n" not in line


def test_a_wrong_secret_is_not_repeated(tmp_path: Path) -> None:
    line = complaint(written(tmp_path, '[matrix]\nhomeserver = "syt_secret"\nuser_id = "@b:x.y"\n'
                             'access_token = "a"\ndevice_id = "d"\n'))  # fmt: skip
    assert "syt_secret" not in line


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    assert "gnk-bot init" in complaint(tmp_path / "gnk-bot.toml")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    line = complaint(written(tmp_path, "[web]\n", mode))
    assert f"{mode:o}" in line and "chmod 600" in line


def test_a_mistyped_variable_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNK_TELEGRAMM__TOKEN", TOKEN)
    line = complaint(written(tmp_path, "[web]\n"))
    assert "GNK_TELEGRAMM__TOKEN" in line and TOKEN not in line


def test_what_init_writes_is_read_again_and_only_its_owner_may(tmp_path: Path) -> None:
    path = tmp_path / "new" / "gnk-bot.toml"
    strange = 'a"b\\c\tß'
    write_secretly(path, toml({"data": "data", "telegram": {"token": strange}, "web": {"port": 1}}))
    assert path.stat().st_mode & 0o777 == 0o600
    made = config.read(path)
    assert made.telegram and made.telegram.token.get_secret_value() == strange
    assert [p.name for p in path.parent.iterdir()] == ["gnk-bot.toml"]


def test_no_secret_and_no_line_break_gets_into_the_log() -> None:
    formatter = OneLine(["syt_secret_token"])
    try:
        raise RuntimeError(f"https://api.telegram.org/bot{TOKEN}/getMe syt_secret_token")
    except RuntimeError:
        record = logging.LogRecord(
            "x", logging.ERROR, "f", 1, "postgresql://gnk:geheim@host/db", (), sys.exc_info()
        )
    line = formatter.format(record)
    assert "\n" not in line and "RuntimeError" in line
    assert not any(secret in line for secret in (TOKEN, "syt_secret_token", "geheim"))
    assert line.count(HIDDEN) >= 3
