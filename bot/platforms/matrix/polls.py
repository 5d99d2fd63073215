"""Matrix's own polls as events (MSC3381, in the form that Element sends and shows).

Answers are called by their position. A client without polls shows the text that comes along.
"""

from __future__ import annotations

from typing import Any

MOST_OPTIONS = 20
"""Clients cut off what is beyond (MSC3381)."""

START = "org.matrix.msc3381.poll.start"
END = "org.matrix.msc3381.poll.end"
_RESPONSE = "org.matrix.msc3381.poll.response"
RESPONSES = (_RESPONSE, "m.poll.response")
"""Types of an answer: what clients send, and the name that was agreed for later."""

_TEXT = "org.matrix.msc1767.text"


def question(words: str, options: tuple[str, ...], *, several: bool) -> dict[str, Any]:
    """The content of a poll with known voters and a running total."""
    told = "\n".join((words, *(f"{n}. {option}" for n, option in enumerate(options, 1))))
    return {
        START: {
            "kind": "org.matrix.msc3381.poll.disclosed",
            "max_selections": len(options) if several else 1,
            "question": {_TEXT: words, "body": words, "msgtype": "m.text"},
            "answers": [{"id": str(n), _TEXT: option} for n, option in enumerate(options)],
        },
        _TEXT: told,
        "body": told,
        "m.mentions": {},
    }


def end(poll: str, words: str) -> dict[str, Any]:
    """The content that ends a poll; ``words`` are for clients without polls."""
    return {
        END: {},
        _TEXT: words,
        "body": words,
        "m.mentions": {},
        "m.relates_to": {"rel_type": "m.reference", "event_id": poll},
    }


def answered(content: dict[str, Any]) -> tuple[str, tuple[int, ...]] | None:
    """The poll that a response names and the chosen positions; none: it was taken back.

    None for a response that cannot be one to a poll of the bot's: such a one does not count.
    Raises AttributeError, TypeError for what is malformed.
    """
    relation = content.get("m.relates_to") or {}
    poll = relation.get("event_id")
    if relation.get("rel_type") != "m.reference" or not isinstance(poll, str):
        return None
    given = content.get("m.selections")
    if given is None:
        said: dict[str, Any] = next((content[name] for name in RESPONSES if name in content), {})
        given = said.get("answers", said.get("m.selections", []))
    ids = [id for id in given if isinstance(id, str) and id.isascii() and id.isdecimal()]
    if len(ids) != len(given) or any(len(id) > 2 for id in ids):
        return None
    return poll, tuple(dict.fromkeys(int(id) for id in ids))
