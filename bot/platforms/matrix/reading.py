"""Matrix events as inbox rows, and inbox rows as events of the vocabulary.

What a reader needs to know of room and sender is put into the row, since the handling thread has
no homeserver to ask: ``{"kind", "room": {"id", "direct", "encrypted", "title"}, "sender",
"name", "message", …}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from hashlib import sha256
from html import unescape
from typing import Any, Literal

from bot.platforms import Unreadable
from bot.platforms.matrix import polls
from bot.platforms.matrix.rooms import PLATFORM, Room
from handlers.chat import (
    AccountRef,
    Event,
    MembershipChanged,
    NativeVote,
    Place,
    PlaceKind,
    PlaceMoved,
    Said,
    Sent,
    What,
)
from storage.inbox import Arrival, Waiting

UNDECRYPTED = "undecrypted:"
"""Before the key of an event that waits for its key."""

_LONGEST_KEY = 500
"""Characters: PostgreSQL's indexes take some 2,700 bytes."""

_FILES = ("m.file", "m.image", "m.audio", "m.video")
_KEYCAP = re.compile("([0-9])\ufe0f?\u20e3|(\U0001f51f)")
_PILL = re.compile(r"https://matrix\.to/#/([^\"'?]+)")

Change = Literal["invited", "joined", "left", "promoted", "demoted", "asked"]

_CHANGES: dict[str, tuple[Change, tuple[str, ...]]] = {
    "join": ("joined", ("invite", "knock", "leave", "ban")),
    "invite": ("invited", ("knock", "leave", "ban")),
    "knock": ("asked", ("leave", "ban")),
    "leave": ("left", ("join", "invite")),
    "ban": ("left", ("join", "invite")),
}
"""What a membership means, after which others."""


def arrival(
    raw: dict[str, Any], room: Room, me: str, is_card: Callable[[str], bool]
) -> Arrival | None:
    """An event of a room's timeline as an inbox row; None if it means nothing to us.

    ``me`` is the bot's user id; ``is_card`` tells whether a message is one of the bot's cards.
    A malformed event becomes a row that ``event`` refuses, so that it is seen and in no one's way.
    """
    try:
        made = _kept(raw, room, me, is_card)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        made = {"kind": "malformed", "why": type(error).__name__}
    if made is None:
        return None
    return row(_key(raw), room, raw.get("sender"), made, raw.get("event_id"))


def malformed(raw: object, room_id: str) -> Arrival:
    """A row for something that is not even an event: ``event`` refuses it."""
    room = Room(room_id, False, False, "", {})
    return row(_key(raw), room, "", {"kind": "malformed", "why": type(raw).__name__})


def _key(raw: Any) -> str:
    id = raw.get("event_id") if isinstance(raw, dict) else None
    return id if isinstance(id, str) else sha256(json.dumps(raw).encode()).hexdigest()


def referred(raw: dict[str, Any]) -> list[str]:
    """The messages that an event answers or reacts to."""
    content = raw.get("content")
    relation = content.get("m.relates_to") if isinstance(content, dict) else None
    if not isinstance(relation, dict):
        return []
    answered = relation.get("m.in_reply_to")
    named = [relation.get("event_id")]
    named += [answered.get("event_id")] if isinstance(answered, dict) else []
    return [name for name in named if isinstance(name, str)]


def row(
    key: str, room: Room, sender: object, made: dict[str, Any], message: object = None
) -> Arrival:
    """An inbox row for something that happened in a room."""
    where = {
        "id": room.id,
        "direct": room.direct,
        "encrypted": room.encrypted,
        "title": room.title,
    }
    who = {"sender": sender, "name": room.names.get(str(sender), "")}
    payload = _storable({**who, **made, "room": where, "message": message})
    if len(key) > _LONGEST_KEY:
        key = sha256(key.encode("utf-8", "replace")).hexdigest()
    return Arrival(_storable(key), _storable(room.id), json.dumps(payload, ensure_ascii=False))


def _storable(value: Any) -> Any:
    """The same without what no database takes: NUL and halves of characters, in all texts.

    The homeserver sees to that in what it can read; in what is encrypted, nobody does.
    """
    match value:
        case str():
            return value.replace("\0", "").encode("utf-8", "replace").decode()
        case dict():
            return {_storable(k): _storable(v) for k, v in value.items()}
        case list():
            return [_storable(v) for v in value]
    return value


