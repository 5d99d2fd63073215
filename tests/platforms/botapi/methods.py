"""The Bot API's methods, as far as the bot may use them."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from typing import Any

from tests.platforms.botapi.administration import Administration
from tests.platforms.botapi.entities import units
from tests.platforms.botapi.parameters import Upload, text_of
from tests.platforms.botapi.polls import Polls
from tests.platforms.botapi.refusal import bad
from tests.platforms.botapi.world import BOT_ID, Chat, Json, World, size_of_png

ANSWERABLE = 60
"""Seconds within which a press is answered, by the server's clock."""

LARGEST_DOWNLOAD = 20 * 1024 * 1024

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the "
    "same as a current content and reply markup of the message"
)
_SCOPES = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat")


class Methods(Administration, Polls):
    """One function a method; each takes checked parameters and returns the ``result``."""

    def __init__(self, world: World) -> None:
        self.world = world

    def of(self, name: str) -> Callable[[Json], Any]:
        """The function for a method."""
        function: Callable[[Json], Any] = getattr(self, f"_{name}")
        return function

    def _getMe(self, given: Json) -> Json:
        return {
            **self.world.bot(),
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    # --- sending ------------------------------------------------------------------------------

    def _sendMessage(self, given: Json) -> Json:
        chat = self.world.chat_for(given["chat_id"])
        return self._post(chat, given, text_of(given, "text", 4096, "message is too long"))

    def _sendPhoto(self, given: Json) -> Json:
        chat = self.world.chat_for(given["chat_id"])
        return self._post(chat, given, self._photo(given["photo"], given))

    def _sendDocument(self, given: Json) -> Json:
        chat = self.world.chat_for(given["chat_id"])
        number = self.world.upload(given["document"])
        caption = text_of(given, "caption", 1024, "message caption is too long")
        return self._post(chat, given, {"document": self.document(number), **caption})

    def _post(self, chat: Chat, given: Json, content: Json) -> Json:
        kind = next(k for k in _PERMISSION if k in content)
        if not chat.may(BOT_ID, _PERMISSION[kind][0]):
            raise bad(f"not enough rights to send {_PERMISSION[kind][1]} to the chat")
        keys: Json = {"reply_markup": given["reply_markup"]} if given.get("reply_markup") else {}
        topic = given.get("message_thread_id")
        if topic is not None:
            if topic not in chat.topics:
                raise bad("message thread not found")
            keys |= {"message_thread_id": topic, "is_topic_message": True}
        # The main topic of a forum has the number 1, which nobody may name.
        if (topic or 1) in chat.closed and not chat.may(BOT_ID, "can_manage_topics"):
            raise bad("TOPIC_CLOSED")
        return self.world.post(chat, self.world.bot(), **content, **keys)

    def _photo(self, file: Upload | str, given: Json) -> Json:
        number = self.world.upload(file)
        width, height = size_of_png(self.world.files[number].data)
        size = len(self.world.files[number].data)
        made = {"file_id": number, "file_unique_id": number[-8:], "file_size": size}
        photo = [{**made, "width": width, "height": height}]
        caption = text_of(given, "caption", 1024, "message caption is too long")
        return {"photo": photo, **caption}

    def document(self, number: str) -> Json:
        """A Document."""
        file = self.world.files[number]
        mime = mimetypes.guess_type(file.name)[0] or file.mime
        made = {"file_id": number, "file_unique_id": number[-8:], "file_name": file.name}
        return {**made, "mime_type": mime, "file_size": len(file.data)}

    # --- changing -----------------------------------------------------------------------------

    def _editMessageText(self, given: Json) -> Json:
        message = self._to_edit(given)
        if "text" not in message:
            raise bad("there is no text in the message to edit")
        return self._changed(given, message, text_of(given, "text", 4096, "MESSAGE_TOO_LONG"))

    def _editMessageCaption(self, given: Json) -> Json:
        message = self._to_edit(given)
        if not {"photo", "document"} & set(message):
            raise bad("there is no caption in the message to edit")
        kept: Json = {k: message[k] for k in ("photo", "document") if k in message}
        caption = text_of(given, "caption", 1024, "MEDIA_CAPTION_TOO_LONG")
        return self._changed(given, message, {**kept, **caption})

    def _editMessageMedia(self, given: Json) -> Json:
        message = self._to_edit(given)
        media = given["media"]
        known = {"type", "media", "caption", "parse_mode", "caption_entities", "has_spoiler"}
        if set(media) - known - {"show_caption_above_media"} or media.get("type") != "photo":
            raise bad("can't parse InputMedia: unsupported")
        file = media["media"]
        if file.startswith("attach://"):
            file = given.get(file.removeprefix("attach://"))
        if file is None:
            raise bad("wrong file identifier/HTTP URL specified")
        return self._changed(given, message, self._photo(file, media))

    def _editMessageReplyMarkup(self, given: Json) -> Json:
        message = self._to_edit(given)
        kept = {k: v for k, v in message.items() if k in _CONTENT}
        return self._changed(given, message, kept)

    def _to_edit(self, given: Json) -> Json:
        chat = self.world.chat_for(given["chat_id"])
        message = chat.messages.get(given["message_id"])
        if message is None:
            raise bad("message to edit not found")
        if message["from"]["id"] != BOT_ID:
            raise bad("message can't be edited")
        return message

    def _changed(self, given: Json, message: Json, content: Json) -> Json:
        keys = {"reply_markup": given["reply_markup"]} if given.get("reply_markup") else {}
        new = {**content, **keys}
        old = {k: v for k, v in message.items() if k in (*_CONTENT, "reply_markup")}
        if new == old:
            raise bad(_NOT_MODIFIED)
        for name in old:
            del message[name]
        message.update(new)
        message["edit_date"] = int(self.world.clock().timestamp())
        self.world.changed()
        return message

    def _deleteMessage(self, given: Json) -> bool:
        chat = self.world.chat_for(given["chat_id"])
        message = chat.messages.get(given["message_id"])
        if message is None:
            raise bad("message to delete not found")
        if self.world.clock().timestamp() - message["date"] > 48 * 3600:
            raise bad("message can't be deleted for everyone")
        del chat.messages[given["message_id"]]
        self.world.changed()
        return True

    # --- presses ------------------------------------------------------------------------------

    def _answerCallbackQuery(self, given: Json) -> bool:
        text = given.get("text")
        if text is not None and units(text) > 200:
            raise bad("MESSAGE_TOO_LONG")
        asked = self.world.queries.get(given["callback_query_id"])
        if asked is None or (self.world.clock() - asked[1]).total_seconds() > ANSWERABLE:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        del self.world.queries[given["callback_query_id"]]
        answer = {"text": text or None, "show_alert": given.get("show_alert", False)}
        self.world.users[asked[0]].toasts.append(answer)
        self.world.changed()
        return True

    # --- chats --------------------------------------------------------------------------------

    def _pinChatMessage(self, given: Json) -> bool:
        chat = self._may_pin(given)
        if given["message_id"] not in chat.messages:
            raise bad("message to pin not found")
        if given["message_id"] not in chat.pinned:
            chat.pinned.append(given["message_id"])
        self.world.changed()
        return True

    def _unpinChatMessage(self, given: Json) -> bool:
        chat = self._may_pin(given)
        chat.pinned = [m for m in chat.pinned if m != given.get("message_id", m)]
        return True

    def _may_pin(self, given: Json) -> Chat:
        chat = self.world.chat_for(given["chat_id"])
        if not chat.may(BOT_ID, "can_pin_messages"):
            raise bad("not enough rights to manage pinned messages in the chat")
        return chat

    def _leaveChat(self, given: Json) -> bool:
        chat = self.world.chat_for(given["chat_id"])
        if chat.type == "private":
            raise bad("chat member status can't be changed in private chats")
        self.world.became(chat, self.world.bot(), self.world.bot(), "left")
        self.world.changed()
        return True

    # --- commands and files -------------------------------------------------------------------

    def _setMyCommands(self, given: Json) -> bool:
        commands = given["commands"]
        if len(commands) > 100:
            raise bad("BOT_COMMANDS_TOO_MUCH")
        for made in commands:
            word, hint = str(made.get("command", "")), str(made.get("description", ""))
            fine = word.isascii() and word.replace("_", "a").isalnum() and word == word.lower()
            if not fine or not 1 <= len(word) <= 32:
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= units(hint) <= 256:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        self.world.commands[self._scope(given)] = commands
        self.world.changed()
        return True

    def _getMyCommands(self, given: Json) -> list[Json]:
        return self.world.commands.get(self._scope(given), [])

    def _deleteMyCommands(self, given: Json) -> bool:
        self.world.commands.pop(self._scope(given), None)
        return True

    def _scope(self, given: Json) -> tuple[str, str]:
        scope, language = given.get("scope") or {"type": "default"}, given.get("language_code", "")
        if scope.get("type") not in _SCOPES:
            raise bad("can't parse BotCommandScope: unsupported type specified")
        if language and not (len(language) == 2 and language.isalpha() and language.islower()):
            raise bad("invalid language code specified")
        name = scope["type"]
        if name == "chat":
            name = f"chat:{self.world.chat_for(scope['chat_id']).id}"
        return name, language

    def _getFile(self, given: Json) -> Json:
        file = self.world.files.get(given["file_id"])
        if file is None:
            raise bad("wrong file_id or the file is temporarily unavailable")
        if len(file.data) > LARGEST_DOWNLOAD:
            raise bad("file is too big")
        made = {"file_id": given["file_id"], "file_unique_id": given["file_id"][-8:]}
        return {**made, "file_size": len(file.data), "file_path": f"documents/{given['file_id']}"}


_PERMISSION = {
    "photo": ("can_send_photos", "photos"),
    "document": ("can_send_documents", "documents"),
    "poll": ("can_send_polls", "polls"),
    "text": ("can_send_messages", "text messages"),
}
_CONTENT = ("text", "entities", "caption", "caption_entities", "photo", "document")
