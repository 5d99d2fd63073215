"""A careful reader for YAML that somebody else wrote.

It takes the part of YAML 1.2 that settings need: mappings, lists, text, whole and decimal numbers,
true, false and null. `no`, `yes`, dates and times stay the text they look like.
"""

import re
from collections.abc import Iterator
from typing import TypeAlias

import yaml

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 20

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# A number with leading zeros is a post code or a telephone number.
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}")


class NotReadable(Exception):
    """Why a text is not acceptable YAML: one German sentence, with the line where there is one."""


def read_yaml(text: str) -> Value:
    """The one document in `text`.

    Raises NotReadable for more than MAX_BYTES, broken YAML, keys that appear twice, nesting beyond
    MAX_DEPTH, several documents, and for anchors, aliases and tags (none of which a list of
    members needs, and which can turn a small file into a huge one, or into code).
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise NotReadable(f"Die Datei ist größer als {MAX_BYTES // 1024 // 1024} MB.")
    try:
        return _document(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        line = f"Zeile {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise NotReadable(f"{line}Das ist kein gültiges YAML.") from error
    except yaml.YAMLError as error:  # a character that YAML does not allow; it has no line
        raise NotReadable("Die Datei enthält Zeichen, die in YAML nicht erlaubt sind.") from error


def _document(events: Iterator[yaml.Event]) -> Value:
    document: Value = None
    documents = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _refused(event, "Hier beginnt ein zweites Dokument; erlaubt ist eines.")
            document = _node(events, next(events), 1)
    if documents == 0:
        raise NotReadable("Die Datei ist leer.")
    return document


def _node(events: Iterator[yaml.Event], event: yaml.Event, depth: int) -> Value:
    if depth > MAX_DEPTH:
        raise _refused(event, f"Hier ist mehr als {MAX_DEPTH}-fach verschachtelt.")
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise _refused(event, "Anker und Verweise (& und *) sind nicht erlaubt.")
    if getattr(event, "tag", None):
        raise _refused(event, "Typangaben mit ! sind nicht erlaubt.")
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(events, depth)
    if isinstance(event, yaml.SequenceStartEvent):
        return _sequence(events, depth)
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event)
    raise _refused(event, "Das ist kein gültiges YAML.")


def _sequence(events: Iterator[yaml.Event], depth: int) -> list[Value]:
    found: list[Value] = []
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        found.append(_node(events, event, depth + 1))
    return found


def _mapping(events: Iterator[yaml.Event], depth: int) -> dict[str, Value]:
    found: dict[str, Value] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _key(event)
        if key in found:
            raise _refused(event, f"„{key}“ steht hier zweimal.")
        found[key] = _node(events, next(events), depth + 1)
    return found


def _key(event: yaml.Event) -> str:
    if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
        raise _refused(event, "Ein Feldname ist ein einfaches Wort.")
    return str(event.value)


def _scalar(event: yaml.ScalarEvent) -> Value:
    written = str(event.value)
    if not event.implicit[0]:  # quoted, or a block of text
        return written
    if written in _WORDS:
        return _WORDS[written]
    if _WHOLE.fullmatch(written):
        return int(written)
    if _DECIMAL.fullmatch(written):
        return float(written)
    return written


def _refused(event: yaml.Event, sentence: str) -> NotReadable:
    at = f"Zeile {event.start_mark.line + 1}: " if event.start_mark else ""
    return NotReadable(at + sentence)