def undecrypted(raw: dict[str, Any], room: Room) -> Arrival:
    """The row of an event whose key is missing: it is put aside with all that is needed later."""
    made = {"kind": "key", "raw": raw}
    return row(f"{UNDECRYPTED}{room.id} {raw['event_id']}", room, raw["sender"], made)


def waiting_for_key(payload: str) -> tuple[dict[str, Any], Room]:
    """The encrypted event in a row made by ``undecrypted``, and its room."""
    made = json.loads(payload)
    where = made["room"]
    names = {made["sender"]: made["name"]}
    room = Room(where["id"], where["direct"], where["encrypted"], where["title"], names)
    return made["raw"], room


# --- in --------------------------------------------------------------------------------------


def _kept(
    raw: dict[str, Any], room: Room, me: str, is_card: Callable[[str], bool]
) -> dict[str, Any] | None:
    content = raw["content"]
    match raw["type"]:
        case "m.room.message" if raw["sender"] != me:
            return _message(content, room, me, is_card)
        case "m.reaction" if raw["sender"] != me:
            return _reaction(content, is_card)
        case "m.room.member" if "state_key" in raw:
            return _member(raw, content, me)
        case kind if kind in polls.RESPONSES and raw["sender"] != me:
            answered = polls.answered(content)
            return answered and {"kind": "vote", "poll": answered[0], "chosen": answered[1]}
        case "m.room.power_levels" if raw.get("state_key") == "" and raw["sender"] != me:
            return _power(content, raw.get("unsigned", {}).get("prev_content", {}), me)
    return None


def _message(
    content: dict[str, Any], room: Room, me: str, is_card: Callable[[str], bool]
) -> dict[str, Any] | None:
    if not content:
        return None  # redacted
    relation = content.get("m.relates_to") or {}
    if relation.get("rel_type") == "m.replace":
        return None
    kind = content["msgtype"]
    if kind in _FILES:
        return _file(content)
    if kind != "m.text":
        # Notices are what other bots say; answering them would never end.
        return None
    reply_to = _reply_to(relation)
    body, quoted = _without_quote(_text(content["body"])) if reply_to else (content["body"], "")
    names = (me, room.names.get(me, ""), me[1:].partition(":")[0])
    meant = reply_to is not None and (f"<{me}>" in quoted or is_card(reply_to))
    said, called = _without_address(_text(body), names)
    return {
        "kind": "said",
        "text": said,
        "reply_to": reply_to,
        "thread": relation.get("event_id") if relation.get("rel_type") == "m.thread" else None,
        "addressed": room.direct or meant or called or _mentioned(content, me),
    }


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _reply_to(relation: dict[str, Any]) -> str | None:
    # In a thread, every message names one before it for old clients; that is no reply.
    if relation.get("rel_type") == "m.thread" and relation.get("is_falling_back", False):
        return None
    answered = relation.get("m.in_reply_to", {}).get("event_id")
    return answered if isinstance(answered, str) else None


def _without_quote(body: str) -> tuple[str, str]:
    """Split the quotation that older clients put before a reply from the reply itself."""
    if not body.startswith("> "):
        return body, ""
    lines = body.split("\n")
    end = next((i for i, line in enumerate(lines) if not line.startswith(">")), len(lines))
    return "\n".join(lines[end:]).strip("\n"), "\n".join(lines[:end])


def _without_address(body: str, names: Iterable[str]) -> tuple[str, bool]:
    """Drop the bot's name from the beginning (``GNK-Bot: !stand``); whether it was there."""
    text = body.strip()
    bare = text.removeprefix("@") if not text.startswith("@@") else text
    for name in sorted((n for n in names if n), key=len, reverse=True):
        for candidate in (text, bare):
            rest = candidate[len(name) :]
            if candidate.casefold().startswith(name.casefold()) and not rest[:1].isalnum():
                return rest.lstrip(" :,\u00a0"), True
    return body, False


def _mentioned(content: dict[str, Any], me: str) -> bool:
    mentions = content.get("m.mentions")
    if isinstance(mentions, dict):
        named = mentions.get("user_ids")
        return isinstance(named, list) and me in named
    html = content.get("formatted_body")
    return isinstance(html, str) and any(
        unescape(found).replace("%40", "@").replace("%3A", ":") == me
        for found in _PILL.findall(html)
    )


