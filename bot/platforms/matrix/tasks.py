"""What is to be done besides saying something: rooms are made, looked at, and people brought in.

Each task looks first how things are, so that doing it twice does nothing more. Looking costs
nothing with the homeserver; what costs goes through ``Turn``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from bot.platforms import Delivered, Failed, Outcome, Retry
from bot.platforms.matrix import furnishing, state
from bot.platforms.matrix.asking import Refused, Turn, put_off
from bot.platforms.matrix.devices import Device
from bot.platforms.matrix.furnishing import Wished, server_of
from bot.platforms.matrix.pictures import SIDE_PX, room_picture
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.server import CLIENT, Answer, Server, room_path
from bot.platforms.matrix.state import State
from handlers.tasks import Admit, BringIn, Furnish, Inspect, MakeLink, MakeRoom, PutOut, Task

log = logging.getLogger(__name__)

_MOST_ALIASES = 9
"""Names that are tried for a room where somebody else took the first ones."""

NOT_POSSIBLE = Failed("not_possible")
NOT_THERE = Failed("not_there")
UNKNOWN_ACCOUNT = Failed("unknown_account")

_IN = ("join", "invite")


class _NotThere(Exception):
    """The bot is not in the room that something is to be done in."""


class Tasks:
    """Does tasks."""

    def __init__(self, server: Server, device: Device, rooms: Rooms, turn: Turn) -> None:
        self._server, self._device, self._rooms, self._turn = server, device, rooms, turn
        self._me = device.login.user_id

    async def do(self, room_id: str, task: Task) -> Outcome:
        """Do a task in a room. Raises Unreachable, and Refused for what is to be tried again."""
        try:
            return await self._done(room_id, task)
        except _NotThere:
            return NOT_THERE
        except Refused as no:
            if put_off(no.answer) is None:
                log.warning("matrix: %s was refused (%s)", type(task).__name__, no.answer.code)
                return NOT_POSSIBLE
            raise

    async def _done(self, room_id: str, task: Task) -> Outcome:
        match task:
            case MakeRoom():
                return await self._make(task)
            case Furnish():
                return Delivered(None, {"missing": await self._differences(room_id, task)})
            case Inspect():
                return await self._inspect(room_id)
            case BringIn(account):
                return await self._bring_in(room_id, account)
            case PutOut(account):
                return await self._put_out(room_id, account)
            case Admit(account, yes):
                return await self._admit(room_id, account, yes)
            case MakeLink():
                now = await self._state(room_id)
                return Delivered(now.link(room_id, server_of(self._me)))
        return NOT_POSSIBLE

    async def is_in(self, room_id: str) -> bool:
        """Whether the bot is in a room, by what the homeserver says now."""
        try:
            await self._state(room_id)
        except _NotThere:
            return False
        return True

    # --- rooms ---------------------------------------------------------------------------------

    async def _make(self, task: MakeRoom) -> Outcome:
        for number in range(1, _MOST_ALIASES + 1):
            alias = task.alias if number == 1 else f"{task.alias}-{number}"
            room_id = await self._called(alias)
            if room_id is None:
                try:
                    room_id = await self._create(alias, task)
                except Refused as no:
                    if no.answer.code == "M_EXCLUSIVE":
                        continue
                    if no.answer.code == "M_ROOM_IN_USE":
                        # An earlier request whose answer was lost is being dealt with.
                        return Retry(timedelta(seconds=2), no.answer.code)
                    raise
            elif not await self._made_here(room_id, task):
                continue
            await self._rooms.decide(room_id, False)
            return Delivered(room_id, {"missing": await self._complete(room_id, task)})
        return NOT_POSSIBLE

    async def _called(self, alias: str) -> str | None:
        full = f"#{alias}:{server_of(self._me)}"
        answer = await self._server.call("GET", f"{CLIENT}/directory/room/{quote(full, safe='')}")
        if answer.status == 404:
            return None
        found = _good(answer).body.get("room_id")
        return found if isinstance(found, str) else None

    async def _made_here(self, room_id: str, task: MakeRoom) -> bool:
        """Whether the bot made this room, and is still in it: anybody may take a name."""
        try:
            now = await self._state(room_id)
        except _NotThere:
            return False
        return now.maker == self._me and now.is_space is task.space

    async def _create(self, alias: str, task: MakeRoom) -> str:
        capabilities = _good(await self._server.call("GET", f"{CLIENT}/capabilities"))
        offered = (capabilities.body.get("capabilities") or {}).get("m.room_versions") or {}
        version = furnishing.version(offered, restricted=task.inside is not None)
        begins = [_event(*wish) for wish in furnishing.outfit(task, version, self._me)]
        asked: dict[str, Any] = {
            "room_alias_name": alias,
            "room_version": version,
            "name": task.title,
            "topic": task.topic,
            "visibility": "private",
            "preset": "private_chat",
            "initial_state": [e for e in begins if e["type"] != "m.room.power_levels"],
            "power_level_content_override": next(
                e["content"] for e in begins if e["type"] == "m.room.power_levels"
            ),
        }
        picture = await self._picture(task.title)
        if picture is not None:
            asked["initial_state"] += [_event(*picture)]
        if task.space:
            asked["creation_content"] = {"type": state.SPACE}
        made = await self._turn.ask(
            lambda: self._server.call("POST", f"{CLIENT}/createRoom", asked, within=120)
        )
        return str(made.body["room_id"])

    async def _complete(self, room_id: str, task: MakeRoom) -> list[str]:
        """Add what is missing in a room of the bot's, also after an interruption."""
        now = await self._state(room_id)
        version = str(now.content("m.room.create").get("room_version", "1"))
        wished = [
            (kind, key, content)
            for kind, key, content in furnishing.outfit(task, version, self._me)
            if (kind, key) not in now.events
        ]
        if ("m.room.avatar", "") not in now.events:
            picture = await self._picture(task.title)
            wished += [picture] if picture is not None else []
        for wish in wished:
            await self._set(room_id, wish)
        furnish = Furnish(
            task.title, task.topic, task.levels, task.inside, task.quiet, task.listed_in
        )
        return await self._differences(room_id, furnish)

    async def _picture(self, title: str) -> Wished | None:
        """A room's picture, uploaded; None if the homeserver does not take it."""
        png = await room_picture(title)
        path = "/_matrix/media/v3/upload?filename=bild.png"
        try:
            answer = await self._turn.ask(
                lambda: self._server.call("POST", path, png, mime="image/png", within=120)
            )
        except Refused as no:
            if put_off(no.answer) is not None:
                raise
            log.info("matrix: a room gets no picture (%s)", no.answer.code)
            return None
        info = {"mimetype": "image/png", "size": len(png), "w": SIDE_PX, "h": SIDE_PX}
        return "m.room.avatar", "", {"url": answer.body["content_uri"], "info": info}

    async def _differences(self, room_id: str, task: Furnish) -> list[str]:
        """Make a room as it is to be; returns what the bot may not change."""
        now = await self._state(room_id)
        missing: list[str] = []
        if now.text("m.room.name", "name") != task.title:
            missing += await self._changed(now, room_id, "title", {"name": task.title})
        if now.text("m.room.topic", "topic") != task.topic:
            missing += await self._changed(now, room_id, "topic", {"topic": task.topic})
        levels = furnishing.levels(now, task, self._me)
        if levels.content != now.content("m.room.power_levels"):
            missing += await self._changed(now, room_id, "levels", levels.content)
        if not levels.complete and "levels" not in missing:
            missing.append("levels")
        space = furnishing.space_of(task)
        if space is not None and not await self._put_inside(now, room_id, space):
            missing.append("inside")
        return missing

    async def _changed(
        self, now: State, room_id: str, right: str, content: Mapping[str, Any]
    ) -> list[str]:
        """Set a piece of state; returns its name if the bot may not."""
        wish = state.RIGHTS[right], "", dict(content)
        allowed = now.may(self._me, right) and await self._may_set(room_id, wish)
        return [] if allowed else [right]

    async def _put_inside(self, now: State, room_id: str, space: str) -> bool:
        """Put a room into a space, both ways; whether the space shows it."""
        try:
            child = furnishing.child(await self._state(space), room_id, self._me)
        except _NotThere:
            return False
        if child is not None and not await self._may_set(space, child):
            return False
        parent = furnishing.parent(space, self._me)
        if now.content("m.space.parent", space).get("via"):
            return True
        # Without it the room is found through the space all the same.
        await self._may_set(room_id, parent)
        return True

    async def _may_set(self, room_id: str, wish: Wished) -> bool:
        try:
            await self._set(room_id, wish)
        except Refused as no:
            if no.answer.status != 403:
                raise
            return False
        return True

    async def _set(self, room_id: str, wish: Wished) -> None:
        kind, key, content = wish
        path = room_path(room_id, "state", kind, key)
        await self._turn.ask(lambda: self._server.call("PUT", path, content))

    async def _inspect(self, room_id: str) -> Outcome:
        now = await self._state(room_id)
        path = f"{CLIENT}/directory/list/room/{quote(room_id, safe='')}"
        listed = await self._server.call("GET", path)
        told = {
            "rights": now.rights(self._me),
            "members": {a: m for a, m in now.members().items() if a != self._me},
            "title": now.text("m.room.name", "name"),
            "public": now.open_to_all or listed.body.get("visibility") == "public",
            "encrypted": now.encrypted,
        }
        return Delivered(None, told)

    # --- people --------------------------------------------------------------------------------

    async def _bring_in(self, room_id: str, account: str) -> Outcome:
        now = await self._state(room_id)
        membership = now.membership(account)
        if membership in _IN:
            return Delivered()
        if membership == "leave" and not await self._exists(account):
            return UNKNOWN_ACCOUNT
        if membership == "ban":
            if not (now.may(self._me, "remove") and now.may(self._me, "unban")):
                return Failed("no_right:invite")
            await self._about(room_id, "unban", account)
        try:
            await self._about(room_id, "invite", account)
        except Refused as no:
            if put_off(no.answer) is not None and not self._is_far(account, no.answer):
                raise
            now = await self._state(room_id)
            if now.membership(account) in _IN:
                return Delivered()
            if not now.may(self._me, "invite"):
                return Failed("no_right:invite")
            log.info("matrix: an invitation was refused (%s)", no.answer.code)
            # A server that is not there, or not to be spoken to; or the person wants no invitation.
            return UNKNOWN_ACCOUNT if self._elsewhere(account) else NOT_POSSIBLE
        return Delivered()

    async def _put_out(self, room_id: str, account: str) -> Outcome:
        now = await self._state(room_id)
        if now.membership(account) not in (*_IN, "knock"):
            return Delivered()
        try:
            await self._about(room_id, "kick", account)
        except Refused as no:
            if put_off(no.answer) is not None:
                raise
            now = await self._state(room_id)
            if now.membership(account) in (*_IN, "knock"):
                return Failed("no_right:remove")
        await self._device.lost(room_id, account)
        return Delivered()

    async def _admit(self, room_id: str, account: str, yes: bool) -> Outcome:
        if yes:
            return await self._bring_in(room_id, account)
        now = await self._state(room_id)
        if now.membership(account) != "knock":
            # Whoever was let in meanwhile is not put out by an older answer.
            return Delivered()
        return await self._put_out(room_id, account)

    async def _about(self, room_id: str, what: str, account: str) -> None:
        path, body = room_path(room_id, what), {"user_id": account}
        ask = partial(self._server.call, "POST", path, body)
        await self._turn.ask(ask, paced=what == "invite")

    async def _exists(self, account: str) -> bool:
        """Whether there is such an account, as far as that can be known.

        Synapse invites local accounts that do not exist; somebody without a name or picture has
        no profile, but has a device.
        """
        if not account.startswith("@") or ":" not in account:
            return False
        path = f"{CLIENT}/profile/{quote(account, safe='')}"
        profile = await self._server.call("GET", path)
        if profile.status not in (400, 404):
            return True
        asked: dict[str, Any] = {"device_keys": {account: []}}
        keys = await self._server.call("POST", f"{CLIENT}/keys/query", asked)
        return not keys.ok or bool((keys.body.get("device_keys") or {}).get(account))

    def _elsewhere(self, account: str) -> bool:
        return server_of(account) != server_of(self._me)

    def _is_far(self, account: str, answer: Answer) -> bool:
        """Whether it is the other's homeserver that failed: its rooms must not wait for that."""
        return answer.wait is None and answer.status >= 500 and self._elsewhere(account)

    async def _state(self, room_id: str) -> State:
        """The state of a room that the bot is in. Raises _NotThere, Refused."""
        answer = await self._server.call("GET", room_path(room_id, "state"))
        if answer.status in (403, 404):
            raise _NotThere
        now = State.of(_good(answer).listed)
        if now.membership(self._me) != "join":
            raise _NotThere
        return now


def _event(kind: str, key: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "state_key": key, "content": content}


def _good(answer: Answer) -> Answer:
    if not answer.ok:
        raise Refused(answer)
    return answer
