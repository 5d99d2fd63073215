"""Groups, their members and links: what an administrator may do, and how Telegram refuses it."""

from __future__ import annotations

import unicodedata
from typing import Any

from tests.platforms.botapi.refusal import bad
from tests.platforms.botapi.world import BOT_ID, PERMISSIONS, Chat, Json, Link, World

_NO_RESTRICTING = "not enough rights to restrict/unrestrict chat member"
_GIFTS = (
    "unlimited_gifts",
    "limited_gifts",
    "unique_gifts",
    "premium_subscription",
    "gifts_from_channels",
)
_COLORS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)
"""Of a topic's icon (Bot API, createForumTopic)."""

_EMOJI = ("So", "Sk", "Cs", "Co", "Cn")


def link_json(link: Link, creator: Json) -> Json:
    """A ChatInviteLink."""
    made: Json = {
        "invite_link": link.url,
        "creator": creator,
        "creates_join_request": link.asking,
        "is_primary": False,
        "is_revoked": link.revoked,
    }
    more = {"name": link.name or None, "member_limit": link.member_limit}
    more |= {"expire_date": link.expire_date}
    return made | {name: value for name, value in more.items() if value is not None}


class Administration:
    """The methods for groups."""

    world: World

    # --- looking ------------------------------------------------------------------------------

    def _getChat(self, given: Json) -> Json:
        chat = self.world.chat_for(given["chat_id"])
        made = chat.json(self.world.users.get(chat.id))
        gifts = {"accepted_gift_types": dict.fromkeys(_GIFTS, False)}
        made |= {"accent_color_id": 0, "max_reaction_count": 11, **gifts}
        if chat.type == "private":
            return made
        made |= {"permissions": {p: p not in chat.denied for p in PERMISSIONS}}
        return made | {"description": chat.description} if chat.description else made

    def _getChatMember(self, given: Json) -> Json:
        chat = self.world.chat_for(given["chat_id"])
        return chat.standing(self._user(given["user_id"]))

    def _getChatAdministrators(self, given: Json) -> list[Json]:
        chat = self.world.chat_for(given["chat_id"])
        if chat.type == "private":
            raise bad("there are no administrators in the private chat")
        bots = given.get("return_bots", False)
        return [
            chat.standing(self._user(id))
            for id, status in chat.members.items()
            if status in ("administrator", "creator") and (bots or id != BOT_ID)
        ]

    def _user(self, id: int) -> Json:
        if id == BOT_ID:
            return self.world.bot()
        if id not in self.world.users:
            raise bad("invalid user_id specified")
        return self.world.users[id].json()

    # --- the group ----------------------------------------------------------------------------

    def _setChatTitle(self, given: Json) -> bool:
        chat = self._group(given, "can't change private chat title")
        title = given["title"].strip()
        self._needs(chat, "can_change_info", "not enough rights to change chat title")
        if not 1 <= len(title) <= 128:
            raise bad("title must be non-empty" if not title else "title is too long")
        if title == chat.title:
            raise bad("chat title is not modified")
        chat.title = title
        self.world.post(chat, self.world.bot(), new_chat_title=title)
        return True

    def _setChatDescription(self, given: Json) -> bool:
        chat = self._group(given, "can't change private chat description")
        self._needs(chat, "can_change_info", "not enough rights to set chat description")
        description = given.get("description", "").strip()
        if len(description) > 255:
            raise bad("chat description is too long")
        if description == chat.description:
            raise bad("chat description is not modified")
        chat.description = description
        self.world.changed()
        return True

    def _createForumTopic(self, given: Json) -> Json:
        chat = self._group(given, "the chat is not a forum")
        if not chat.forum:
            raise bad("the chat is not a forum")
        self._needs(chat, "can_manage_topics", "not enough rights to create a topic")
        name = given["name"].strip()
        if not 1 <= len(name) <= 128:
            raise bad("title must be non-empty" if not name else "TOPIC_TITLE_TOO_LONG")
        color = given.get("icon_color", _COLORS[0])
        if color not in _COLORS:
            raise bad("invalid icon color specified")
        made = {"name": name, "icon_color": color}
        # A topic has the number of the message that says that it was made.
        said = self.world.post(chat, self.world.bot(), forum_topic_created=made)
        chat.topics.add(said["message_id"])
        return {**made, "message_thread_id": said["message_id"]}

    # --- members ------------------------------------------------------------------------------

    def _banChatMember(self, given: Json) -> bool:
        chat = self._group(given, "can't ban members in private chats")
        who = self._removable(chat, given["user_id"])
        # A small group keeps no list of those who are barred.
        self.world.became(chat, self.world.bot(), who, "left" if chat.type == "group" else "kicked")
        chat.asking.pop(who["id"], None)
        return True

    def _unbanChatMember(self, given: Json) -> bool:
        chat = self._group(given, "method is available only in supergroup and channel chats")
        if chat.type == "group":
            raise bad("method is available only in supergroup and channel chats")
        barred = chat.members.get(given["user_id"]) == "kicked"
        if barred:
            self._needs(chat, "can_restrict_members", _NO_RESTRICTING)
        elif given.get("only_if_banned"):
            self._user(given["user_id"])
            return True
        else:
            self._removable(chat, given["user_id"])
        self.world.became(chat, self.world.bot(), self._user(given["user_id"]), "left")
        return True

    def _removable(self, chat: Chat, id: int) -> Json:
        who = self._user(id)
        if id == BOT_ID:
            raise bad("can't restrict self")
        if chat.members.get(id) == "creator":
            raise bad("can't remove chat owner")
        self._needs(chat, "can_restrict_members", _NO_RESTRICTING)
        if chat.members.get(id) == "administrator":
            raise bad("user is an administrator of the chat")
        return who

    def _setChatMemberTag(self, given: Json) -> bool:
        chat = self._group(given, "method is available only in groups and supergroups")
        who = self._user(given["user_id"])
        self._needs(chat, "can_manage_tags", "not enough rights to set the tag of the user")
        standing = chat.members.get(who["id"], "left")
        if standing in ("administrator", "creator"):
            raise bad("CHAT_CREATOR_REQUIRED")
        if standing in ("left", "kicked"):
            raise bad("USER_NOT_PARTICIPANT")
        tag = given.get("tag", "")
        if len(tag) > 16:
            raise bad("RANK_INVALID")
        if any(unicodedata.category(c) in _EMOJI for c in tag):
            raise bad("RANK_EMOJI_NOT_ALLOWED")
        chat.tags[who["id"]] = tag
        self.world.changed()
        return True

    # --- coming in ----------------------------------------------------------------------------

    def _createChatInviteLink(self, given: Json) -> Json:
        chat = self._group(given, "can't invite members to a private chat")
        self._may_link(chat)
        name, limit = given.get("name", ""), given.get("member_limit")
        if len(name) > 32:
            raise bad("INVITE_LINK_NAME_TOO_LONG")
        if limit is not None and given.get("creates_join_request"):
            raise bad("member limit can't be specified for links requiring administrator approval")
        if limit is not None and not 1 <= limit <= 99_999:
            raise bad("USAGE_LIMIT_INVALID")
        expires = given.get("expire_date")
        if expires is not None and expires <= self.world.clock().timestamp():
            raise bad("EXPIRE_DATE_INVALID")
        url = f"https://t.me/+Ilm{abs(chat.id)}x{len(chat.links) + 1}"
        asking = given.get("creates_join_request", False)
        chat.links[url] = Link(url, name, asking, limit, expires)
        return link_json(chat.links[url], self.world.bot())

    def _revokeChatInviteLink(self, given: Json) -> Json:
        chat = self._group(given, "can't invite members to a private chat")
        self._may_link(chat)
        link = chat.links.get(given["invite_link"])
        if link is None:
            raise bad("INVITE_HASH_EXPIRED")
        link.revoked = True
        return link_json(link, self.world.bot())

    def _may_link(self, chat: Chat) -> None:
        words = "not enough rights to manage chat invite link"
        self._needs(chat, "can_invite_users", words)

    def _approveChatJoinRequest(self, given: Json) -> bool:
        chat, who, link = self._request(given)
        by = link_json(chat.links[link], self.world.bot())
        self.world.became(
            chat, self.world.bot(), who, "member", via_join_request=True, invite_link=by
        )
        return True

    def _declineChatJoinRequest(self, given: Json) -> bool:
        self._request(given)
        self.world.changed()
        return True

    def _request(self, given: Json) -> tuple[Chat, Json, str]:
        chat = self._group(given, "the chat can't have join requests")
        who = self._user(given["user_id"])
        words = "not enough rights to manage chat join requests"
        self._needs(chat, "can_invite_users", words)
        if chat.members.get(who["id"], "left") not in ("left", "kicked"):
            raise bad("USER_ALREADY_PARTICIPANT")
        asked = chat.asking.pop(who["id"], None)
        if asked is None:
            raise bad("HIDE_REQUESTER_MISSING")
        return chat, who, asked[0]

    def _group(self, given: Json, otherwise: str) -> Chat:
        chat = self.world.chat_for(given["chat_id"])
        if chat.type == "private":
            raise bad(otherwise)
        return chat

    def _needs(self, chat: Chat, right: str, otherwise: Any) -> None:
        if not chat.may(BOT_ID, right):
            raise bad(otherwise)
