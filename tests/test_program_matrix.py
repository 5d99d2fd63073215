"""The program on Matrix, set up with a password that is used once."""

from __future__ import annotations

import asyncio
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
