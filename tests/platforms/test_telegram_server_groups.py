"""In groups, too, the Bot API server of the tests refuses what Telegram refuses, in its words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from telegram import Update

from tests.platforms import botapi
from tests.platforms.botapi import Group, Person, Server
from tests.platforms.botapi.town import ANNA, BERND, CLARA
from tests.platforms.botapi.world import ADMIN_RIGHTS, BOT_ID

Call = Callable[..., Awaitable[Any]]


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[Server]:
    async with botapi.running(clock) as server:
        yield server


@pytest.fixture
def anna(server: Server) -> Person:
    return server.user(ANNA, "Anna Probe")


@pytest.fixture
def bernd(server: Server) -> Person:
    return server.user(BERND, "Bernd Probe")


@pytest.fixture
def group(server: Server, anna: Person, bernd: Person) -> Group:
    group = server.group("Probe", [anna, bernd], supergroup=True)
    group.becomes(anna, "creator")
    group.bot_becomes("administrator", anna, ADMIN_RIGHTS)
    return group


@pytest.fixture
async def call(server: Server, group: Group) -> AsyncIterator[Call]:
    """Call a method in the group; gives the result, or Telegram's words for its refusal."""
    async with aiohttp.ClientSession() as http:

        async def call(method: str, **given: Any) -> Any:
            url = f"{server.url}/bot{server.token}/{method}"
            where = {} if method == "getUpdates" else {"chat_id": group.id}
            async with http.post(url, json={**where, **given}) as response:
                made = await response.json()
                return made.get("result", made.get("description", "").removeprefix("Bad Request: "))

        yield call


OPTIONS = [{"text": "Ja"}, {"text": "Nein"}]
MUST_NOT_RESTRICT = "not enough rights to restrict/unrestrict chat member"


@pytest.mark.parametrize(
    ("method", "given", "answer"),
    [
        ("setChatTitle", {"title": " "}, "title must be non-empty"),
        ("setChatTitle", {}, 'parameter "title" is required'),
        ("setChatTitle", {"title": "x" * 129}, "title is too long"),
        ("setChatDescription", {"description": ""}, "chat description is not modified"),
        ("setChatDescription", {"description": "x" * 256}, "chat description is too long"),
        ("setChatTitle", {"chat_id": ANNA, "title": "x"}, "can't change private chat title"),
        ("banChatMember", {"user_id": ANNA}, "can't remove chat owner"),
        ("banChatMember", {"user_id": BOT_ID}, "can't restrict self"),
        ("banChatMember", {"user_id": 99}, "invalid user_id specified"),
        ("banChatMember", {"user_id": "Bernd"}, 'parameter "user_id" must be of type int'),
        ("unbanChatMember", {"user_id": ANNA}, "can't remove chat owner"),
        ("createChatInviteLink", {"name": "x" * 33}, "INVITE_LINK_NAME_TOO_LONG"),
        ("createChatInviteLink", {"member_limit": 5, "creates_join_request": True},
         "member limit can't be specified for links requiring administrator approval"),
        ("createChatInviteLink", {"member_limit": 100_000}, "USAGE_LIMIT_INVALID"),
        ("createChatInviteLink", {"expire_date": 5}, "EXPIRE_DATE_INVALID"),
        ("revokeChatInviteLink", {"invite_link": "https://t.me/+nie"}, "INVITE_HASH_EXPIRED"),
        ("approveChatJoinRequest", {"user_id": BERND}, "USER_ALREADY_PARTICIPANT"),
        ("approveChatJoinRequest", {"user_id": CLARA}, "HIDE_REQUESTER_MISSING"),
        ("declineChatJoinRequest", {"user_id": CLARA}, "HIDE_REQUESTER_MISSING"),
        ("setChatMemberTag", {"user_id": BERND, "tag": "x" * 17}, "RANK_INVALID"),
        ("setChatMemberTag", {"user_id": BERND, "tag": "🌳"}, "RANK_EMOJI_NOT_ALLOWED"),
        ("setChatMemberTag", {"user_id": ANNA, "tag": "x"}, "CHAT_CREATOR_REQUIRED"),
        ("setChatMemberTag", {"user_id": CLARA, "tag": "x"}, "USER_NOT_PARTICIPANT"),
        ("createForumTopic", {"name": "Entwürfe"}, "the chat is not a forum"),
        ("sendPoll", {"question": " ", "options": OPTIONS}, "poll question must be non-empty"),
        ("sendPoll", {"question": "?" * 301, "options": OPTIONS},
         "poll question length must not exceed 300"),
        ("sendPoll", {"question": "?", "options": []}, "poll must have at least one answer option"),
        ("sendPoll", {"question": "?", "options": [{"text": str(n)} for n in range(13)]},
         "poll can't have more than 12 options"),
        ("sendPoll", {"question": "?", "options": [{"text": "x" * 101}]},
         "poll options length must not exceed 100"),
        ("sendPoll", {"question": "?", "options": [{"text": ""}]}, "text must be non-empty"),
        ("sendPoll", {"question": "?", "options": [{"text": "x", "color": 1}]},
         "can't parse options JSON object"),
        ("sendPoll", {"question": "?", "options": OPTIONS, "message_thread_id": 5},
         "message thread not found"),
        ("stopPoll", {"message_id": 999}, "message with poll to stop not found"),
    ],
)  # fmt: skip
async def test_what_telegram_refuses_is_refused(
    server: Server, anna: Person, call: Call, method: str, given: dict[str, Any], answer: str
) -> None:
    anna.says("/start")
    server.user(CLARA)
    assert await call(method, **given) == answer


