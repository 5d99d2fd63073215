"""What happened on the homeserver, in order and without a gap, into the inbox.

The sync token is our own and moves only after everything before it is in the inbox; a repeated
event is recognised by its id. Where a timeline was cut, the missing part is fetched. The very
first sync only finds out where the bot is: what was said before is not answered.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from typing import Any
from urllib.parse import quote

from nio import Event, InviteEvent, SyncResponse
from nio.events.to_device import ToDeviceEvent

from bot.platforms import Receive
from bot.platforms.matrix import reading
from bot.platforms.matrix.devices import MISSHAPEN, Device
from bot.platforms.matrix.keeping import keep
from bot.platforms.matrix.late_keys import LateKeys, cards_among
from bot.platforms.matrix.rooms import PLATFORM, Room, Rooms
from bot.platforms.matrix.server import CLIENT, Answer, NotAccepted, Server, Unreachable, room_path
from bot.platforms.matrix.state import SPACE
from storage import remembered
from storage.db import Database
from storage.inbox import Arrival

log = logging.getLogger(__name__)

POLL_SECONDS = 30
_PAGE = 100
_MOST_PAGES = 200
"""Of a room's missed events: 20,000, after which something is wrong."""

_LONGEST_PAUSE = 60.0

_MOVING = "moving:"
"""Before the id of a room that is to replace another, once the bot may enter it."""

_FILTER = json.dumps(
    {
        "presence": {"types": []},
        "account_data": {"types": []},
        "room": {
            "timeline": {"limit": _PAGE},
            "ephemeral": {"types": []},
            "account_data": {"types": []},
        },
    },
    separators=(",", ":"),
)

Raw = dict[str, Any]


