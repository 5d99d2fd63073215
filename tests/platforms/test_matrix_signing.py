"""The bot signs its device: what others see, on a real homeserver, checked with others' code."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import signal
import sys
from base64 import b64encode
from collections.abc import Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

from bot.platforms.matrix import Login, Matrix, NotAccepted, StoreLost, log_in, signing
from bot.platforms.matrix.server import Server, Unreachable
from bot.platforms.matrix.signing import FILE, NEXT, Identity, NotSigned
from storage.db import Database
from storage.inbox import Arrival
from tests.platforms.matrix.between import Between, between
from tests.platforms.matrix.synapse import PASSWORD, Synapse, online, synapse
from tests.platforms.matrix.town import WITHIN, running

__all__ = ["synapse"]

pytestmark = pytest.mark.synapse

QUERY, UPLOAD, SIGNATURES = "/keys/query", "/keys/device_signing/upload", "/keys/signatures/upload"
SENDS = "/send/m.room.encrypted/"


def shown(synapse: Synapse, login: Login) -> Any:
    """What the homeserver tells about somebody's keys (to anybody, but for the third one)."""
    body: dict[str, Any] = {"device_keys": {login.user_id: []}}
    return synapse.call("POST", "/_matrix/client/v3/keys/query", body, login.access_token)


def is_signed(synapse: Synapse, login: Login) -> bool:
    """Whether a chain of signatures leads from the master key to the device, as Synapse checks."""
    # They come with Synapse, which is not everywhere.
    from signedjson.key import decode_verify_key_bytes
    from signedjson.sign import SignatureVerifyException, verify_signed_json
    from unpaddedbase64 import decode_base64

    def check(key: dict[str, Any], thing: dict[str, Any]) -> None:
        ((name, public),) = key["keys"].items()
        verify_signed_json(thing, me, decode_verify_key_bytes(name, decode_base64(public)))

    told, me = shown(synapse, login), login.user_id
    if me not in told["self_signing_keys"]:
        return False
    master, signs = told["master_keys"][me], told["self_signing_keys"][me]
    try:
        check(master, signs)
        check(master, told["user_signing_keys"][me])
        check(signs, told["device_keys"][me][login.device_id])
    except SignatureVerifyException:
        return False
    return True


def master_of(synapse: Synapse, login: Login) -> str:
    """The public key that all trust in the account hangs on."""
    (key,) = shown(synapse, login)["master_keys"][login.user_id]["keys"].values()
    return str(key)


async def goes_wrong(folder: Path, login: Login, why: type[NotAccepted], match: str) -> None:
    """Run the bot until it ends by itself, which it says in the log too."""
    db = Database(f"sqlite:///{folder / 'bot.sqlite3'}")
    SQLModel.metadata.create_all(db.engine)
    matrix = Matrix(db, lambda: datetime.now(UTC), login, store=folder / "store")
    try:
        with pytest.raises(why, match=match):
            await asyncio.wait_for(matrix.run(_never), WITHIN)
    finally:
        await matrix.close()
        db.close()


async def _never(platform: str, arrivals: Iterable[Arrival]) -> int:
    raise AssertionError("nothing should have come")


async def killed_while(folder: Path, login: Login, middle: Between, path: str, how: str) -> None:
    """Run the bot as a process, and kill it with SIGKILL while this request is under way."""
    middle.accident = lambda method, asked: how if asked.endswith(path) else None
    middle.holding.clear()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.platforms.matrix.alone", str(folder),
        stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(asdict(login)).encode() + b"\n")
        await asyncio.wait_for(middle.holding.wait(), 2 * WITHIN)
    finally:
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
    middle.accident = lambda method, asked: None


# --- signed ---------------------------------------------------------------------------------------


