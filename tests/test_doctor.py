"""The doctor finds what is wrong and says what to do."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.commands import doctor
from bot.commands.parts import now
from bot.commands.writing import toml, write_secretly
from storage import inbox, outbox, timers
from storage.db import Database
from storage.inbox import Arrival
from storage.outbox import Draft
from storage.upgrading import head, upgrade
from tests.postgres import Server


@pytest.fixture
def settings(tmp_path: Path, db_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings with a migrated database."""
    path = tmp_path / "gnk-bot.toml"
    write_secretly(path, toml({"database": db_url, "data": "data"}))
    (tmp_path / "data").mkdir()
    monkeypatch.delenv("GNK_CONFIG", raising=False)
    return path


def examined(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = doctor.start(str(path))
    return code, capsys.readouterr().out


def test_a_sound_installation_is_found_sound(
    settings: Path, db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = examined(settings, capsys)
    if db.is_sqlite:
        assert code == 0 and "ok Haltbarkeit: journal_mode wal, synchronous 2" in said
    else:
        # The tests' own server forgets what it has not written yet; the doctor notices.
        assert code == 1 and "✗  Haltbarkeit: fsync off" in said
    assert f"ok Datenbank: erreichbar, Stand {head()}" in said
    assert "ok Eingang: nichts beiseitegelegt" in said
    assert "ok Ausgang: 0 warten" in said
    assert "ok Termine: keiner überfällig" in said
    assert "!  Kommunen: keine" in said


def test_unreadable_events_and_failed_deliveries_are_shown(
    settings: Path, db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with db.begin() as tx:
        inbox.put(tx, "telegram", [Arrival("77", "p", "{broken")], now())
        inbox.quarantine(tx, inbox.take(tx, 1)[0].id, "no JSON")
        drafts = [Draft("telegram", f"p{n}", "card", {}, "de") for n in range(3)]
        outbox.put(tx, drafts, now())
        rows = outbox.claim(tx, "telegram", [], now(), 2)
        outbox.settle(tx, rows[0].id, "failed", error="blocked")
        outbox.settle(tx, rows[1].id, "unknown", error="time-out")
        timers.put(tx, "late", "x", now() - timedelta(hours=1))
    _, said = examined(settings, capsys)
    assert "1 unlesbare Ereignisse" in said and "telegram 77" in said and "no JSON" in said
    assert "{broken" not in said
    assert "1 nicht zustellbar, bei 1 ist ungewiss" in said
    assert "seit 60 Minuten überfällig" in said


def test_settings_that_others_can_read_are_broken(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.chmod(0o644)
    code, said = examined(settings, capsys)
    assert code == 1 and "✗" in said and "chmod 600" in said


def test_a_database_that_is_away_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "gnk-bot.toml"
    url = "postgresql+psycopg://gnk:geheim@127.0.0.1:1/gnk"
    write_secretly(path, toml({"database": url, "data": "data"}))
    code, said = examined(path, capsys)
    assert code == 1 and "✗  Die Datenbank lässt sich nicht benutzen" in said
    assert "geheim" not in said


def test_a_platform_that_does_not_answer_is_broken(
    settings: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNK_TELEGRAM__TOKEN", "123456789:" + "A" * 35)
    monkeypatch.setenv("GNK_TELEGRAM__BASE_URL", "http://127.0.0.1:1")
    code, said = examined(settings, capsys)
    assert code == 1 and "✗  Telegram:" in said and "AAAA" not in said


@pytest.mark.postgres
def test_a_role_that_row_level_security_does_not_hold_is_told(
    tmp_path: Path, postgres_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    url = postgres_server.create()
    name = url.split("?")[0].rpartition("/")[2]
    mighty = Database(postgres_server.url(name, "gnk"))
    upgrade(mighty)
    mighty.close()
    path = tmp_path / "gnk-bot.toml"
    write_secretly(path, toml({"database": mighty.url, "data": "data"}))
    (tmp_path / "data").mkdir()
    _, said = examined(path, capsys)
    postgres_server.drop(url)
    assert "!  Datenbank: Das Konto des Bots ist Superuser" in said