def _file(content: dict[str, Any]) -> dict[str, Any]:
    info = content.get("info") or {}
    locked = content.get("file")
    ref = {"url": content["url"]} if locked is None else {
        "url": locked["url"],
        "key": locked["key"]["k"],
        "iv": locked["iv"],
        "hash": locked["hashes"]["sha256"],
    }  # fmt: skip
    name, mime, size = (
        content.get("filename") or content["body"],
        info.get("mimetype"),
        info.get("size"),
    )
    return {
        "kind": "sent",
        "name": _text(name),
        "mime": mime if isinstance(mime, str) else "application/octet-stream",
        "size": size if isinstance(size, int) else 0,
        "ref": json.dumps({k: _text(v) for k, v in ref.items()}, separators=(",", ":")),
    }


def _reaction(content: dict[str, Any], is_card: Callable[[str], bool]) -> dict[str, Any] | None:
    relation = content.get("m.relates_to") or {}
    found = _KEYCAP.fullmatch(_text(relation.get("key", "")))
    card = relation.get("event_id")
    if found is None or not isinstance(card, str) or not is_card(card):
        return None
    number = found[1] or "10"
    return {"kind": "said", "text": number, "reply_to": card, "addressed": True}


def _member(raw: dict[str, Any], content: dict[str, Any], me: str) -> dict[str, Any] | None:
    now = content["membership"]
    unsigned = raw.get("unsigned") or {}
    before = (unsigned.get("prev_content") or {}).get("membership", "leave")
    who = _text(raw["state_key"])
    change, after = _CHANGES.get(now, ("left", ()))
    if before not in after:
        return None  # a new name or picture
    if who == me and (change in ("invited", "joined") or raw["sender"] == me):
        return None  # what the bot does by itself, and what it was told as somebody invited
    made = {"kind": "member", "change": change, "who": who}
    return made if who == me else {**made, "name": str(content.get("displayname") or "")}


def _power(content: dict[str, Any], before: dict[str, Any], me: str) -> dict[str, Any] | None:
    was, now = _level(before, me), _level(content, me)
    if was == now:
        return None
    return {"kind": "member", "change": "promoted" if now > was else "demoted", "who": me}


def _level(levels: dict[str, Any], me: str) -> int:
    return int((levels.get("users") or {}).get(me, levels.get("users_default", 0)))


# --- out -------------------------------------------------------------------------------------


def event(waiting: Waiting, me: str) -> Event:
    """The event in an inbox row. Raises Unreadable."""
    try:
        made = json.loads(waiting.payload)
        where = made["room"]
        kind = PlaceKind.DIRECT if where["direct"] else PlaceKind.CHANNEL
        place = Place(PLATFORM, where["id"], kind, where["title"], where["encrypted"])
        what = _what(made, me)
        of_bot = isinstance(what, MembershipChanged) and what.of_bot
        who = made["sender"] if of_bot else made.get("who", made["sender"])
        account = AccountRef(PLATFORM, who, made["name"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"a Matrix event without {type(error).__name__} parts") from None
    thread = None if place.kind is PlaceKind.DIRECT else made.get("thread")
    return Event(place, account, what, waiting.received_at, made["message"], thread=thread)


def _what(made: dict[str, Any], me: str) -> What:
    match made:
        case {"kind": "said", "text": str(text)}:
            return Said(text, made["reply_to"], bool(made["addressed"]))
        case {"kind": "sent", "name": str(name), "mime": str(mime), "size": int(size)}:
            return Sent(name, mime, size, made["ref"])
        case {"kind": "member", "change": change, "who": str(who)}:
            return MembershipChanged(change, of_bot=who == me)
        case {"kind": "moved", "new": str(new)}:
            return PlaceMoved(new)
        case {"kind": "vote", "poll": str(poll), "chosen": list(chosen)}:
            return NativeVote(poll, tuple(int(position) for position in chosen))
        case {"kind": "key"}:
            raise Unreadable("cannot be decrypted: its key has not arrived yet")
        case {"kind": "malformed", "why": str(why)}:
            raise Unreadable(f"a malformed event ({why})")
    raise ValueError(made.get("kind"))