@pytest.mark.parametrize(
    ("method", "given", "right", "answer"),
    [
        ("setChatTitle", {"title": "x"}, "can_change_info",
         "not enough rights to change chat title"),
        ("setChatDescription", {"description": "x"}, "can_change_info",
         "not enough rights to set chat description"),
        ("banChatMember", {"user_id": BERND}, "can_restrict_members", MUST_NOT_RESTRICT),
        ("unbanChatMember", {"user_id": BERND}, "can_restrict_members", MUST_NOT_RESTRICT),
        ("createChatInviteLink", {}, "can_invite_users",
         "not enough rights to manage chat invite link"),
        ("revokeChatInviteLink", {"invite_link": "x"}, "can_invite_users",
         "not enough rights to manage chat invite link"),
        ("approveChatJoinRequest", {"user_id": BERND}, "can_invite_users",
         "not enough rights to manage chat join requests"),
        ("setChatMemberTag", {"user_id": BERND, "tag": "x"}, "can_manage_tags",
         "not enough rights to set the tag of the user"),
        ("createForumTopic", {"name": "x"}, "can_manage_topics",
         "not enough rights to create a topic"),
        ("pinChatMessage", {"message_id": 1}, "can_pin_messages",
         "not enough rights to manage pinned messages in the chat"),
    ],
)  # fmt: skip
async def test_each_method_needs_its_right(
    group: Group,
    anna: Person,
    call: Call,
    method: str,
    given: dict[str, Any],
    right: str,
    answer: str,
) -> None:
    group.becomes_forum()
    group.bot_becomes("administrator", anna, set(ADMIN_RIGHTS) - {right})
    assert await call(method, **given) == answer
    group.bot_becomes("member", anna)
    assert await call(method, **given) == answer


async def test_a_plain_member_sends_what_members_may(
    group: Group, anna: Person, call: Call
) -> None:
    group.bot_becomes("member", anna)
    group.chat.denied = {"can_send_polls"}
    assert "message_id" in await call("sendMessage", text="x")
    assert await call("sendPoll", question="?", options=OPTIONS) == (
        "not enough rights to send polls to the chat"
    )
    group.bot_becomes("restricted", anna)
    assert await call("sendMessage", text="x") == (
        "not enough rights to send text messages to the chat"
    )


async def test_who_was_removed_stays_out_until_let_back(
    server: Server, group: Group, bernd: Person, call: Call
) -> None:
    assert await call("banChatMember", user_id=BERND) is True
    assert (await call("getChatMember", user_id=BERND))["status"] == "kicked"
    link = (await call("createChatInviteLink", creates_join_request=True))["invite_link"]
    with pytest.raises(AssertionError, match="must not come in"):
        bernd.asks_to_join(group, link)
    assert await call("unbanChatMember", user_id=BERND, only_if_banned=True) is True
    bernd.asks_to_join(group, link)
    assert await call("approveChatJoinRequest", user_id=BERND) is True
    assert await call("unbanChatMember", user_id=BERND, only_if_banned=True) is True
    assert (await call("getChatMember", user_id=BERND))["status"] == "member"
    assert (await call("revokeChatInviteLink", invite_link=link))["is_revoked"] is True
    clara = server.user(CLARA)
    with pytest.raises(AssertionError, match="leads nowhere"):
        clara.asks_to_join(group, link)


