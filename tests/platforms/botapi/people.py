"""The person's side: what people do in Telegram, and what they see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tests.platforms.botapi.administration import link_json
from tests.platforms.botapi.entities import found_in
from tests.platforms.botapi.methods import Methods
from tests.platforms.botapi.parameters import Upload
from tests.platforms.botapi.polls import vote
from tests.platforms.botapi.world import (
    ANONYMOUS,
    BOT_ID,
    FEW_RIGHTS,
    Chat,
    Json,
    Status,
    User,
    World,
)


def shown(message: Json) -> str:
    """The words of a message."""
    return str(message.get("text") or message.get("caption") or "")


def buttons(message: Json) -> list[Json]:
    """The buttons of a message in reading order."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


class Group:
    """A group with the bot in it or not."""

    def __init__(self, world: World, chat: Chat) -> None:
        self.world, self.chat = world, chat

    @property
    def id(self) -> int:
        """The chat id that it has now."""
        return self.chat.id

    def bot_becomes(self, status: Status, by: Person, rights: Iterable[str] = FEW_RIGHTS) -> None:
        """Add, promote, demote or remove the bot."""
        self.world.became(self.chat, by.user.json(), self.world.bot(), status, rights)

    def becomes(
        self,
        who: Person,
        status: Status,
        by: Person | None = None,
        rights: Iterable[str] = FEW_RIGHTS,
    ) -> None:
        """Change somebody's standing."""
        self.world.became(self.chat, (by or who).user.json(), who.user.json(), status, rights)

    def state_of(self, who: Person) -> Status:
        """Somebody's standing."""
        return self.chat.members.get(who.user.id, "left")

    def becomes_forum(self) -> None:
        """Topics are switched on; a small group becomes a supergroup by that."""
        if self.chat.type == "group":
            self.migrate()
        self.chat.forum = True

    def migrate(self, told: bool = True) -> int:
        """The group becomes a supergroup: a new id, and two service messages if ``told``."""
        old = self.chat
        new = replace(
            old, id=-1002000000000 + old.id, type="supergroup", messages={}, pinned=[],
            members=dict(old.members), rights=dict(old.rights), links={}, asking={}, last_id=1,
        )  # fmt: skip
        self.world.chats[new.id] = new
        old.moved_to = new.id
        self.chat = new
        if told:
            said = self.world.post(old, ANONYMOUS, migrate_to_chat_id=new.id)
            self.world.happened("message", said)
            said = self.world.post(
                new, ANONYMOUS, sender_chat=new.json(), migrate_from_chat_id=old.id
            )
            self.world.happened("message", said)
        return new.id

    def messages(self) -> list[Json]:
        """What everybody in it sees."""
        return list(self.chat.messages.values())


