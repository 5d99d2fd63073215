"""What the Bot API server knows: people, chats, messages, files, and updates not yet fetched."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from telegram import Update as Parsed

from tests.platforms.botapi.parameters import Upload
from tests.platforms.botapi.refusal import bad, forbidden

BOT_ID = 7000000001
TOKEN = f"{BOT_ID}:AA-only-a-local-test-knows_this-1"
BOT_NAME = "ilmbrueck_test_bot"
ANONYMOUS = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
KEPT_FOR = timedelta(hours=24)
ASKING = timedelta(minutes=5)
"""How long the bot may write to somebody who asked to join (Bot API, ChatJoinRequest)."""

ADMIN_RIGHTS = (
    "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories", "can_pin_messages", "can_manage_topics",
    "can_manage_tags",
)  # fmt: skip
PERMISSIONS = (
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos",
    "can_send_videos", "can_send_video_notes", "can_send_voice_notes", "can_send_polls",
    "can_send_other_messages", "can_add_web_page_previews", "can_change_info",
    "can_invite_users", "can_pin_messages", "can_manage_topics", "can_edit_tag",
    "can_react_to_messages",
)  # fmt: skip
FEW_RIGHTS = frozenset({"can_manage_chat", "can_pin_messages"})
"""What an administrator may do if nothing else is said."""

_PARSED = {"my_chat_member", "chat_member", "chat_join_request", "poll_answer", "poll"}
_ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}

Json = dict[str, Any]
Status = Literal["creator", "administrator", "member", "restricted", "left", "kicked"]


@dataclass
class User:
    """An account."""

    id: int
    name: str
    language: str | None = "de"
    started: bool = False
    """Whether the bot may write: the person wrote to it first."""
    blocked: bool = False
    toasts: list[Json] = field(default_factory=list)
    """``{"text": …, "show_alert": …}`` for every answered press; text None: silent."""

    def json(self) -> Json:
        """As Telegram describes a person."""
        made: Json = {"id": self.id, "is_bot": False, "first_name": self.name}
        return {**made, "language_code": self.language} if self.language else made


@dataclass
class Link:
    """An invitation link of the bot's."""

    url: str
    name: str = ""
    asking: bool = False
    """Whoever comes by it asks to come in."""
    member_limit: int | None = None
    expire_date: int | None = None
    revoked: bool = False


@dataclass
class Chat:
    """A conversation."""

    id: int
    type: Literal["private", "group", "supergroup"]
    title: str = ""
    members: dict[int, Status] = field(default_factory=dict)
    messages: dict[int, Json] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    topics: set[int] = field(default_factory=set)
    """The topics of a forum, by number."""
    closed: set[int] = field(default_factory=set)
    """Those in which only administrators with the right to topics write; 1 is the main topic."""
    forum: bool = False
    username: str = ""
    """A public group's."""
    description: str = ""
    denied: set[str] = field(default_factory=set)
    """The permissions that ordinary members do not have."""
    rights: dict[int, frozenset[str]] = field(default_factory=dict)
    """What each administrator may do."""
    tags: dict[int, str] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    asking: dict[int, tuple[str, datetime]] = field(default_factory=dict)
    """Who waits to be let in, by which link and since when."""
    moved_to: int | None = None
    last_id: int = 0

    def json(self, user: User | None = None) -> Json:
        """As Telegram describes a chat."""
        if self.type == "private":
            return {"id": self.id, "type": "private", "first_name": user.name if user else ""}
        made: Json = {"id": self.id, "type": self.type, "title": self.title}
        made |= {"username": self.username} if self.username else {}
        return made | {"is_forum": True} if self.forum else made

    def may(self, who: int, right: str) -> bool:
        """Whether somebody has an administrator's right or, for writing, a permission."""
        standing = self.members.get(who, "left")
        if self.type == "private" or standing == "creator":
            return True
        if standing == "administrator":
            return right.startswith("can_send") or right in self.rights.get(who, ())
        allowed = right.startswith("can_send") and right not in self.denied
        return standing == "member" and allowed

    def standing(self, user: Json) -> Json:
        """Somebody as a ChatMember."""
        id = user["id"]
        made = member(user, self.members.get(id, "left"), self.rights.get(id, FEW_RIGHTS))
        tagged = made["status"] in ("member", "restricted") and self.tags.get(id)
        return made | {"tag": tagged} if tagged else made