async def test_the_bot_may_write_to_whoever_asks_for_five_minutes(
    server: Server, group: Group, call: Call, clock: Clock
) -> None:
    clara = server.user(CLARA)
    assert await call("sendMessage", chat_id=CLARA, text="x") == "chat not found"
    link = (await call("createChatInviteLink", creates_join_request=True))["invite_link"]
    clara.asks_to_join(group, link)
    assert "message_id" in await call("sendMessage", chat_id=CLARA, text="x")
    clock.at += timedelta(minutes=5)
    assert await call("sendMessage", chat_id=CLARA, text="x") == "chat not found"


async def test_a_closed_topic_is_open_to_those_who_manage_topics(
    group: Group, anna: Person, call: Call
) -> None:
    group.becomes_forum()
    topic = (await call("createForumTopic", name="Entwürfe"))["message_thread_id"]
    group.chat.closed = {topic, 1}
    assert "message_id" in await call("sendMessage", text="x", message_thread_id=topic)
    group.bot_becomes("administrator", anna)
    assert await call("sendMessage", text="x", message_thread_id=topic) == "TOPIC_CLOSED"
    assert await call("sendMessage", text="x") == "TOPIC_CLOSED"
    assert await call("sendMessage", text="x", message_thread_id=1) == "message thread not found"


async def test_a_closed_poll_takes_no_answers_and_is_not_closed_twice(
    group: Group, anna: Person, bernd: Person, call: Call
) -> None:
    sent = await call("sendPoll", question="?", options=OPTIONS, is_anonymous=False)
    message = group.chat.messages[sent["message_id"]]
    with pytest.raises(AssertionError, match="one answer only"):
        anna.votes(message, 0, 1)
    bernd.votes(message, 1)
    where = {"message_id": sent["message_id"]}
    closed = await call("stopPoll", **where)
    assert [o["voter_count"] for o in closed["options"]] == [0, 1]
    assert await call("stopPoll", **where) == "poll has already been closed"
    with pytest.raises(AssertionError, match="closed"):
        bernd.votes(message)
    words = await call("sendMessage", text="x")
    assert await call("stopPoll", message_id=words["message_id"]) == "message is not a poll"


async def test_everything_that_happens_in_a_group_is_told_as_published(
    server: Server, group: Group, anna: Person, bernd: Person, call: Call
) -> None:
    kinds = ["message", "my_chat_member", "chat_member", "chat_join_request", "poll_answer", "poll"]
    await call("getUpdates", offset=-1, allowed_updates=kinds)
    link = (await call("createChatInviteLink", name="Runde", creates_join_request=True))[
        "invite_link"
    ]
    clara = server.user(CLARA, "Clara Probe")
    clara.asks_to_join(group, link)
    await call("approveChatJoinRequest", user_id=CLARA)
    await call("setChatMemberTag", user_id=CLARA, tag="Gast")
    group.becomes(clara, "administrator", anna, {"can_pin_messages"})
    group.becomes(clara, "restricted", anna)
    await call("banChatMember", user_id=CLARA)
    sent = await call("sendPoll", question="?", options=OPTIONS, is_anonymous=False)
    message = group.chat.messages[sent["message_id"]]
    bernd.votes(message, 0)
    bernd.votes(message)
    group.bot_becomes("administrator", anna, {"can_pin_messages"})
    told = [Update.de_json(u) for u in await call("getUpdates")][1:]
    asked = told[0].chat_join_request
    assert asked is not None and asked.invite_link is not None and asked.invite_link.name == "Runde"
    came = told[1].chat_member
    assert came is not None and came.via_join_request
    standings = [(c.old_chat_member.status, c.new_chat_member.status)
                 for u in told[1:5] if (c := u.chat_member)]  # fmt: skip
    assert standings == [
        ("left", "member"), ("member", "administrator"), ("administrator", "restricted"),
        ("restricted", "kicked"),
    ]  # fmt: skip
    answers = [u.poll_answer.option_ids for u in told if u.poll_answer]
    assert answers == [(0,), ()]
    own = told[-1].my_chat_member
    assert own is not None and own.old_chat_member.to_dict()["can_restrict_members"] is True
    assert own.new_chat_member.to_dict()["can_restrict_members"] is False


async def test_what_the_server_tells_is_checked_before_it_is_told(server: Server) -> None:
    with pytest.raises((AssertionError, TypeError)):
        server.world.happened("poll_answer", {"poll_id": "1", "choice": 5})
