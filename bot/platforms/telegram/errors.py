"""What Telegram's refusals and broken connections mean for a delivery.

Reasons are kept in the outbox and shown by ``doctor``: they name the kind of refusal, and nothing
of what was written (Telegram quotes some of it where markup is wrong).
"""

from __future__ import annotations

import logging
from datetime import timedelta

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.platforms import Failed, Moved, Outcome, Retry, Unknown
from bot.platforms.telegram.requests import NEVER_SENT

log = logging.getLogger(__name__)

NOT_MODIFIED = "message is not modified"
NO_TEXT = "there is no text in the message to edit"
OLD_QUERY = "query is too old"

_CHAT_GONE = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "group chat was deactivated",
    "chat_id is empty",
)
_MESSAGE_GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message to be replied not found",
)
TOPIC_GONE = ("topic_closed", "topic_deleted", "message thread not found", "topic_id_invalid")

NO_RIGHT = (
    "not enough rights",
    "chat_admin_required",
    "user is an administrator of the chat",
    "user_admin_invalid",
    "need to be inviter of a user",
    "only the creator of a basic group",
    "need administrator rights",
    "have no rights",
    "chat_write_forbidden",
)
"""The bot is no administrator, or one without this right, or one of no higher rank."""

_NOBODY = (
    "user not found",
    "member not found",
    "invalid user_id specified",
    "user_id_invalid",
    "participant_id_invalid",
    "peer_id_invalid",
    "user is deactivated",
    "input_user_deactivated",
)
_NEVER = (
    "chat_creator_required",
    "can't remove chat owner",
    "user_not_participant",
    "the chat is not a forum",
)
"""What no right would help against: nothing that an operator could mend."""

_TASK_GONE = (*_CHAT_GONE, "message with poll to stop not found", "message_id_invalid")

SOON = timedelta(seconds=5)
LATER = timedelta(minutes=5)


def says(error: TelegramError, *words: str) -> bool:
    """Whether a refusal is one of these, by Telegram's own words for it."""
    return isinstance(error, BadRequest) and any(w in error.message.casefold() for w in words)


def never_sent(error: TelegramError) -> bool:
    """Whether a call broke before a byte of it reached Telegram.

    PTB hides the difference in ``TimedOut`` and ``NetworkError``; their cause is aiohttp's own.
    """
    return isinstance(error, NetworkError) and isinstance(error.__cause__, NEVER_SENT)


def seconds_of(error: RetryAfter) -> float:
    """How long Telegram wants to be left alone."""
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else float(after)


def described(error: TelegramError) -> str:
    """The kind of an error, without anything that people wrote."""
    if isinstance(error, BadRequest | Forbidden):
        return error.message.partition(":")[0][:80]
    cause = type(error.__cause__).__name__ if error.__cause__ is not None else ""
    return f"{type(error).__name__} {cause}".strip()


def later(seconds: float) -> Retry:
    """Put off, as Telegram's limits do not allow it now."""
    return Retry(timedelta(seconds=seconds), "Telegram's limits")


def nobody(error: TelegramError) -> bool:
    """Whether Telegram knows no such account (any more), or not in connection with the bot."""
    return isinstance(error, BadRequest | Forbidden) and any(
        words in error.message.casefold() for words in _NOBODY
    )


def task_outcome_of(error: TelegramError, right: str, *, repeatable: bool) -> Outcome:
    """What became of a task: refusals are words (``handlers.chat.Task``), never prose.

    ``right`` is what the bot lacks if it may not do it. A missing right is a 400, not a 403: the
    latter says that the bot is not in the chat.
    """
    if nobody(error):
        return Failed("unknown_account")
    if says(error, *NO_RIGHT):
        return Failed(f"no_right:{right}")
    if isinstance(error, Forbidden) or says(error, *_TASK_GONE):
        return Failed("not_there", gone=True)
    if isinstance(error, BadRequest):
        if not says(error, *_NEVER):
            log.warning("Telegram refused a task: %s", described(error))
        return Failed("not_possible")
    return outcome_of(error, repeatable=repeatable)


def outcome_of(error: TelegramError, *, repeatable: bool) -> Outcome:
    """What became of a call that raised ``error``. ``repeatable``: doing it twice does no harm."""
    reason = described(error)
    match error:
        case RetryAfter():
            return Retry(timedelta(seconds=seconds_of(error)), "429")
        case ChatMigrated():
            return Moved(str(error.new_chat_id))
        case Forbidden():
            return Failed(reason, gone=True)
        case BadRequest():
            return Failed(reason, gone=says(error, *_CHAT_GONE, *_MESSAGE_GONE))
        case InvalidToken():
            # Revoked or mistyped: refused at the door, and it may be mended while we run.
            return Retry(LATER, "the token is not accepted")
    if never_sent(error):
        return Retry(SOON, reason)
    # From here on Telegram may have done it: no answer in time, a broken connection, an answer
    # that cannot be read, a 5xx from Telegram's side or from a gateway in between.
    return Retry(SOON, reason) if repeatable else Unknown(reason)