class Syncing:
    """Follows the homeserver's events."""

    def __init__(
        self,
        db: Database,
        clock: Callable[[], datetime],
        server: Server,
        device: Device,
        rooms: Rooms,
    ) -> None:
        self._db, self._server, self._device, self._rooms = db, server, device, rooms
        self._late = LateKeys(db, clock, device)
        self._me = device.login.user_id
        self._token: str | None = None
        self._loaded = False
        """Whether this process has been given the state of all rooms."""

    async def run(self, receive: Receive, reached: Callable[[bool], None]) -> None:
        """Sync until cancelled; ``reached`` is told after each one whether it was complete.

        Raises NotAccepted when the homeserver does not want the bot any more.
        """
        self._token = await self._db.look(lambda tx: remembered.get(tx, PLATFORM, "token"))
        await self._late.load()
        pause = 0.0
        while True:
            try:
                await self._once(receive)
                reached(True)
                pause = 0.0
                continue
            except Unreachable as error:
                log.warning("matrix: no sync (%s)", error)
            except NotAccepted:
                raise
            except Exception:
                # Whatever one answer did, the bot stays; the token has not moved.
                log.exception("matrix: a sync could not be taken in")
            reached(False)
            pause = min(max(2 * pause, 1.0), _LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _once(self, receive: Receive) -> None:
        raw = await self._sync()
        malformed = _without_malformed(raw)
        # Parsing takes some events apart.
        response = SyncResponse.from_dict(_without_sealed(deepcopy(raw)))
        if not isinstance(response, SyncResponse):
            raise Unreachable("an answer that is no sync response")
        since = self._token
        # Taken in again, a key would not be recognised: what it opens must not be forgotten.
        self._late.keys_came(await self._device.take_keys(response))
        try:
            await self._device.synced(response)
        except MISSHAPEN:
            # Going on without a part of it is better than being given the same for ever.
            log.exception("matrix: a part of a sync could not be taken in")
        self._loaded = True
        await self._late.hand_in(receive)
        arrivals = malformed + await self._arrivals(raw, since)
        await keep(receive, await self._late.within_bounds(arrivals))
        token = response.next_batch
        await self._db.write(lambda tx: remembered.put(tx, PLATFORM, "token", token))
        self._token = token
        await self._device.tend()

    async def _sync(self) -> Raw:
        # Deliveries wait for keys that could not be seen to: waiting for news first takes too long.
        seconds = POLL_SECONDS if self._loaded and self._token and self._device.tended else 0
        query = {"filter": _FILTER, "timeout": str(seconds * 1000)}
        if self._token is not None:
            query["since"] = self._token
        if not self._loaded:
            query["full_state"] = "true"
        answer = await self._server.call(
            "GET", f"{CLIENT}/sync", query=query, within=seconds + (30 if self._loaded else 300)
        )
        return dict(await _accepted(answer))

    # --- rooms ---------------------------------------------------------------------------------

    async def _arrivals(self, raw: Raw, since: str | None) -> list[Arrival]:
        rooms = raw.get("rooms", {})
        handlers = (("invite", self._invited), ("leave", self._left), ("join", self._joined))
        arrivals: list[Arrival] = []
        for kind, handle in handlers:
            for room_id, part in rooms.get(kind, {}).items():
                try:
                    arrivals += await handle(room_id, part, since)
                except MISSHAPEN:
                    # Other servers' invitations come as they please; one room must not stop all.
                    log.exception("matrix: a room's part of a sync is malformed")
                    arrivals.append(reading.malformed({"room": room_id, "since": since}, room_id))
        return arrivals

    async def _joined(self, room_id: str, part: Raw, since: str | None) -> list[Arrival]:
        timeline = part.get("timeline", {})
        # Decided even if nothing was said: cards are laid out by the kind of room.
        room = await self._rooms.joined(self._device.rooms[room_id])
        if since is None:
            return []
        events = list(timeline.get("events", []))
        if timeline.get("limited"):
            events = await self._missed(room_id, timeline.get("prev_batch"), since) + events
        if self._device.rooms[room_id].room_type == SPACE:
            # Who comes and goes counts; what might be said in a space, no client shows.
            events = [e for e in events if "state_key" in e]
        return await self._read(_since_invited(events, self._me), room)

    async def _missed(self, room_id: str, start: str | None, since: str) -> list[Raw]:
        """The events between the last sync and a cut timeline, in their order."""
        found: list[Raw] = []
        for _ in range(_MOST_PAGES):
            if start is None:
                break
            query = {"from": start, "to": since, "dir": "b", "limit": str(_PAGE)}
            path = room_path(room_id, "messages")
            page = await _accepted(await self._server.call("GET", path, query=query))
            chunk = [e for e in page.get("chunk", []) if isinstance(e, dict)]
            found += chunk
            if not chunk or any(_membership(e, self._me) == "invite" for e in chunk):
                break
            start = page.get("end")
        else:
            log.error("matrix: more than %s missed events in a room", _PAGE * _MOST_PAGES)
        return found[::-1]

    async def _read(self, events: list[Raw], room: Room) -> list[Arrival]:
        arrivals: list[Arrival] = []
        opened: list[tuple[Raw, Raw | None]] = []
        for raw in events:
            try:
                opened.append((raw, self._opened(raw, room)))
            except ValueError:
                log.warning("matrix: there is nothing readable in an encrypted message")
                arrivals.append(reading.malformed(raw, room.id))
        cards = await cards_among(self._db, [o for _, o in opened if o is not None], room)
        for raw, plain in opened:
            if plain is None:
                arrivals.append(self._late.put_aside(raw, room))
                continue
            if plain.get("type") == "m.room.tombstone":
                arrivals += await self._moved(plain, room)
                continue
            arrival = reading.arrival(plain, room, self._me, cards.__contains__)
            arrivals += [arrival] if arrival else []
        return arrivals

    def _opened(self, raw: Raw, room: Room) -> Raw | None:
        """The event, decrypted if it was encrypted; None as long as its key is missing.

        Raises ValueError if no event is in it.
        """
        if raw.get("type") != "m.room.encrypted" or raw.get("sender") == self._me:
            return raw
        if not raw.get("content"):
            return raw  # redacted
        return self._device.decrypt(raw, room.id)

    # --- coming and going ----------------------------------------------------------------------

    async def _invited(self, room_id: str, part: Raw, since: str | None) -> list[Arrival]:
        state = part.get("invite_state", {}).get("events", [])
        mine = next((e for e in state if _membership(e, self._me) == "invite"), None)
        if mine is None:
            return []
        content, inviter = mine["content"], mine["sender"]
        followed = await self._invited_to_follow(room_id, inviter)
        if followed is not None:
            return followed
        is_space = _state(state, "m.room.create").get("type") == SPACE
        direct = content.get("is_direct") is True and not is_space
        await self._rooms.decide(room_id, direct)
        title = "" if direct else str(_state(state, "m.room.name").get("name") or "")
        encrypted = bool(_state(state, "m.room.encryption"))
        names = {
            e["state_key"]: str(e["content"].get("displayname") or "")
            for e in state
            if e.get("type") == "m.room.member"
        }
        # Not every homeserver tells the id of an invitation; the token is the same in a repetition.
        key = mine.get("event_id") or f"invite:{room_id}:{inviter}:{since}"
        made = {"kind": "member", "change": "invited", "who": self._me}
        return [reading.row(key, Room(room_id, direct, encrypted, title, names), inviter, made)]

    async def _left(self, room_id: str, part: Raw, since: str | None) -> list[Arrival]:
        known = self._device.rooms.get(room_id)
        self._device.forget(room_id)
        said = part.get("timeline", {}).get("events", [])
        events = said + part.get("state", {}).get("events", [])
        mine = next((e for e in events if _membership(e, self._me) in ("leave", "ban")), None)
        if mine is None or since is None:
            return []
        title = str(known.named_room_name() or "") if known is not None else ""
        room = Room(room_id, self._rooms.is_direct(room_id), False, title, {})
        before = said[: said.index(mine)] if mine in said else []
        arrivals = await self._read(_since_invited(before, self._me), room)
        await self._rooms.forget(room_id)
        if mine["sender"] != self._me:
            made = {"kind": "member", "change": "left", "who": self._me}
            arrivals.append(reading.row(mine["event_id"], room, mine["sender"], made))
        return arrivals

    async def _moved(self, raw: Raw, room: Room) -> list[Arrival]:
        """Follow an upgraded room.

        Only state events count: the homeserver lets those through only from people with the power
        to send them, while a message of that type may come from anybody.
        """
        new = raw.get("content", {}).get("replacement_room")
        if raw.get("state_key") != "" or not isinstance(new, str):
            return []
        arrivals = await self._follow(room, new, raw["sender"], raw["event_id"])
        if arrivals is None:
            # The new room may want an invitation first, which is then accepted.
            log.warning("matrix: a room was replaced by one that the bot may not enter yet")
            kept = json.dumps({"old": room.id, "direct": room.direct, "event": raw["event_id"]})
            await self._db.write(lambda tx: remembered.put(tx, PLATFORM, _MOVING + new, kept))
        return arrivals or []

    async def _invited_to_follow(self, new: str, inviter: str) -> list[Arrival] | None:
        """Enter a room that replaces one the bot was in; None if it is another's."""
        kept = await self._db.look(lambda tx: remembered.get(tx, PLATFORM, _MOVING + new))
        if kept is None:
            return None
        made = json.loads(kept)
        room = Room(made["old"], made["direct"], False, "", {})
        arrivals = await self._follow(room, new, inviter, made["event"])
        return arrivals or []

    async def _follow(self, room: Room, new: str, sender: str, event: str) -> list[Arrival] | None:
        """Enter the room that follows another; None if the homeserver does not let the bot in."""
        path = f"{CLIENT}/join/{quote(new, safe='')}"
        via = {"via": sender.partition(":")[2]}
        joined = await self._server.call("POST", path, {}, query=via)
        if joined.wait is not None or joined.status >= 500:
            raise Unreachable(joined.code)
        if not joined.ok:
            return None
        created = await self._server.call("GET", room_path(new, "state", "m.room.create", ""))
        before = created.body.get("predecessor")
        if not isinstance(before, dict) or before.get("room_id") != room.id:
            log.warning("matrix: a room names a replacement that does not follow it")
            await self._server.call("POST", room_path(new, "leave"), {})
            return []
        await self._rooms.decide(new, room.direct)
        return [reading.row(event, room, sender, {"kind": "moved", "new": new})]


async def _accepted(answer: Answer) -> Any:
    if answer.ok:
        return answer.body
    if answer.token_refused:
        raise NotAccepted(
            "the homeserver does not accept the bot's access token any more: log the bot in again"
        )
    if answer.wait is not None:
        await asyncio.sleep(min(answer.wait.total_seconds(), 5 * _LONGEST_PAUSE))
    raise Unreachable(answer.code)


def _membership(raw: Raw, who: str) -> str | None:
    """What a member event says of somebody; None for other events."""
    if raw.get("type") != "m.room.member" or raw.get("state_key") != who:
        return None
    content = raw.get("content")
    said = content.get("membership") if isinstance(content, dict) else None
    return said if isinstance(said, str) else None


def _state(events: list[Raw], kind: str) -> Raw:
    found = next((e for e in events if e.get("type") == kind), {})
    content = found.get("content")
    return content if isinstance(content, dict) else {}


def _since_invited(events: list[Raw], me: str) -> list[Raw]:
    """Without what was said before the bot was invited (or, uninvited, came in)."""
    start, inside = 0, True
    for index, raw in enumerate(events):
        said = _membership(raw, me)
        before = (raw.get("unsigned") or {}).get("prev_content") or {}
        if said == "invite":
            start, inside = index, False
        elif said == "join" and before.get("membership") not in ("invite", "join"):
            start = index
        elif said == "join" and inside and before.get("membership") == "invite":
            # The invitation lies before what was fetched.
            start = index
    return events[start:]


def _without_sealed(raw: Raw) -> Raw:
    """Encrypted messages are opened one by one later; nio looks after rooms and members."""
    for kind in ("join", "leave"):
        for part in raw.get("rooms", {}).get(kind, {}).values():
            timeline = part.get("timeline", {})
            said = timeline.get("events", [])
            timeline["events"] = [e for e in said if e.get("type") != "m.room.encrypted"]
    return raw


def _without_malformed(raw: Raw) -> list[Arrival]:
    """Take out what nio cannot even parse, so that one event is not in the way of all others."""
    bad: list[Arrival] = []
    rooms = raw.get("rooms", {})
    for kind in ("join", "leave"):
        for room_id, part in rooms.get(kind, {}).items():
            _parsed(part.get("state"), Event.parse_event)
            timeline = _parsed(part.get("timeline"), Event.parse_event)
            bad += [reading.malformed(event, room_id) for event in timeline]
    for part in rooms.get("invite", {}).values():
        _parsed(part.get("invite_state"), InviteEvent.parse_event)
    _parsed(raw.get("to_device"), ToDeviceEvent.parse_event)
    return bad


def _parsed(holder: Raw | None, parse: Callable[[Raw], object]) -> list[Any]:
    """Keep in ``holder`` the events that can be parsed; returns the others."""
    kept, bad = [], []
    for event in (holder or {}).get("events", []):
        try:
            parse(deepcopy(event))
            kept.append(event)
        except Exception as error:
            log.warning("matrix: a malformed event is left out (%s)", type(error).__name__)
            bad.append(event)
    if holder and bad:
        holder["events"] = kept
    return bad