class Person:
    """Somebody with a Telegram account."""

    def __init__(self, world: World, user: User) -> None:
        self.world, self.user = world, user

    def _chat(self, group: Group | None) -> Chat:
        return group.chat if group is not None else self.world.private(self.user)

    def says(
        self,
        text: str,
        group: Group | None = None,
        *,
        reply_to: Json | None = None,
        anonymously: bool = False,
        topic: int | None = None,
    ) -> Json:
        """Write something, in the direct chat or in a group (in one of a forum's topics)."""
        entities = found_in(text)
        extra: Json = {"entities": entities} if entities else {}
        if topic is not None and group is not None:
            group.chat.topics.add(topic)
            extra |= {"message_thread_id": topic, "is_topic_message": True}
        return self._post(group, {"text": text, **extra}, reply_to, anonymously)

    def sends(
        self, name: str, data: bytes, mime: str = "application/pdf", group: Group | None = None
    ) -> Json:
        """Send a file."""
        number = self.world.upload(Upload(name, mime, data))
        return self._post(group, {"document": Methods(self.world).document(number)}, None, False)

    def _post(
        self, group: Group | None, content: Json, reply_to: Json | None, anonymously: bool
    ) -> Json:
        chat = self._chat(group)
        if reply_to is not None:
            quoted = {k: v for k, v in reply_to.items() if k != "reply_to_message"}
            content = {**content, "reply_to_message": quoted}
        sender = self.user.json()
        if anonymously:
            sender = ANONYMOUS
            content = {**content, "sender_chat": chat.json(), "author_signature": "Leitung"}
        if group is None:
            self.user.started, self.user.blocked = True, False
        message = self.world.post(chat, sender, **content)
        if group is None or self._reaches_bot(chat, message):
            self.world.happened("message", message)
        return message

    def _reaches_bot(self, chat: Chat, message: Json) -> bool:
        """Privacy mode: an ordinary member hears commands and replies to itself only."""
        standing = chat.members.get(BOT_ID, "left")
        if standing in ("left", "kicked"):
            return False
        to_bot = message.get("reply_to_message", {}).get("from", {}).get("id") == BOT_ID
        return standing == "administrator" or to_bot or message.get("text", "").startswith("/")

    def presses(
        self,
        label: str,
        message: Json | None = None,
        group: Group | None = None,
        *,
        old: bool = False,
    ) -> str:
        """Press a button by the beginning of its label or by its data; returns the query's id.

        Without ``message`` it is the newest one with such a button.
        """
        for shown_one in [message] if message else reversed(self.sees(group)):
            for button in buttons(shown_one):
                data = button.get("callback_data")
                if data is not None and (data == label or button["text"].startswith(label)):
                    return self.world.press(self.user, shown_one, data, old=old)
        raise AssertionError(f"nobody sees a button {label!r}")

    # --- coming in, and native polls ----------------------------------------------------------

    def asks_to_join(self, group: Group, link: str) -> None:
        """Open a link and press "ask to join"."""
        chat = group.chat
        by = chat.links.get(link)
        assert by is not None and by.asking and not by.revoked, "this link leads nowhere"
        assert group.state_of(self) == "left", "is in there already, or must not come in"
        chat.asking[self.user.id] = (link, self.world.clock())
        self.world.changed()
        if chat.may(BOT_ID, "can_invite_users"):
            self.world.happened(
                "chat_join_request",
                {
                    "chat": chat.json(),
                    "from": self.user.json(),
                    "user_chat_id": self.user.id,
                    "date": int(self.world.clock().timestamp()),
                    "invite_link": link_json(by, self.world.bot()),
                },
            )

    def takes_back_asking(self, group: Group) -> None:
        """Do not want to come in any more."""
        del group.chat.asking[self.user.id]

    def votes(self, message: Json, *chosen: int) -> None:
        """Answer a native poll with these options, or with none take the answer back."""
        vote(self.world, self.user, message, list(chosen))

    def blocks(self) -> None:
        """Block the bot."""
        self.user.blocked = True
        chat = self.world.private(self.user)
        chat.members.setdefault(BOT_ID, "member")
        self.world.became(chat, self.user.json(), self.world.bot(), "kicked")

    def unblocks(self) -> None:
        """Start it again."""
        self.user.blocked = False
        chat = self.world.private(self.user)
        self.world.became(chat, self.user.json(), self.world.bot(), "member")

    def sees(self, group: Group | None = None) -> list[Json]:
        """The messages of the bot, in the direct chat or in a group, oldest first."""
        messages = self._chat(group).messages.values()
        return [m for m in messages if m["from"]["id"] == BOT_ID]

    async def reads(self, words: str, group: Group | None = None, within: float = 5.0) -> Json:
        """The newest message of the bot with these words; waits for it."""

        def newest() -> Json | None:
            return next((m for m in reversed(self.sees(group)) if words in shown(m)), None)

        found: Json = await self.world.until(newest, within)
        return found

    async def toast(self, number: int = 1, within: float = 5.0) -> Json:
        """The answer to a press, the first one or another; waits for it."""
        found: Json = await self.world.until(lambda: self.user.toasts[number - 1 : number], within)
        toast: Json = found[0]  # type: ignore[index]
        return toast


def group(world: World, id: int, title: str, kind: Any, members: Iterable[Person]) -> Group:
    """A new group; the bot is not in it yet."""
    # The first message of a supergroup says that it was made; it is no topic either.
    chat = Chat(id, kind, title, last_id=1)
    for who in members:
        chat.members[who.user.id] = "member"
    world.chats[id] = chat
    return Group(world, chat)