@dataclass
class Update:
    """Something that the bot has not confirmed yet."""

    made_at: datetime
    json: Any
    id: int


class World:
    """Everything that stands on the server; changes wake those who wait."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.users: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, Upload] = {}
        self.queries: dict[str, tuple[int, datetime]] = {}
        """Presses that can be answered: by whom and when."""
        self.updates: list[Update] = []
        self.allowed: list[str] = []
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.polls: dict[str, tuple[Chat, int, dict[int, list[int]]]] = {}
        """Polls: the chat and the message they are in, and who chose what."""
        self.calls: list[tuple[str, Json]] = []
        """Every call that was carried out or refused, with its parameters."""
        self.counts: Counter[str] = Counter()
        self.next_update = 480_000_001
        self._next_message = 100
        self._next_query = 5_100_000_000_000
        self._changed = asyncio.Event()

    # --- waiting ------------------------------------------------------------------------------

    def changed(self) -> None:
        """Wake everybody who waits for something."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, wanted: Callable[[], Any], within: float = 5.0) -> Any:
        """The first true value of ``wanted()``. Raises TimeoutError."""
        now = asyncio.get_running_loop().time
        until = now() + within
        while not (value := wanted()):
            left = until - now()
            if left <= 0:
                raise TimeoutError
            # Not everything that is waited for happens here: a log line, a row. No wait_for, which
            # loses the end of an outer time limit when both come at once.
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, 0.05)):
                    await self._changed.wait()
        return value

    # --- updates ------------------------------------------------------------------------------

    def happened(self, kind: str, what: Json) -> int | None:
        """Queue an update if the bot wants its kind; returns its number."""
        wanted = kind in self.allowed if self.allowed else kind not in _ON_REQUEST
        if not wanted:
            return None
        if kind in _PARSED:
            _parse(kind, what)
        return self.queue({kind: what})

    def queue(self, update: Any, numbered: bool = True) -> int:
        """Queue an update as it is, even a malformed one."""
        number = self.next_update
        self.next_update += 1
        if numbered and isinstance(update, dict):
            update = {"update_id": number, **update}
        # As it is now: the message that was pressed may be edited before this is fetched.
        self.updates.append(Update(self.clock(), deepcopy(update), number))
        self.changed()
        return number

    def waiting(self) -> list[Update]:
        """What is kept still."""
        oldest = self.clock() - KEPT_FOR
        self.updates = [u for u in self.updates if u.made_at > oldest]
        return self.updates

    def confirm(self, offset: int) -> None:
        """Forget what lies below an offset; a negative one counts from the end."""
        if offset < 0:
            self.updates = self.updates[offset:]
            return
        self.updates = [u for u in self.updates if u.id >= offset]

    # --- chats --------------------------------------------------------------------------------

    def bot(self) -> Json:
        """The bot as a user."""
        return {
            "id": BOT_ID,
            "is_bot": True,
            "first_name": "GNK-Bot Probe",
            "username": BOT_NAME,
        }

    def private(self, user: User) -> Chat:
        """The direct chat of a person with the bot."""
        return self.chats.setdefault(user.id, Chat(user.id, "private"))

    def chat_for(self, chat_id: int | str) -> Chat:
        """The chat that the bot may write to, or why it may not."""
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else None
        user = self.users.get(chat_id) if isinstance(chat_id, int) else None
        if user is not None and not user.started and self._asks(user):
            return self.private(user)
        if user is not None and not user.started:
            known = any(user.id in c.members for c in self.chats.values())
            raise (
                forbidden("bot can't initiate conversation with a user")
                if known
                else bad("chat not found")
            )
        if chat is None:
            raise bad("chat not found")
        if user is not None and user.blocked:
            raise forbidden("bot was blocked by the user")
        if chat.moved_to is not None:
            raise bad(
                "group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.moved_to
            )
        if chat.type != "private" and chat.members.get(BOT_ID, "left") in ("left", "kicked"):
            how = "kicked from" if chat.members.get(BOT_ID) == "kicked" else "not a member of"
            raise forbidden(f"bot {'was' if 'kicked' in how else 'is'} {how} the {chat.type} chat")
        return chat

    def _asks(self, user: User) -> bool:
        """Whether somebody waits to be let in somewhere, and has not been waiting for long."""
        since = [c.asking[user.id][1] for c in self.chats.values() if user.id in c.asking]
        return any(self.clock() - asked < ASKING for asked in since)

    def post(self, chat: Chat, sender: Json, **content: Any) -> Json:
        """A new message."""
        if chat.type == "supergroup":
            chat.last_id += 1
            number = chat.last_id
        else:
            self._next_message += 1
            number = self._next_message
        message: Json = {
            "message_id": number,
            "from": sender,
            "chat": chat.json(self.users.get(chat.id)),
            "date": int(self.clock().timestamp()),
            **content,
        }
        chat.messages[number] = message
        self.changed()
        return message

    def press(self, user: User, message: Json, data: str, *, old: bool = False) -> str:
        """A callback query; ``old``: the message is too old for Telegram to tell its content."""
        self._next_query += 1
        number = str(self._next_query)
        self.queries[number] = (user.id, self.clock())
        shown = message
        if old:
            shown = {"chat": message["chat"], "message_id": message["message_id"], "date": 0}
        query = {
            "id": number,
            "from": user.json(),
            "message": shown,
            "chat_instance": str(-message["chat"]["id"] * 7919),
            "data": data,
        }
        self.happened("callback_query", query)
        return number

    def became(
        self,
        chat: Chat,
        by: Json,
        who: Json,
        status: Status,
        rights: Iterable[str] = FEW_RIGHTS,
        **how: Any,
    ) -> None:
        """Change somebody's standing in a chat and report it as Telegram does.

        ``rights`` are an administrator's; ``how`` are further fields of the ChatMemberUpdated.
        """
        before = chat.standing(who)
        chat.members[who["id"]] = status
        chat.rights.pop(who["id"], None)
        if status == "administrator":
            chat.rights[who["id"]] = frozenset(rights)
        if status in ("left", "kicked"):
            chat.tags.pop(who["id"], None)
        made = {
            "chat": chat.json(self.users.get(chat.id)),
            "from": by,
            "date": int(self.clock().timestamp()),
            "old_chat_member": before,
            "new_chat_member": chat.standing(who),
            **how,
        }
        if who["id"] == BOT_ID:
            self.happened("my_chat_member", made)
        elif chat.members.get(BOT_ID) == "administrator":
            self.happened("chat_member", made)

    def upload(self, file: Upload | str) -> str:
        """The id of a file, new or known."""
        if isinstance(file, str):
            if file not in self.files:
                raise bad("wrong file identifier/HTTP URL specified")
            return file
        if not file.data:
            raise bad("file must be non-empty")
        number = f"AgACAgIAAxkDAAI{len(self.files):06d}"
        self.files[number] = file
        return number


def _parse(kind: str, what: Json) -> None:
    """Refuse to send what python-telegram-bot does not read as the Bot API describes it."""
    parsed = getattr(Parsed.de_json({"update_id": 1, kind: deepcopy(what)}), kind)
    if parsed is None or parsed.api_kwargs:
        raise AssertionError(f"no {kind}: {what}")


def member(user: Json, status: Status, rights: Collection[str] = FEW_RIGHTS) -> Json:
    """A ChatMember."""
    made: Json = {"user": user, "status": status}
    if status == "administrator":
        made |= {"can_be_edited": False, "is_anonymous": False}
        made |= {right: right in rights for right in ADMIN_RIGHTS}
    elif status == "kicked":
        made["until_date"] = 0
    elif status == "creator":
        made["is_anonymous"] = False
    elif status == "restricted":
        made |= dict.fromkeys(PERMISSIONS, False) | {"is_member": True, "until_date": 0}
    return made


def size_of_png(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG, or the 400 for what is none."""
    if data[:8] != b"\x89PNG\r\n\x1a\n" or len(data) < 24:
        raise bad("IMAGE_PROCESS_FAILED")
    width, height = struct.unpack(">II", data[16:24])
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    return int(width), int(height)
