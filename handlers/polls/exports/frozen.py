"""Everything that is frozen of a result, as JSON, with what its check sum is taken over. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from handlers.polls.exports.content import Frame
from handlers.polls.facts import ResultFacts, Words

FORMAT = "gnk-bot-result/1"


def digest(poll: int, title: Words, result: Mapping[str, Any]) -> str:
    """The check sum of a result: SHA-256 in 64 hexadecimal digits.

    It is taken over the UTF-8 of ``[poll, title, result]`` as JSON: keys sorted, ``", "`` and
    ``": "`` as separators, nothing escaped that JSON allows as it is. ``result`` is without its
    own ``digest``.
    """
    bare = {name: value for name, value in result.items() if name != "digest"}
    written = json.dumps([poll, title, bare], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


def document(facts: ResultFacts, frame: Frame) -> bytes:
    """The stored result with the names of its options; indented, UTF-8.

    ``[poll, title, result]`` of it give ``digest`` again (``docs/result-files.md``).
    """
    stored = {name: value for name, value in frame.stored.items() if name != "digest"}
    whole = {
        "format": FORMAT,
        "municipality": frame.town,
        "poll": facts.poll,
        "title": dict(facts.title),
        "options": [
            {"id": o.id, "label": dict(o.label), "code": o.code, "cost": o.cost}
            for o in facts.options
        ],
        "result": stored,
        "digest": facts.digest,
    }
    later = {name: facts.notes[name] for name in ("void", "corrections") if name in facts.notes}
    if later:
        whole["afterwards"] = later
    return (json.dumps(whole, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()