async def test_the_device_is_signed_before_the_first_encrypted_message(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, anna = synapse.user("gnk-bot"), synapse.user("anna")
    async with between(synapse.address) as middle, online(anna, tmp_path / "anna") as member:
        room = await member.opens("", encrypted=True, invite=(bot.user_id,), is_direct=True)
        async with running(tmp_path, replace(bot, homeserver=middle.address)):
            await member.meets(bot.user_id, room)
            await member.says(room, "sag etwas")
            assert (await member.sees("etwas")).encrypted
        paths = [path for _, path in middle.seen]
        steps = [next(i for i, p in enumerate(paths) if step in p) for step in
                 ("/sync", "/keys/upload", UPLOAD, SIGNATURES, SENDS)]  # fmt: skip
        assert steps == sorted(steps)
    assert is_signed(synapse, bot)
    told = shown(synapse, anna)
    assert anna.user_id not in told["master_keys"]


async def test_a_restart_costs_one_question_and_changes_nothing(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot = synapse.user("gnk-bot")
    async with between(synapse.address) as middle:
        through = replace(bot, homeserver=middle.address)
        async with running(tmp_path, through):
            master = master_of(synapse, bot)
        assert middle.count(UPLOAD) == middle.count(SIGNATURES) == 1
        middle.seen.clear()
        async with running(tmp_path, through):
            pass
        # Before the first sync, the store is compared with the homeserver: the other one.
        assert middle.count(QUERY) == 2
        assert middle.count(UPLOAD) == middle.count(SIGNATURES) == 0
    assert master_of(synapse, bot) == master and is_signed(synapse, bot)


@pytest.mark.parametrize(
    ("path", "how"),
    [
        pytest.param(UPLOAD, "hold", id="before the keys are on the homeserver"),
        pytest.param(UPLOAD, "hold answer", id="after the keys are there"),
        pytest.param(SIGNATURES, "hold", id="before the signature is there"),
        pytest.param(SIGNATURES, "hold answer", id="after the signature is there"),
    ],
)
async def test_killed_at_any_step_the_next_start_finishes(
    synapse: Synapse, tmp_path: Path, path: str, how: str
) -> None:
    bot = synapse.user("gnk-bot")
    async with between(synapse.address) as middle:
        through = replace(bot, homeserver=middle.address)
        await killed_while(tmp_path, through, middle, path, how)
        seeds = (tmp_path / "store" / FILE).read_bytes()
        assert is_signed(synapse, bot) == (path == SIGNATURES and how == "hold answer")
        async with running(tmp_path, through):
            pass
    assert is_signed(synapse, bot)
    assert (tmp_path / "store" / FILE).read_bytes() == seeds


async def test_killed_before_the_seeds_are_whole_they_are_made_anew(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot = synapse.user("gnk-bot")
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / f"{FILE}.part").write_text('{"user_')
    async with running(tmp_path, bot):
        pass
    assert is_signed(synapse, bot)
    assert not (tmp_path / "store" / f"{FILE}.part").exists()


async def test_a_homeserver_that_does_not_answer_is_asked_again(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, failed = synapse.user("gnk-bot"), list[str]()

    def accident(method: str, path: str) -> str | None:
        if (UPLOAD in path or SIGNATURES in path) and path not in failed:
            failed.append(path)
            return "lose answer" if UPLOAD in path else "too much"
        return None

    async with between(synapse.address) as middle:
        middle.accident = accident
        async with running(tmp_path, replace(bot, homeserver=middle.address)):
            pass
    assert len(failed) == 2 and is_signed(synapse, bot)


async def test_the_seeds_are_for_their_owner_only_and_fit_what_is_published(
    synapse: Synapse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bot = synapse.user("gnk-bot")
    caplog.set_level(logging.DEBUG)
    async with running(tmp_path, bot):
        pass
    path = tmp_path / "store" / FILE
    assert path.stat().st_mode & 0o777 == 0o600
    identity = signing.kept(tmp_path / "store", bot.user_id)
    assert identity is not None and identity.public("master") == master_of(synapse, bot)
    for seed in identity.seeds.values():
        assert b64encode(seed).decode()[:20] not in caplog.text + repr(identity)


# --- other keys -----------------------------------------------------------------------------------


async def test_keys_of_somebody_else_stop_the_bot_and_stay(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot = synapse.user("gnk-bot")
    theirs = Identity.new(bot.user_id)
    synapse.call("POST", f"/_matrix/client/v3{UPLOAD}", theirs.keys(), bot.access_token)
    await goes_wrong(tmp_path, bot, NotSigned, "matrix-reset-signing")
    assert not (tmp_path / "store" / FILE).exists()
    signing.keep(tmp_path / "store", Identity.new(bot.user_id))
    await goes_wrong(tmp_path, bot, NotSigned, "other than those in")
    assert master_of(synapse, bot) == theirs.public("master")
    assert not is_signed(synapse, bot)


async def test_on_request_and_with_the_password_foreign_keys_are_replaced(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, store = synapse.user("gnk-bot"), tmp_path / "store"
    theirs = Identity.new(bot.user_id)
    synapse.call("POST", f"/_matrix/client/v3{UPLOAD}", theirs.keys(), bot.access_token)
    async with reaching(bot) as server:
        with pytest.raises(NotAccepted, match="does not accept this password"):
            await signing.reset(server, bot, store, "Fahrrad-Ampel-8")
        assert master_of(synapse, bot) == theirs.public("master")
        made = await signing.reset(server, bot, store, PASSWORD)
    assert master_of(synapse, bot) == made.public("master")
    assert not (store / NEXT).exists()
    async with running(tmp_path, bot):
        pass
    assert is_signed(synapse, bot) and master_of(synapse, bot) == made.public("master")


async def test_a_reset_whose_answer_was_lost_is_finished_by_the_next(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, store = synapse.user("gnk-bot"), tmp_path / "store"
    async with running(tmp_path, bot):
        old = master_of(synapse, bot)
    async with between(synapse.address) as middle:
        middle.accident = lambda method, path: (
            "lose answer" if UPLOAD in path and middle.count(UPLOAD) == 2 else None
        )
        async with reaching(replace(bot, homeserver=middle.address)) as server:
            with pytest.raises(Unreachable):
                await signing.reset(server, bot, store, PASSWORD)
            new = master_of(synapse, bot)
            assert new != old
            await goes_wrong(tmp_path, bot, NotSigned, "matrix-reset-signing")
            await signing.reset(server, bot, store, "unused now")
    async with running(tmp_path, bot):
        pass
    assert is_signed(synapse, bot) and master_of(synapse, bot) == new


@asynccontextmanager
async def reaching(login: Login) -> Any:
    server = Server(login.homeserver, login.access_token)
    try:
        yield server
    finally:
        await server.close()


async def test_a_homeserver_that_wants_the_password_first_is_told_of(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot = synapse.user("gnk-bot")
    async with between(synapse.address) as middle:
        middle.accident = lambda method, path: "password" if UPLOAD in path else None
        through = replace(bot, homeserver=middle.address)
        await goes_wrong(tmp_path, through, NotSigned, "wants the account's password")


async def test_a_homeserver_that_keeps_no_signatures_is_no_hindrance(
    synapse: Synapse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bot = synapse.user("gnk-bot")
    async with between(synapse.address) as middle:
        middle.accident = lambda method, path: "unknown" if UPLOAD in path else None
        async with running(tmp_path, replace(bot, homeserver=middle.address)):
            pass
    assert "cannot keep signatures" in caplog.text and not is_signed(synapse, bot)


# --- answers that say one thing and mean another --------------------------------------------------


async def test_a_signature_refused_with_200_is_noticed(synapse: Synapse, tmp_path: Path) -> None:
    bot = synapse.user("gnk-bot")
    failure = {"failures": {bot.user_id: {bot.device_id: {"errcode": "M_INVALID_SIGNATURE"}}}}
    async with between(synapse.address) as middle:
        middle.changed = lambda path, body: (
            json.dumps(failure).encode() if SIGNATURES in path else body
        )
        through = replace(bot, homeserver=middle.address)
        await goes_wrong(tmp_path, through, NotSigned, "M_INVALID_SIGNATURE")


async def test_synapse_refuses_a_wrong_signature_with_200(synapse: Synapse, tmp_path: Path) -> None:
    bot, identity = synapse.user("gnk-bot"), None
    async with between(synapse.address) as middle:
        middle.accident = lambda method, path: "unknown" if UPLOAD in path else None
        async with running(tmp_path, replace(bot, homeserver=middle.address)):
            identity = signing.kept(tmp_path / "store", bot.user_id)
    assert identity is not None
    base = "/_matrix/client/v3"
    synapse.call("POST", base + UPLOAD, identity.keys(), bot.access_token)
    device = shown(synapse, bot)["device_keys"][bot.user_id][bot.device_id]
    signed = identity.signed("self_signing", device | {"algorithms": ["m.other"]})
    body = {bot.user_id: {bot.device_id: {**device, "signatures": signed["signatures"]}}}
    body[bot.user_id][bot.device_id].pop("unsigned")
    failures = synapse.call("POST", base + SIGNATURES, body, bot.access_token)["failures"]
    assert failures[bot.user_id][bot.device_id]["errcode"] == "M_INVALID_SIGNATURE"
    async with running(tmp_path, bot):
        pass
    assert is_signed(synapse, bot)


async def test_a_signature_taken_and_not_shown_is_noticed(synapse: Synapse, tmp_path: Path) -> None:
    bot = synapse.user("gnk-bot")

    def without(path: str, body: bytes) -> bytes:
        if not path.endswith(QUERY):
            return body
        told = json.loads(body)
        for device in told["device_keys"].get(bot.user_id, {}).values():
            mine = device["signatures"][bot.user_id]
            device["signatures"][bot.user_id] = {f"ed25519:{bot.device_id}": mine.popitem()[1]}
        return json.dumps(told).encode()

    async with between(synapse.address) as middle:
        middle.changed = without
        through = replace(bot, homeserver=middle.address)
        await goes_wrong(tmp_path, through, NotSigned, "does not show it")


async def test_other_keys_than_the_devices_own_are_never_signed(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot = synapse.user("gnk-bot")

    def foisted(path: str, body: bytes) -> bytes:
        if not path.endswith(QUERY):
            return body
        told = json.loads(body)
        for device in told["device_keys"].get(bot.user_id, {}).values():
            device["keys"][f"curve25519:{bot.device_id}"] = "A" * 43
        return json.dumps(told).encode()

    async with between(synapse.address) as middle:
        middle.changed = foisted
        through = replace(bot, homeserver=middle.address)
        await goes_wrong(tmp_path, through, NotSigned, "shows other keys for the device")
        assert middle.count(UPLOAD) == middle.count(SIGNATURES) == 0


# --- a lost store ---------------------------------------------------------------------------------


async def test_a_new_device_is_signed_with_the_same_keys(synapse: Synapse, tmp_path: Path) -> None:
    bot, anna = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot):
        master = master_of(synapse, bot)
    store = tmp_path / "store"
    shutil.move(store, tmp_path / "lost")
    await goes_wrong(tmp_path, bot, StoreLost, "log the bot in again as a new device")
    shutil.rmtree(store)
    store.mkdir()
    shutil.copy2(tmp_path / "lost" / FILE, store / FILE)
    new = await log_in(synapse.address, bot.user_id, PASSWORD, "GNK-Bot")
    async with between(synapse.address) as middle, online(anna, tmp_path / "anna") as member:
        async with running(tmp_path, replace(new, homeserver=middle.address)):
            await member.chats_with(bot.user_id)
        assert middle.count(UPLOAD) == 0 and middle.count(SIGNATURES) == 1
    assert is_signed(synapse, new) and master_of(synapse, bot) == master


async def test_without_the_old_seeds_a_new_device_waits_for_a_reset(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot = synapse.user("gnk-bot")
    async with running(tmp_path / "lost", bot):
        pass
    new = await log_in(synapse.address, bot.user_id, PASSWORD, "GNK-Bot")
    await goes_wrong(tmp_path, new, NotSigned, "matrix-reset-signing")
    async with reaching(new) as server:
        await signing.reset(server, new, tmp_path / "store", PASSWORD)
    async with running(tmp_path, new):
        pass
    assert is_signed(synapse, new) and not is_signed(synapse, bot)
