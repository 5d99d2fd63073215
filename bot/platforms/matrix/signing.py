"""Signing the bot's own device, so that clients trust it without anybody verifying anything.

An account has three keys: the master key signs the other two, the self-signing key signs the
account's devices, the user-signing key (never used here) other people. Their seeds lie beside the
device's own keys. Everything is done in an order in which a kill leaves what the next start
finishes: seeds on the disk, public keys on the homeserver, signature on the homeserver.

Keys of somebody else are never replaced, except by ``reset``, which is asked for explicitly.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from Crypto.PublicKey import ECC
from Crypto.Signature import eddsa

from bot.platforms.matrix.server import CLIENT, Answer, Login, NotAccepted, Server, Unreachable

log = logging.getLogger(__name__)

FILE = "seeds.json"
"""In the store. Who has it can make devices that pass for the bot's."""

NEXT = "seeds.json.new"
"""What ``reset`` has made and the homeserver has not confirmed yet."""

RESET = "gnk-bot matrix-reset-signing"

KINDS = ("master", "self_signing", "user_signing")

Raw = dict[str, Any]


class NotSigned(NotAccepted):
    """The device cannot be signed; the message says why and what to do."""


# --- keys -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Identity:
    """The keys of an account; a seed of 32 bytes for each of ``KINDS``."""

    user_id: str
    seeds: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def new(cls, user_id: str) -> Identity:
        """One that nobody has had before."""
        return cls(user_id, {kind: secrets.token_bytes(32) for kind in KINDS})

    def public(self, kind: str) -> str:
        """The public key, in base64 without padding."""
        return _base64(self._key(kind).public_key().export_key(format="raw"))

    def signed(self, kind: str, thing: Raw) -> Raw:
        """A copy of ``thing`` with the signature by one of the keys added."""
        made = deepcopy(thing)
        signature = eddsa.new(self._key(kind), "rfc8032").sign(_canonical(thing))
        mine = made.setdefault("signatures", {}).setdefault(self.user_id, {})
        mine[f"ed25519:{self.public(kind)}"] = _base64(signature)
        return made

    def has_signed(self, kind: str, thing: Raw) -> bool:
        """Whether there is a valid signature by one of the keys."""
        theirs = thing.get("signatures", {}).get(self.user_id, {})
        signature = theirs.get(f"ed25519:{self.public(kind)}")
        if not isinstance(signature, str):
            return False
        try:
            eddsa.new(self._key(kind), "rfc8032").verify(_canonical(thing), _bytes(signature))
        except ValueError:
            return False
        return True

    def keys(self) -> Raw:
        """The public keys as they are uploaded."""
        made = {}
        for kind in KINDS:
            public = self.public(kind)
            keys = {f"ed25519:{public}": public}
            key = {"user_id": self.user_id, "usage": [kind], "keys": keys}
            made[f"{kind}_key"] = key if kind == "master" else self.signed("master", key)
        return made

    def _key(self, kind: str) -> ECC.EccKey:
        return ECC.construct(curve="Ed25519", seed=self.seeds[kind])


def _canonical(thing: Raw) -> bytes:
    """What is signed: canonical JSON without signatures (Matrix, appendices, "Signing JSON")."""
    bare = {name: part for name, part in thing.items() if name not in ("signatures", "unsigned")}
    text = json.dumps(
        bare, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
    )
    return text.encode()


def _base64(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4), validate=True)


# --- on the disk ----------------------------------------------------------------------------------


def kept(store: Path, user_id: str, name: str = FILE) -> Identity | None:
    """The identity in the store. Raises NotSigned if the file is no good, or another account's."""
    path = store / name
    try:
        made = json.loads(path.read_text(encoding="utf-8"))
        seeds = {kind: _bytes(made[kind]) for kind in KINDS}
        owner = made["user_id"]
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError):
        raise NotSigned(f"{path} is damaged: put it back from the backup") from None
    if owner != user_id or any(len(seed) != 32 for seed in seeds.values()):
        raise NotSigned(f"{path} does not belong to {user_id}: put it back from the backup")
    return Identity(user_id, seeds)


def keep(store: Path, identity: Identity, name: str = FILE) -> None:
    """Write the seeds, for their owner's eyes only; they are on the disk when this returns."""
    seeds = {kind: _base64(identity.seeds[kind]) for kind in KINDS}
    made = json.dumps({"user_id": identity.user_id, **seeds})
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = store / f"{name}.part"
    part.unlink(missing_ok=True)
    number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    _rename(part, store / name)


