"""The bot and people whose clients trust only signed devices: matrix-js-sdk, a real homeserver."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from bot.platforms.matrix import Login
from storage import inbox
from tests.platforms.matrix.between import between
from tests.platforms.matrix.synapse import Synapse, synapse
from tests.platforms.matrix.town import Town, running

__all__ = ["synapse"]

pytestmark = pytest.mark.synapse

_STRICT = Path(__file__).parent / "matrix" / "js_sdk_check" / "strict.mjs"


@pytest.fixture
def sdk() -> str:
    """A folder with matrix-js-sdk; ``conftest`` leaves this file out where none is named."""
    return os.environ["GNK_JS_SDK"]


async def strict_client(sdk: str, bot: Login, anna: Login) -> Any:
    """What somebody finds whose client trusts only signed devices."""
    process = await asyncio.create_subprocess_exec(
        "node", str(_STRICT), sdk, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    words = {"before": "sag vorher", "say": "sag erst", "expect": "erst"}
    given = {**asdict(anna), **words, "bot": bot.user_id}
    out, _ = await asyncio.wait_for(process.communicate(json.dumps(given).encode() + b"\n"), 90)
    return json.loads(out)


async def test_a_client_that_trusts_only_signed_devices_reads_the_bot_and_is_read(
    synapse: Synapse, sdk: str, tmp_path: Path
) -> None:
    bot, anna = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot):
        found = await strict_client(sdk, bot, anna)
    assert found["answered"] and not found["failures"]
    assert found["devices"] == [{"id": bot.device_id, "signed_by_owner": True}]
    assert found["shields"] and all(s == {"colour": 0, "reason": None} for s in found["shields"])


async def test_without_the_signature_such_a_client_and_the_bot_are_deaf_to_each_other(
    synapse: Synapse, sdk: str, tmp_path: Path
) -> None:
    bot, anna = synapse.user("gnk-bot"), synapse.user("anna")
    async with between(synapse.address) as middle:
        middle.accident = lambda method, path: (
            "unknown" if "/keys/device_signing/" in path else None
        )
        async with running(tmp_path, replace(bot, homeserver=middle.address)) as town:
            found = await strict_client(sdk, bot, anna)
            waiting = [key for key in _quarantined(town) if key.startswith("undecrypted:")]
    # The bot answered what was said while all were trusted, and did not get the next key.
    assert not found["answered"] and len(waiting) == 1
    assert found["failures"] == ["UNSIGNED_SENDER_DEVICE"]
    assert found["devices"] == [{"id": bot.device_id, "signed_by_owner": False}]


def _quarantined(town: Town) -> list[str]:
    with town.db.read() as tx:
        return [key for _, key, _, _ in inbox.quarantined(tx)]
