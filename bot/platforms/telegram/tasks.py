"""Tasks as Bot API calls: rights, members, links, topics, native polls."""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from telegram import (
    Bot,
    ChatFullInfo,
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberRestricted,
)
from telegram.constants import (
    ChatInviteLinkLimit,
    ChatLimit,
    ForumTopicLimit,
    PollLimit,
    TagLimit,
)
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.platforms import Delivered, Delivery, Failed, Outcome
from bot.platforms.telegram.errors import (
    NO_RIGHT,
    later,
    nobody,
    says,
    seconds_of,
    task_outcome_of,
)
from bot.platforms.telegram.layout import shortened_plain
from bot.platforms.telegram.limits import Pace
from bot.platforms.telegram.topics import in_topic, topic_of
from handlers.tasks import (
    Admit,
    AskNatively,
    BringIn,
    EndNatively,
    Furnish,
    Inspect,
    MakeLink,
    MakeRoom,
    MakeTopic,
    PutOut,
    TagMember,
    Task,
)

T = TypeVar("T")

NOT_CHANGED = "not modified"
POLL_CLOSED = "poll has already been closed"
NOTHING_ASKED = ("hide_requester_missing", "user_already_participant")
NOT_IN_IT = "user_not_participant"
ONLY_SUPERGROUPS = "method is available"
"""In a small group removing somebody bars them from nothing, so there is nothing to lift."""

_RIGHTS: dict[type[Task], str] = {
    BringIn: "remove",
    PutOut: "remove",
    Admit: "link",
    MakeLink: "link",
    TagMember: "tag",
    MakeTopic: "topics",
}
"""What the bot lacks when it may not do a task; for the others it is writing at all."""

_GRANTED = {
    "invite": "can_invite_users",
    "link": "can_invite_users",
    "remove": "can_restrict_members",
    "title": "can_change_info",
    "topic": "can_change_info",
    "pin": "can_pin_messages",
    "delete": "can_delete_messages",
}

_RANKS = {ChatMember.OWNER: "owner", ChatMember.ADMINISTRATOR: "administrator"}