def _rename(old: Path, new: Path) -> None:
    os.replace(old, new)
    folder = os.open(new.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


# --- on the homeserver ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Published:
    """What the homeserver shows of the account: its keys by kind, and the bot's device."""

    keys: Mapping[str, Raw]
    device: Raw | None

    @property
    def fingerprint(self) -> str | None:
        """The device's Ed25519 key."""
        if self.device is None:
            return None
        return str(self.device["keys"][f"ed25519:{self.device['device_id']}"])

    def foreign_to(self, identity: Identity | None) -> bool:
        """Whether there are keys that are not of this identity."""
        if identity is None:
            return bool(self.keys)
        return any(list(k["keys"].values()) != [identity.public(n)] for n, k in self.keys.items())

    def complete_for(self, identity: Identity) -> bool:
        """Whether all keys of this identity are there, signed as they must be."""
        if self.foreign_to(identity) or set(self.keys) != set(KINDS):
            return False
        return all(identity.has_signed("master", self.keys[kind]) for kind in KINDS[1:])

    def signed_by(self, identity: Identity) -> bool:
        """Whether the device is signed."""
        return self.device is not None and identity.has_signed("self_signing", self.device)


async def look(server: Server, login: Login) -> Published:
    """Ask what everybody is told about this account. Raises NotAccepted, Unreachable."""
    me = login.user_id
    answer = await server.call("POST", f"{CLIENT}/keys/query", {"device_keys": {me: []}})
    if not answer.ok:
        _refused(answer)
    parts = {kind: answer.body.get(f"{kind}_keys", {}).get(me) for kind in KINDS}
    return Published(
        {kind: key for kind, key in parts.items() if key},
        answer.body.get("device_keys", {}).get(me, {}).get(login.device_id),
    )


def _refused(answer: Answer) -> NoReturn:
    if answer.token_refused:
        raise NotAccepted("the homeserver does not accept the bot's access token any more")
    if answer.wait is None and 400 <= answer.status < 500:
        raise NotSigned(f"the homeserver refuses the bot's signing keys ({answer.code})")
    raise Unreachable(answer.code)


class Signing:
    """Sees to it that the bot's device is signed, once in each run."""

    def __init__(self, login: Login, store: Path, server: Server) -> None:
        self._login, self._store, self._server = login, store, server
        self._done = False

    async def ensure(self, own: Mapping[str, str]) -> None:
        """Sign the device, unless it is; ``own`` are its keys (``ed25519``, ``curve25519``).

        The device's keys must have been uploaded. Raises NotSigned, NotAccepted, Unreachable.
        """
        if self._done:
            return
        identity = kept(self._store, self._login.user_id)
        found = await look(self._server, self._login)
        if found.foreign_to(identity):
            raise NotSigned(_foreign(self._login.user_id, self._store, identity))
        device = self._checked(found, own)
        if identity is None:
            identity = Identity.new(self._login.user_id)
            keep(self._store, identity)
        complete, signed = found.complete_for(identity), found.signed_by(identity)
        if not complete and not await self._publish(identity):
            self._done = True
            return
        if not signed:
            await self._sign(identity, device)
        if not complete or not signed:
            # What is refused may be answered with 200; only another look tells.
            self._confirm(await look(self._server, self._login), identity, own)
        self._done = True

    def _checked(self, found: Published, own: Mapping[str, str]) -> Raw:
        """The device as everybody sees it: what is signed must be ours."""
        device = found.device
        if device is None:
            raise Unreachable("this device's keys are not published")
        names = {f"{kind}:{self._login.device_id}": own[kind] for kind in ("ed25519", "curve25519")}
        if device["user_id"] != self._login.user_id or device["keys"] != names:
            raise NotSigned(
                f"the homeserver shows other keys for the device {self._login.device_id} than the "
                "store holds: put the store back from the backup, or log the bot in again as a "
                "new device"
            )
        return dict(device)

    async def _publish(self, identity: Identity) -> bool:
        """Upload the public keys; False if the homeserver knows no such thing."""
        path = f"{CLIENT}/keys/device_signing/upload"
        answer = await self._server.call("POST", path, identity.keys())
        if answer.ok:
            return True
        if "flows" in answer.body:
            raise NotSigned(
                "the homeserver wants the account's password before it takes the bot's signing "
                f"keys: stop the bot and call {RESET}"
            )
        if answer.status in (404, 405):
            log.warning("matrix: this homeserver cannot keep signatures of devices")
            return False
        _refused(answer)

    async def _sign(self, identity: Identity, device: Raw) -> None:
        signed = identity.signed("self_signing", device)
        signed.pop("unsigned", None)
        body = {self._login.user_id: {self._login.device_id: signed}}
        answer = await self._server.call("POST", f"{CLIENT}/keys/signatures/upload", body)
        if not answer.ok:
            _refused(answer)
        if answer.body.get("failures"):
            raise NotSigned(
                f"the homeserver does not take the signature of the device "
                f"{self._login.device_id} ({_code(answer.body['failures'])})"
            )

    def _confirm(self, found: Published, identity: Identity, own: Mapping[str, str]) -> None:
        self._checked(found, own)
        if not found.complete_for(identity) or not found.signed_by(identity):
            raise NotSigned(
                f"the homeserver has taken the signature of the device {self._login.device_id} and "
                "does not show it: log the bot in again as a new device"
            )
        log.info("matrix: the device %s is signed", self._login.device_id)


def _foreign(user_id: str, store: Path, identity: Identity | None) -> str:
    whose = f"that are not in {store}" if identity is None else f"other than those in {store}"
    return (
        f"on the homeserver, {user_id} has signing keys {whose}; perhaps somebody logged in with "
        "this account elsewhere. They are not replaced: put the store back from the backup, or "
        f"stop the bot and call {RESET} to begin with new ones"
    )


def _code(failures: Any) -> str:
    """The first error code in there, at whatever depth."""
    if isinstance(failures, dict):
        code = failures.get("errcode")
        return code if isinstance(code, str) else next(map(_code, failures.values()), "unknown")
    return "unknown"


# --- on request -----------------------------------------------------------------------------------


async def reset(server: Server, login: Login, store: Path, password: str) -> Identity:
    """Replace the account's keys by new ones, whoever made the old ones; the bot must not run.

    Its device is signed at the next start. Begun and not finished, it is finished by doing it
    again. Raises NotAccepted, Unreachable; the old seeds are kept then.
    """
    identity = kept(store, login.user_id, NEXT)
    if identity is None:
        identity = Identity.new(login.user_id)
        keep(store, identity, NEXT)
    path, keys = f"{CLIENT}/keys/device_signing/upload", identity.keys()
    answer = await server.call("POST", path, keys)
    if "flows" in answer.body:
        auth = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": login.user_id},
            "password": password,
            "session": _session(answer),
        }
        answer = await server.call("POST", path, {**keys, "auth": auth})
        if "flows" in answer.body:
            raise NotAccepted(f"the homeserver does not accept this password for {login.user_id}")
    if not answer.ok:
        _refused(answer)
    _rename(store / NEXT, store / FILE)
    return identity


