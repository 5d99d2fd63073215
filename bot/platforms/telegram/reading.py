"""A stored update as an event: who did what where.

An inbox row holds ``{"me": <the bot's username>, "update": <the update as Telegram sent it>}``,
the latter without what a pressed message showed; the username says which commands in a group are
meant for this bot.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from telegram import (
    CallbackQuery,
    Chat,
    ChatJoinRequest,
    ChatMember,
    ChatMemberRestricted,
    ChatMemberUpdated,
    Message,
    PollAnswer,
    Update,
    User,
)
from telegram.constants import ChatID, ChatType

from bot.platforms import Unreadable
from handlers.chat import (
    AccountRef,
    Command,
    Event,
    MembershipChanged,
    NativeVote,
    Place,
    PlaceKind,
    PlaceMoved,
    Press,
    Said,
    Sent,
)
from handlers.router import command
from storage.inbox import Arrival, Waiting

NAME = "telegram"

KINDS = (
    "message", "callback_query", "my_chat_member", "chat_member", "chat_join_request",
    "poll_answer",
)  # fmt: skip
"""The updates that are asked for; the others would only be stored and thrown away."""

_WRITING = "can_send_messages"

_SHOWN = ("text", "entities", "caption", "caption_entities", "photo", "reply_markup")

_RIGHTS = {
    ChatMember.LEFT: 0,
    ChatMember.BANNED: 0,
    ChatMember.RESTRICTED: 1,
    ChatMember.MEMBER: 1,
    ChatMember.ADMINISTRATOR: 2,
    ChatMember.OWNER: 2,
}


# --- into the inbox -------------------------------------------------------------------------


def arrival(update: Any, me: str) -> Arrival:
    """What is stored of an update, whatever it looks like; nothing is refused here."""
    payload = json.dumps({"me": me, "update": _lean(update)}, ensure_ascii=False)
    # Half a surrogate pair can stand in JSON, but in no database.
    payload = payload.encode("utf-8", "replace").decode()
    number = update_id(update)
    key = str(number) if number is not None else hashlib.sha256(payload.encode()).hexdigest()
    return Arrival(key, _chat_of(update), payload)


def _lean(update: Any) -> Any:
    """An update without the words and buttons of a pressed message, which nobody reads.

    They are most of it, and on a ballot they show what somebody chose.
    """
    match update:
        case {"callback_query": {"message": dict(message), **query}, **rest}:
            kept = {name: what for name, what in message.items() if name not in _SHOWN}
            return {**rest, "callback_query": {**query, "message": kept}}
    return update


def update_id(update: Any) -> int | None:
    """The update's number, if it has one."""
    number = update.get("update_id") if isinstance(update, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _chat_of(update: Any) -> str:
    """The chat, so that events of one chat stay in their order; empty if none can be found."""
    match update:
        case {"callback_query": {"message": {"chat": {"id": int(chat)}}}}:
            return str(chat)
        case {"poll_answer": {"poll_id": str(poll)}}:
            return _poll_place(poll).id
        case {"callback_query": {"from": {"id": int(user)}}}:
            return str(user)
        case dict():
            for kind in KINDS:
                match update.get(kind):
                    case {"chat": {"id": int(chat)}}:
                        return str(chat)
    return ""


# --- out of the inbox -----------------------------------------------------------------------


def read(waiting: Waiting, bot_id: int) -> Event | None:
    """The event in an inbox row; None if it means nothing to us; raises Unreadable."""
    try:
        made = json.loads(waiting.payload)
        reading = _Reading(waiting, bot_id, str(made["me"]))
        match made["update"]:
            # Of a press little is needed; to read all of it, with the words and buttons of the
            # pressed message, takes PTB as long as a vote takes the database.
            case {
                "update_id": int(),
                "callback_query": {
                    "id": str(query),
                    "from": dict(user),
                    "data": str(data),
                    "message": {"message_id": int(message), "chat": dict(chat), **rest},
                },
            }:
                pressed = str(message), query, data
                topic = rest.get("message_thread_id") if rest.get("is_topic_message") else None
                return reading.pressed(User.de_json(user), Chat.de_json(chat), *pressed, topic)
        update = Update.de_json(made["update"])
        event = reading.update(update)
    except Unreadable:
        raise
    except Exception as error:
        # PTB reads without checking: any kind of error can come of a malformed update, and its
        # words may quote what somebody wrote.
        raise Unreadable(f"an update that cannot be read: {type(error).__name__}") from None
    if event is None and update_id(made["update"]) is None:
        raise Unreadable("an update without a number")
    return event


class _Reading:
    def __init__(self, waiting: Waiting, bot_id: int, me: str) -> None:
        self.at, self.bot_id, self.me = waiting.received_at, bot_id, me

    def update(self, update: Update) -> Event | None:
        if update.message is not None:
            return self.message(update.message)
        if update.callback_query is not None:
            return self.press(update.callback_query)
        if update.my_chat_member is not None:
            return self.membership(update.my_chat_member, of_bot=True)
        if update.chat_member is not None:
            return self.membership(update.chat_member, of_bot=False)
        if update.chat_join_request is not None:
            return self.asked(update.chat_join_request)
        if update.poll_answer is not None:
            return self.voted(update.poll_answer)
        return None

    def message(self, message: Message) -> Event | None:
        chat = message.chat
        if message.migrate_to_chat_id is not None:
            new_id = str(message.migrate_to_chat_id)
            return Event(_place(chat), None, PlaceMoved(new_id), self.at)
        if message.migrate_from_chat_id is not None:
            old = Place(NAME, str(message.migrate_from_chat_id), PlaceKind.CHANNEL)
            return Event(old, None, PlaceMoved(str(chat.id)), self.at)
        account = _author(message)
        what = self._said(message)
        if account is None or what is None:
            return None
        number = str(message.message_id)
        return Event(_place(chat), account, what, self.at, number, thread=_topic(message))

    def _said(self, message: Message) -> Command | Said | Sent | None:
        if message.text is not None:
            return self._words(message, message.text)
        sent = _file(message)
        if sent is not None:
            return sent
        if message.chat.type == ChatType.PRIVATE and _by_a_person(message):
            # A sticker, a place, a voice message: in a direct chat the bot never stays silent.
            return Said(message.sticker.emoji or "?" if message.sticker else "?")
        return None

    def _words(self, message: Message, text: str) -> Command | Said | None:
        if text.startswith("/"):
            typed = command(text, "/")
            if typed is not None:
                return typed if self._is_for_us(text) else None
        replied = message.reply_to_message
        if replied is not None and replied.forum_topic_created is not None:
            replied = None  # Every message in a topic "replies" to the topic's beginning.
        reply_to = str(replied.message_id) if replied is not None else None
        if message.chat.type == ChatType.PRIVATE:
            return Said(text, reply_to)
        to_us = replied is not None and _id_of(replied.from_user) == self.bot_id
        mention = f"@{self.me}".casefold()
        named = mention in (m.casefold() for m in message.parse_entities(["mention"]).values())
        if named and text.casefold().startswith(mention):
            text = text[len(mention) :].lstrip(" ,:\n") or text
        return Said(text, reply_to, addressed=to_us or named)

    def _is_for_us(self, text: str) -> bool:
        _, at, name = text.split(maxsplit=1)[0].partition("@")
        return not at or name.casefold() == self.me.casefold()

    def press(self, query: CallbackQuery) -> Event:
        if query.data is None:
            raise Unreadable("a press without data")
        if query.message is None:
            raise Unreadable("a press on a message of somebody else")
        message = query.message
        return self.pressed(
            query.from_user, message.chat, str(message.message_id), query.id, query.data, None
        )

    def pressed(
        self, user: User, chat: Chat, message: str, query: str, data: str, topic: object
    ) -> Event:
        thread = str(topic) if isinstance(topic, int) else None
        return Event(_place(chat), _account(user), Press(data), self.at, message, query, thread)

    def membership(self, changed: ChatMemberUpdated, *, of_bot: bool) -> Event | None:
        old, new = changed.old_chat_member, changed.new_chat_member
        change = _change(old, new) or (_own_change(old, new) if of_bot else None)
        member = changed.new_chat_member.user
        if change is None or (not of_bot and member.is_bot):
            return None
        account = _account(changed.from_user if of_bot else member)
        return Event(_place(changed.chat), account, MembershipChanged(change, of_bot), self.at)

    def asked(self, request: ChatJoinRequest) -> Event | None:
        if request.from_user.is_bot:
            return None
        account = _account(request.from_user)
        return Event(_place(request.chat), account, MembershipChanged("asked"), self.at)

    def voted(self, answer: PollAnswer) -> Event:
        """An answer names no chat: what was polled where is known to whoever sent the poll."""
        chosen = NativeVote(answer.poll_id, tuple(answer.option_ids))
        voice = answer.voter_chat
        if voice is not None or answer.user is None:
            who = str(voice.id) if voice is not None else "0"
            title = (voice.title or "") if voice is not None else ""
            account = AccountRef(NAME, who, title, anonymous=True)
        else:
            account = _account(answer.user)
        return Event(_poll_place(answer.poll_id), account, chosen, self.at)


def _poll_place(poll: str) -> Place:
    return Place(NAME, f"poll:{poll}", PlaceKind.CHANNEL)


def _place(chat: Chat) -> Place:
    if chat.type == ChatType.PRIVATE:
        return Place(NAME, str(chat.id))
    return Place(NAME, str(chat.id), PlaceKind.CHANNEL, chat.title or "")


def _topic(message: Message) -> str | None:
    """The topic of a forum that it stands in (not the thread of a reply)."""
    topic = message.message_thread_id if message.is_topic_message else None
    return str(topic) if topic is not None else None


def _account(user: User) -> AccountRef:
    anonymous = user.id in (ChatID.ANONYMOUS_ADMIN, ChatID.FAKE_CHANNEL)
    return AccountRef(NAME, str(user.id), user.full_name, user.language_code, anonymous)


def _author(message: Message) -> AccountRef | None:
    """Who wrote it: None for other bots, and for posts that Telegram copies from a channel."""
    if message.is_automatic_forward:
        return None
    if message.sender_chat is not None:
        voice = message.sender_chat
        return AccountRef(NAME, str(voice.id), voice.title or "", anonymous=True)
    user = message.from_user
    if user is None:
        return AccountRef(NAME, str(message.chat.id), anonymous=True)
    account = _account(user)
    return None if user.is_bot and not account.anonymous else account


def _id_of(user: User | None) -> int | None:
    return user.id if user is not None else None


def _file(message: Message) -> Sent | None:
    if message.document is not None:
        file = message.document
        name, mime = file.file_name or "datei", file.mime_type or "application/octet-stream"
        return Sent(name, mime, file.file_size or 0, file.file_id)
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        name = f"foto-{message.message_id}.jpg"
        return Sent(name, "image/jpeg", largest.file_size or 0, largest.file_id)
    return None


def _by_a_person(message: Message) -> bool:
    """Whether somebody sent something, as opposed to Telegram's notes on what happened."""
    return message.effective_attachment is not None


def _change(
    old: ChatMember, new: ChatMember
) -> Literal["joined", "left", "promoted", "demoted"] | None:
    was, now = _rights(old), _rights(new)
    if was == now:
        return None
    if was == 0:
        return "joined"
    if now == 0:
        return "left"
    return "promoted" if now > was else "demoted"


def _own_change(old: ChatMember, new: ChatMember) -> Literal["promoted", "demoted"] | None:
    """Whether single rights came or went while the bot stayed what it is.

    Who loses one thing and gains another is told of the loss: that is what fails later.
    """
    before, after = _single_rights(old), _single_rights(new)
    if before - after:
        return "demoted"
    return "promoted" if after - before else None


def _single_rights(member: ChatMember) -> frozenset[str]:
    if member.status == ChatMember.MEMBER:
        return frozenset({_WRITING})
    granted = {name for name, given in member.to_dict().items() if given is True}
    if member.status == ChatMember.RESTRICTED:
        return frozenset(granted & {_WRITING})
    # Who may change the bot's rights is none of them.
    own = granted - {"can_be_edited"}
    return frozenset(name for name in own if name.startswith("can_")) | {_WRITING}


def _rights(member: ChatMember) -> int:
    """0 outside, 1 inside, 2 administrator."""
    if isinstance(member, ChatMemberRestricted) and not member.is_member:
        return 0
    return _RIGHTS[member.status]
