"""The parameters of each method: which there are, which must be given, and of what type.

Stricter than Telegram in one thing: a parameter that the method does not have is refused, where
Telegram ignores it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tests.platforms.botapi.entities import parse_html, units
from tests.platforms.botapi.refusal import bad

_MESSAGE = "disable_notification:bool protect_content:bool allow_paid_broadcast:bool "
_MESSAGE += "message_effect_id:str message_thread_id:int reply_parameters:json reply_markup:keys"
_EDIT = "chat_id!:chat message_id!:int reply_markup:keys"
_TEXT = "parse_mode:mode entities:list link_preview_options:json"
_CAPTION = "caption:str parse_mode:mode caption_entities:list show_caption_above_media:bool"

_SPECIFICATIONS = {
    "getMe": "",
    "getUpdates": "offset:int limit:int timeout:int allowed_updates:list",
    "setWebhook": "url!:str certificate:file ip_address:str max_connections:int "
    "allowed_updates:list drop_pending_updates:bool secret_token:str",
    "deleteWebhook": "drop_pending_updates:bool",
    "getWebhookInfo": "",
    "sendMessage": f"chat_id!:chat text!:str {_TEXT} {_MESSAGE}",
    "sendPhoto": f"chat_id!:chat photo!:file {_CAPTION} has_spoiler:bool {_MESSAGE}",
    "sendDocument": "chat_id!:chat document!:file thumbnail:file "
    f"disable_content_type_detection:bool {_CAPTION} {_MESSAGE}",
    "editMessageText": f"text!:str {_TEXT} {_EDIT}",
    "editMessageCaption": f"{_CAPTION} {_EDIT}",
    "editMessageMedia": f"media!:json {_EDIT}",
    "editMessageReplyMarkup": _EDIT,
    "deleteMessage": "chat_id!:chat message_id!:int",
    "answerCallbackQuery": "callback_query_id!:str text:str show_alert:bool url:str cache_time:int",
    "pinChatMessage": "chat_id!:chat message_id!:int disable_notification:bool",
    "unpinChatMessage": "chat_id!:chat message_id:int",
    "getChat": "chat_id!:chat",
    "getChatMember": "chat_id!:chat user_id!:int",
    "getChatAdministrators": "chat_id!:chat return_bots:bool",
    "leaveChat": "chat_id!:chat",
    "setChatTitle": "chat_id!:chat title!:str",
    "setChatDescription": "chat_id!:chat description:str",
    "banChatMember": "chat_id!:chat user_id!:int until_date:int revoke_messages:bool",
    "unbanChatMember": "chat_id!:chat user_id!:int only_if_banned:bool",
    "createChatInviteLink": "chat_id!:chat name:str expire_date:int member_limit:int "
    "creates_join_request:bool",
    "revokeChatInviteLink": "chat_id!:chat invite_link!:str",
    "approveChatJoinRequest": "chat_id!:chat user_id!:int",
    "declineChatJoinRequest": "chat_id!:chat user_id!:int",
    "setChatMemberTag": "chat_id!:chat user_id!:int tag:str",
    "createForumTopic": "chat_id!:chat name!:str icon_color:int icon_custom_emoji_id:str",
    "sendPoll": "chat_id!:chat question!:str options!:list is_anonymous:bool type:str "
    f"allows_multiple_answers:bool allows_revoting:bool is_closed:bool {_MESSAGE}",
    "stopPoll": "chat_id!:chat message_id!:int reply_markup:keys",
    "setMyCommands": "commands!:list scope:json language_code:str",
    "getMyCommands": "scope:json language_code:str",
    "deleteMyCommands": "scope:json language_code:str",
    "getFile": "file_id!:str",
}

METHODS = {name.lower(): name for name in _SPECIFICATIONS}
"""Method names are case-insensitive (Bot API, Making requests)."""

BUTTON_KINDS = {"url", "callback_data"}
_BUTTON_FIELDS = {"text", "style", *BUTTON_KINDS}
_STYLES = {"danger", "success", "primary"}


@dataclass(frozen=True)
class Upload:
    """A file in a request."""

    name: str
    mime: str
    data: bytes


def read(method: str, given: dict[str, Any]) -> dict[str, Any]:
    """The parameters with their types, or the 400 for what is wrong with them."""
    types: dict[str, tuple[str, bool]] = {}
    for word in _SPECIFICATIONS[method].split():
        name, _, kind = word.partition(":")
        types[name.rstrip("!")] = (kind, name.endswith("!"))
    files = {name for name, value in given.items() if isinstance(value, Upload)}
    unknown = given.keys() - types.keys() - files
    if unknown:
        raise bad(f"{method} has no parameter {', '.join(sorted(unknown))}")
    for name, (_, needed) in types.items():
        if needed and given.get(name) in (None, ""):
            raise bad(_missing(name))
    read = {
        name: _value(name, types[name][0], value, given)
        for name, value in given.items()
        if name in types
    }
    return {**{name: given[name] for name in files - types.keys()}, **read}


def _missing(name: str) -> str:
    known = {"text": "message text is empty", "chat_id": "chat_id is empty"}
    return known.get(name, f'parameter "{name}" is required')


def _value(name: str, kind: str, value: Any, given: dict[str, Any]) -> Any:
    match kind:
        case "str" | "int" | "bool" | "mode":
            return _simple(name, kind, value)
        case "chat" if isinstance(value, str) and value.startswith("@"):
            return value
        case "chat":
            if re.fullmatch(_NUMBER, str(value)) is None:
                raise bad("chat not found")
            return int(value)
        case "file":
            return _file(value, given)
    return _json(name, kind, value)


_NUMBER = r"-?\d{1,19}"
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def _simple(name: str, kind: str, value: Any) -> Any:
    if kind == "str" and isinstance(value, str):
        return value
    if kind == "int" and re.fullmatch(_NUMBER, str(value)):
        return int(value)
    if kind == "bool" and str(value).lower() in _TRUTH:
        return _TRUTH[str(value).lower()]
    if kind == "mode":
        if value != "HTML":
            raise bad("unsupported parse_mode")
        return value
    raise bad(f'parameter "{name}" must be of type {kind}')


def _file(value: Any, given: dict[str, Any]) -> Any:
    if isinstance(value, str) and value.startswith("attach://"):
        value = given.get(value.removeprefix("attach://"))
        if not isinstance(value, Upload):
            raise bad("wrong file identifier/HTTP URL specified")
    return value


def _json(name: str, kind: str, value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise bad(f"can't parse {name} JSON object") from None
    if not isinstance(value, list if kind == "list" else dict):
        raise bad(f'parameter "{name}" must be of type {kind}')
    return _keyboard(value) if isinstance(value, dict) and kind == "keys" else value


def _keyboard(markup: dict[str, Any]) -> dict[str, Any]:
    rows = markup.get("inline_keyboard")
    if set(markup) != {"inline_keyboard"} or not isinstance(rows, list):
        raise bad("object expected as reply markup")
    buttons = [b for row in rows for b in row]
    if len(buttons) > 100 or any(len(row) > 8 for row in rows):
        raise bad("reply markup is too long")
    for button in buttons:
        _button(button)
    return markup


def _button(button: dict[str, Any]) -> None:
    words = "can't parse inline keyboard button: "
    if not isinstance(button.get("text"), str) or not button["text"].strip():
        raise bad(words + 'Field "text" must be of type String')
    unknown = set(button) - _BUTTON_FIELDS
    if unknown:
        raise bad(words + f"unknown field {', '.join(sorted(unknown))}")
    if len(BUTTON_KINDS & set(button)) != 1:
        raise bad(words + "Text buttons are unallowed in the inline keyboard")
    if button.get("style") not in (None, *_STYLES):
        raise bad(words + "invalid button style specified")
    data, url = button.get("callback_data"), button.get("url")
    if data is not None and not 1 <= len(str(data).encode()) <= 64:
        raise bad("BUTTON_DATA_INVALID")
    if url is not None and not re.match(r"(https?|tg)://[^\s/]+\.?[^\s]*$", url):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def text_of(given: dict[str, Any], name: str, most: int, too_long: str) -> dict[str, Any]:
    """``text``/``caption`` with its entities as a message has them."""
    source = given.get(name) or ""
    text, entities = parse_html(source) if given.get("parse_mode") else (source.strip(), [])
    if units(text) > most:
        raise bad(too_long)
    if not text:
        if name == "text":
            raise bad("message text is empty")
        return {}
    label = "entities" if name == "text" else "caption_entities"
    return {name: text, **({label: entities} if entities else {})}