def _session(answer: Answer) -> str:
    """Of an authentication by password. Raises NotAccepted if the homeserver wants another one."""
    body = answer.body
    if not any(flow.get("stages") == ["m.login.password"] for flow in body["flows"]):
        addresses = [part["url"] for part in body.get("params", {}).values() if "url" in part]
        where = f" at {addresses[0]}" if addresses else ""
        raise NotAccepted(
            f"the homeserver wants this to be allowed in another way{where}: allow it there, and "
            f"call {RESET} again"
        )
    return str(body["session"])


# --- to be shown ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class State:
    """What can be said about the signature. Fingerprints stand in groups of four, as in Element."""

    device_id: str
    signed: bool
    device: str | None = None
    """Only if signed: the homeserver alone could say anything."""
    master: str | None = None
    foreign: bool = False
    """Whether the homeserver has keys that the bot does not."""


async def state(server: Server, login: Login, store: Path) -> State:
    """How things are, without changing anything. Raises NotAccepted, Unreachable."""
    identity = kept(store, login.user_id)
    found = await look(server, login)
    if found.foreign_to(identity):
        return State(login.device_id, False, foreign=True)
    if identity is None:
        return State(login.device_id, False)
    master = grouped(identity.public("master"))
    if not found.complete_for(identity) or not found.signed_by(identity):
        return State(login.device_id, False, master=master)
    return State(login.device_id, True, grouped(found.fingerprint or ""), master)


def grouped(key: str) -> str:
    """A key in groups of four characters, to be compared by eye."""
    return " ".join(key[i : i + 4] for i in range(0, len(key), 4))
