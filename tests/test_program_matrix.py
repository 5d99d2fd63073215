"""The program on Matrix, set up with a password that is used once."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from bot import config
from tests.platforms.matrix.synapse import PASSWORD, Synapse, synapse
from tests.program import MINIMAL, bot, running, said_in_a_line

__all__ = ["synapse"]

pytestmark = pytest.mark.synapse


async def test_set_up_with_a_password_and_run_with_the_token(
    synapse: Synapse, tmp_path: Path
) -> None:
    user = synapse.user("gnk-bot").user_id
    words = [*MINIMAL, "--matrix-homeserver", synapse.address, "--matrix-user", user]
    wrong = await asyncio.to_thread(bot, tmp_path, *words, GNK_MATRIX_PASSWORD="Fahrrad-Ampel-8")
    said_in_a_line(wrong, "matrix", user)
    assert "Ampel-8" not in wrong.stderr
    done = await asyncio.to_thread(bot, tmp_path, *words, GNK_MATRIX_PASSWORD=PASSWORD)
    assert done.returncode == 0, done.stderr
    assert f"an {user} schreiben: !beitreten " in done.stdout
    path = tmp_path / "gnk-bot.toml"
    assert PASSWORD not in path.read_text()
    settings = config.read(path)
    assert settings.matrix is not None and settings.matrix.user_id == user
    token = settings.matrix.access_token.get_secret_value()
    async with running(tmp_path, "run") as process:
        assert user in await process.says("Matrix:")
        checked = await asyncio.to_thread(bot, tmp_path, "doctor")
        assert f"verbunden als {user}" in checked.stdout
        assert await process.stop() == 0
    assert token not in process.output + checked.stdout
    again = await asyncio.to_thread(bot, tmp_path, *words, "--force", GNK_MATRIX_PASSWORD=PASSWORD)
    said_in_a_line(again, "matrix.store", "früheren Geräts")


async def test_doctor_shows_the_signature_and_a_reset_makes_a_new_one(
    synapse: Synapse, tmp_path: Path
) -> None:
    user = synapse.user("gnk-bot").user_id
    words = [*MINIMAL, "--matrix-homeserver", synapse.address, "--matrix-user", user]
    done = await asyncio.to_thread(bot, tmp_path, *words, GNK_MATRIX_PASSWORD=PASSWORD)
    assert done.returncode == 0, done.stderr
    assert "noch nicht signiert" in await _doctor(tmp_path)
    first = await _signed(tmp_path)
    wrong = await asyncio.to_thread(bot, tmp_path, RESET, GNK_MATRIX_PASSWORD="Fahrrad-Ampel-8")
    assert wrong.returncode == 1 and "does not accept this password" in wrong.stderr
    assert await _doctor(tmp_path) == first
    reset = await asyncio.to_thread(bot, tmp_path, RESET, GNK_MATRIX_PASSWORD=PASSWORD)
    assert reset.returncode == 0, reset.stderr
    assert "noch nicht signiert" in await _doctor(tmp_path)
    second = await _signed(tmp_path)
    old, new = (_after("Hauptschlüssel des Kontos: ", said) for said in (first, second))
    assert old != new == _after(f"Neuer Hauptschlüssel von {user}: ", reset.stdout)
    shown = [_after("Fingerabdruck des Geräts: ", said) for said in (first, second)]
    assert shown[0] == shown[1] and len(shown[0].split()) == 11

    # The backup has the seeds; with them alone in the store, a new device can be set up.
    store = tmp_path / "data" / "matrix"
    saved = await asyncio.to_thread(bot, tmp_path, "backup", "safe")
    assert saved.returncode == 0, saved.stderr
    copy = tmp_path / "safe" / "matrix" / "seeds.json"
    assert copy.stat().st_mode & 0o777 == 0o600
    shutil.move(store, tmp_path / "lost")
    store.mkdir()
    shutil.copy2(copy, store)
    again = await asyncio.to_thread(bot, tmp_path, *words, "--force", GNK_MATRIX_PASSWORD=PASSWORD)
    assert again.returncode == 0, again.stderr
    third = await _signed(tmp_path)
    assert _after("Hauptschlüssel des Kontos: ", third) == new
    assert _after("Fingerabdruck des Geräts: ", third) != shown[0]
    (store / "seeds.json").unlink()
    assert "die der Bot nicht hat" in await _doctor(tmp_path)


RESET = "matrix-reset-signing"


async def _signed(folder: Path) -> str:
    """Run the bot until its device is signed; returns what the doctor says then."""
    async with running(folder, "run") as process:
        await process.says("is signed")
        busy = await asyncio.to_thread(bot, folder, RESET, GNK_MATRIX_PASSWORD=PASSWORD)
        said_in_a_line(busy, "Der Bot läuft")
        assert await process.stop() == 0
    said = await _doctor(folder)
    assert "ist signiert" in said
    return said


async def _doctor(folder: Path) -> str:
    """What the doctor says about Matrix."""
    said = (await asyncio.to_thread(bot, folder, "doctor")).stdout
    start = said.index("verbunden als")
    return said[start:]


def _after(words: str, said: str) -> str:
    """The rest of the line."""
    return said.partition(words)[2].partition("\n")[0]
