"""Telegram's own polls: sending, stopping, answering."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.platforms.botapi.refusal import bad
from tests.platforms.botapi.world import BOT_ID, Chat, Json, User, World


class Polls:
    """The methods for polls."""

    world: World
    _post: Callable[[Chat, Json, Json], Json]

    def _sendPoll(self, given: Json) -> Json:
        chat = self.world.chat_for(given["chat_id"])
        question = given["question"].strip()
        if not question:
            raise bad("poll question must be non-empty")
        if len(question) > 300:
            raise bad("poll question length must not exceed 300")
        if given.get("type", "regular") != "regular":
            raise bad("unsupported poll type specified")
        texts = _options(given["options"])
        number = str(5_200_000_000_000_000_000 + len(self.world.polls))
        options = [
            {"text": text, "voter_count": 0, "persistent_id": f"o{position}"}
            for position, text in enumerate(texts)
        ]
        poll = {
            "id": number,
            "question": question,
            "options": options,
            "total_voter_count": 0,
            "is_closed": given.get("is_closed", False),
            "is_anonymous": given.get("is_anonymous", True),
            "type": "regular",
            "allows_multiple_answers": given.get("allows_multiple_answers", False),
            "allows_revoting": given.get("allows_revoting", True),
            "members_only": False,
        }
        message = self._post(chat, given, {"poll": poll})
        self.world.polls[number] = chat, message["message_id"], {}
        return message

    def _stopPoll(self, given: Json) -> Json:
        chat = self.world.chat_for(given["chat_id"])
        message = chat.messages.get(given["message_id"])
        if message is None:
            raise bad("message with poll to stop not found")
        poll: Json | None = message.get("poll")
        if poll is None:
            raise bad("message is not a poll")
        if message["from"]["id"] != BOT_ID:
            raise bad("poll can't be stopped")
        if poll["is_closed"]:
            raise bad("poll has already been closed")
        poll["is_closed"] = True
        self.world.changed()
        self.world.happened("poll", poll)
        return poll


def _options(given: list[Any]) -> list[str]:
    texts = []
    for option in given:
        made = {"text": option} if isinstance(option, str) else option
        if not isinstance(made, dict) or set(made) != {"text"}:
            raise bad("can't parse options JSON object")
        texts.append(str(made["text"]).strip())
    if not texts:
        raise bad("poll must have at least one answer option")
    if len(texts) > 12:
        raise bad("poll can't have more than 12 options")
    if not all(texts):
        raise bad("text must be non-empty")
    if any(len(text) > 100 for text in texts):
        raise bad("poll options length must not exceed 100")
    if len(set(texts)) < len(texts):
        raise bad("POLL_OPTION_DUPLICATE")
    return texts


def vote(world: World, user: User, message: Json, chosen: list[int]) -> None:
    """Somebody answers a poll, or takes the answer back; what the app does not let do is refused.

    Raises AssertionError for that.
    """
    poll = message["poll"]
    chat, _, votes = world.polls[poll["id"]]
    assert chat.members.get(user.id) in ("creator", "administrator", "member"), "is not in it"
    assert not poll["is_closed"], "the poll is closed"
    assert len(chosen) <= 1 or poll["allows_multiple_answers"], "one answer only"
    assert poll["allows_revoting"] or user.id not in votes, "an answer is for good"
    assert all(0 <= position < len(poll["options"]) for position in chosen), "no such option"
    votes.pop(user.id, None)
    if chosen:
        votes[user.id] = sorted(set(chosen))
    for position, option in enumerate(poll["options"]):
        option["voter_count"] = sum(position in v for v in votes.values())
    poll["total_voter_count"] = len(votes)
    world.changed()
    if not poll["is_anonymous"]:
        ids = [poll["options"][position]["persistent_id"] for position in sorted(set(chosen))]
        answer = {"poll_id": poll["id"], "user": user.json(), "option_ids": sorted(set(chosen))}
        world.happened("poll_answer", {**answer, "option_persistent_ids": ids})
    world.happened("poll", poll)