class Later(Exception):
    """Telegram's limits do not allow a call for so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(seconds)


class NotPossible(Exception):
    """Telegram has no such thing, or not of this size."""


class Tasks:
    """Does tasks for one bot, within its pace."""

    def __init__(self, bot: Bot, me: int, pace: Pace) -> None:
        self.bot, self.me, self.pace = bot, me, pace

    async def deliver(self, delivery: Delivery, task: Task) -> Outcome:
        """Do a task, or say in the agreed words why not (``handlers.chat.Task``)."""
        try:
            chat = int(delivery.place)
        except ValueError:
            # At the platform itself there is nothing that a bot could make.
            return Failed("not_possible" if isinstance(task, MakeRoom) else "not_there")
        try:
            return await self._do(chat, task, topic_of(delivery))
        except Later as wait:
            return later(wait.seconds)
        except NotPossible:
            return Failed("not_possible")
        except TelegramError as error:
            # What may be there twice afterwards, for everybody to see, is not repeated blindly.
            once = isinstance(task, AskNatively | MakeTopic)
            return task_outcome_of(error, _RIGHTS.get(type(task), "send"), repeatable=not once)

    async def _do(self, chat: int, task: Task, topic: int | None) -> Outcome:
        match task:
            case Inspect(accounts):
                return await self._inspect(chat, accounts)
            case Furnish():
                return await self._furnish(chat, task)
            case BringIn(account) | PutOut(account) | Admit(account) | TagMember(account):
                try:
                    user = int(account)
                except ValueError:
                    return Failed("unknown_account")
                return await self._with_member(chat, user, task)
            case MakeLink(name):
                return await self._link(chat, name)
            case MakeTopic(name):
                return await self._topic(chat, name)
            case AskNatively():
                return await self._ask(chat, task, topic)
            case EndNatively(message):
                return await self._end(chat, message)
        raise NotPossible

    # --- looking ----------------------------------------------------------------------------

    async def _inspect(self, chat: int, accounts: tuple[str, ...]) -> Outcome:
        info = await self._silently(chat, lambda: self.bot.get_chat(chat))
        me = await self._member(chat, self.me)
        if not _is_inside(me):
            # Of a public group Telegram tells everybody something.
            return Failed("not_there", gone=True)
        told: dict[str, Any] = {
            "rights": _rights(info, me),
            "title": info.title or "",
            "public": bool(info.username),
            "topics": bool(info.is_forum),
            "encrypted": False,
        }
        if accounts:
            asked = [(account, await self._seen(chat, account)) for account in accounts]
            told["members"] = {account: seen for account, seen in asked if seen is not None}
        return Delivered(told=told)

    async def _seen(self, chat: int, account: str) -> dict[str, str] | None:
        """Somebody who is in a group, with ``rank`` if they run it; None for those outside.

        There is no list of members: each is asked about by itself.
        """
        try:
            member = await self._member(chat, int(account))
        except ValueError:
            return None
        except TelegramError as error:
            if not nobody(error):
                raise
            return None
        if not _is_inside(member):
            return None
        seen = {"name": member.user.full_name, "state": "joined"}
        return {**seen, "rank": _RANKS[member.status]} if member.status in _RANKS else seen

    async def _member(self, chat: int, user: int) -> ChatMember:
        return await self._silently(chat, lambda: self.bot.get_chat_member(chat, user))

    # --- the group --------------------------------------------------------------------------

    async def _furnish(self, chat: int, task: Furnish) -> Outcome:
        title = _fitting(task.title, ChatLimit.MAX_CHAT_TITLE_LENGTH)
        topic = _fitting(task.topic, ChatLimit.CHAT_DESCRIPTION_LENGTH)
        info = await self._silently(chat, lambda: self.bot.get_chat(chat))
        missing = []
        if title and title != info.title:
            # A new title is announced in the group, so it counts as a message.
            done = self._loudly(chat, lambda: self.bot.set_chat_title(chat, title))
            missing += [] if await _allowed(done) else ["title"]
        if topic != (info.description or ""):
            done = self._silently(chat, lambda: self.bot.set_chat_description(chat, topic))
            missing += [] if await _allowed(done) else ["topic"]
        return Delivered(told={"missing": missing})

    async def _link(self, chat: int, name: str) -> Outcome:
        # Telegram has no key for links: after a lost answer a second one is made. Whoever comes by
        # the first one asks to come in as well, so it opens nothing that the second would not.
        fitting = _fitting(name, ChatInviteLinkLimit.NAME_LENGTH)
        made = await self._silently(
            chat,
            lambda: self.bot.create_chat_invite_link(
                chat, name=fitting or None, creates_join_request=True
            ),
        )
        return Delivered(made.invite_link)

    async def _topic(self, chat: int, name: str) -> Outcome:
        fitting = _fitting(name, ForumTopicLimit.MAX_NAME_LENGTH)
        if not fitting:
            raise NotPossible
        made = await self._loudly(chat, lambda: self.bot.create_forum_topic(chat, fitting))
        return Delivered(str(made.message_thread_id))

    # --- members ----------------------------------------------------------------------------

    async def _with_member(self, chat: int, user: int, task: Task) -> Outcome:
        match task:
            case BringIn():
                # Bots cannot add anybody: the link that leads in must not be barred, that is all.
                if (await self._member(chat, user)).status == ChatMember.BANNED:
                    await self._let_back(chat, user)
            case PutOut():
                return await self._put_out(chat, user)
            case Admit(_, yes):
                answer = (
                    self.bot.approve_chat_join_request
                    if yes
                    else self.bot.decline_chat_join_request
                )
                await self._silently(chat, lambda: answer(chat, user), *NOTHING_ASKED)
            case TagMember(_, tag):
                fitting = fitting_tag(tag)
                await self._silently(
                    chat, lambda: self.bot.set_chat_member_tag(chat, user, fitting)
                )
        return Delivered()

    async def _put_out(self, chat: int, user: int) -> Outcome:
        """Barred and let back at once: outside, and free to be invited again.

        In this order it may be broken off anywhere and begun anew.
        """
        await self._silently(chat, lambda: self.bot.ban_chat_member(chat, user), NOT_IN_IT)
        await self._let_back(chat, user)
        return Delivered()

    async def _let_back(self, chat: int, user: int) -> None:
        await self._silently(
            chat,
            lambda: self.bot.unban_chat_member(chat, user, only_if_banned=True),
            ONLY_SUPERGROUPS,
        )

    # --- native polls -----------------------------------------------------------------------

    async def _ask(self, chat: int, task: AskNatively, topic: int | None) -> Outcome:
        question = _fitting(task.question, PollLimit.MAX_QUESTION_LENGTH)
        options = [_fitting(o, PollLimit.MAX_OPTION_LENGTH) for o in task.options]
        fine = question and all(options) and 1 <= len(options) <= PollLimit.MAX_OPTION_NUMBER
        if not fine or len(set(options)) < len(options):
            raise NotPossible
        sent = await self._loudly(
            chat,
            lambda: in_topic(
                topic,
                lambda thread: self.bot.send_poll(
                    chat,
                    question,
                    options,
                    is_anonymous=False,
                    allows_multiple_answers=task.several,
                    allows_revoting=True,
                    message_thread_id=thread,
                ),
            ),
        )
        poll = sent.poll
        return Delivered(str(sent.message_id), {"poll": poll.id} if poll is not None else {})

    async def _end(self, chat: int, message: str) -> Outcome:
        if not (message.isascii() and message.isdigit()):
            return Failed("not_there")
        await self._loudly(chat, lambda: self.bot.stop_poll(chat, int(message)), POLL_CLOSED)
        return Delivered(message)

    # --- calls ------------------------------------------------------------------------------

    async def _loudly(self, chat: int, call: Callable[[], Awaitable[T]], *done: str) -> T | Any:
        """A call that makes or changes a message; refused with one of ``done``, it was done."""
        async with self.pace.turn(chat) as wait:
            return await self._call(chat, wait, call, done)

    async def _silently(self, chat: int, call: Callable[[], Awaitable[T]], *done: str) -> T | Any:
        """The same for a call that nobody reads."""
        async with self.pace.silent(chat) as wait:
            return await self._call(chat, wait, call, done)

    async def _call(
        self, chat: int, wait: float, call: Callable[[], Awaitable[T]], done: tuple[str, ...]
    ) -> T | None:
        if wait:
            raise Later(wait)
        try:
            return await call()
        except RetryAfter as error:
            self.pace.refused(chat, seconds_of(error))
            raise
        except BadRequest as error:
            if not says(error, *done):
                raise
            return None


async def _allowed(change: Awaitable[object]) -> bool:
    """Make a change of the group; False if the bot may not."""
    try:
        await change
    except BadRequest as error:
        if says(error, *NO_RIGHT):
            return False
        if not says(error, NOT_CHANGED):
            raise
    return True


def _rights(info: ChatFullInfo, me: ChatMember) -> dict[str, bool]:
    """What the bot may do: an administrator's rights, and for a plain member only writing.

    ``topics`` is left out where there are none. A right to tags that is not named follows that
    to pin (Bot API, ChatMemberAdministrator).
    """
    admin = me if isinstance(me, ChatMemberAdministrator) else None
    rights = {name: bool(admin and getattr(admin, right)) for name, right in _GRANTED.items()}
    tags = admin.can_manage_tags if admin is not None else False
    rights["tag"] = rights["pin"] if tags is None else bool(tags)
    if info.is_forum:
        rights["topics"] = bool(admin and admin.can_manage_topics)
    rights["send"] = _may_write(info, me)
    return rights


def _may_write(info: ChatFullInfo, me: ChatMember) -> bool:
    match me:
        case ChatMemberAdministrator():
            return True
        case ChatMemberRestricted():
            return me.is_member and me.can_send_messages
    everybody = info.permissions
    allowed = everybody is None or everybody.can_send_messages is not False
    return me.status == ChatMember.MEMBER and allowed


def _is_inside(member: ChatMember) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status not in (ChatMember.LEFT, ChatMember.BANNED)


def _fitting(words: str, most: int) -> str:
    return shortened_plain(words.strip(), int(most))


_DRAWN = ("So", "Sk", "Cf", "Cs", "Co", "Cn", "Cc", "Mn", "Me")
"""Categories of characters of which emoji are made, joined and coloured."""


def fitting_tag(words: str) -> str:
    """Words as a tag: without emoji, at most 16 characters (Bot API, setChatMemberTag)."""
    composed = unicodedata.normalize("NFC", words)
    plain = "".join(c for c in composed if unicodedata.category(c) not in _DRAWN)
    return shortened_plain(" ".join(plain.split()), int(TagLimit.MAX_TAG_LENGTH))
