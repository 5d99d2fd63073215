"""Cards as JSON and back, for the outbox."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from fractions import Fraction
from typing import Any, cast

from handlers.chat import (
    Argument,
    Button,
    Card,
    Join,
    LinkButton,
    Money,
    Picture,
    Text,
    Translated,
)
from handlers.router import pack, unpack
from handlers.tasks import TASKS, Task


def card_to_json(card: Card) -> dict[str, Any]:
    """The card as JSON."""
    made: dict[str, Any] = {
        "body": [_text(t) for t in card.body],
        "buttons": [[_button(b) for b in row] for row in card.buttons],
    }
    if card.picture is not None:
        png = base64.b64encode(card.picture.png).decode()
        made["picture"] = {"png": png, "alt": _text(card.picture.alt)}
    return made


def card_from_json(made: dict[str, Any]) -> Card:
    """The card that ``card_to_json`` wrote."""
    picture = made.get("picture")
    return Card(
        tuple(_read_text(t) for t in made["body"]),
        tuple(
            tuple(b for b in (_read_button(b) for b in row) if b is not None)
            for row in made["buttons"]
        ),
        Picture(base64.b64decode(picture["png"]), _read_text(picture["alt"])) if picture else None,
    )


def task_to_json(task: Task) -> dict[str, Any]:
    """A task as JSON: its kind and its fields."""
    return {"kind": type(task).__name__, "with": asdict(cast(Any, task))}


def task_from_json(made: dict[str, Any]) -> Task:
    """The task that ``task_to_json`` wrote; raises KeyError for one that is not known."""
    kind = {k.__name__: k for k in TASKS}[made["kind"]]
    given = {n: tuple(v) if isinstance(v, list) else v for n, v in made["with"].items()}
    return cast(Callable[..., Task], kind)(**given)


def text_to_json(text: Text) -> dict[str, Any]:
    """A single text as JSON."""
    return _text(text)


def text_from_json(made: dict[str, Any]) -> Text:
    """The text that ``text_to_json`` wrote."""
    return _read_text(made)


def _text(text: Text) -> dict[str, Any]:
    return {"m": text.message, "a": {name: _argument(v) for name, v in text.args.items()}}


def _argument(value: Argument) -> Any:
    match value:
        case bool() | int() | str():
            return value
        case Fraction():
            return {"fraction": [value.numerator, value.denominator]}
        case datetime():
            return {"moment": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case Translated():
            return {"words": dict(value.words)}
        case Money():
            return {"euros": value.euros}
        case Text():
            return {"text": _text(value)}
        case Join():
            return {"join": [_text(t) for t in value.parts], "by": value.by}
    raise TypeError(f"{type(value).__name__} cannot be an argument of a text")


def _read_text(made: dict[str, Any]) -> Text:
    return Text(made["m"], **{name: _read_argument(v) for name, v in made["a"].items()})


def _read_argument(made: Any) -> Argument:
    match made:
        case bool() | int() | str():
            return made
        case {"fraction": [int(above), int(below)]}:
            return Fraction(above, below)
        case {"moment": str(iso)}:
            return datetime.fromisoformat(iso)
        case {"date": str(iso)}:
            return date.fromisoformat(iso)
        case {"words": dict(words)}:
            return Translated(words)
        case {"euros": int(euros)}:
            return Money(euros)
        case {"text": dict(text)}:
            return _read_text(text)
        case {"join": list(parts), "by": str(by)}:
            return Join(tuple(_read_text(p) for p in parts), by)
    raise ValueError("an outbox row holds an argument that nobody wrote")


def _button(button: Button | LinkButton) -> dict[str, Any]:
    if isinstance(button, LinkButton):
        return {"label": _text(button.label), "url": button.url}
    return {
        "label": _text(button.label),
        "action": pack(button.action),
        "strong": button.strong,
        "mark": button.mark,
    }


def _read_button(made: dict[str, Any]) -> Button | LinkButton | None:
    label = _read_text(made["label"])
    if "url" in made:
        return LinkButton(label, made["url"])
    action = unpack(made["action"])
    # A row written by an older version may hold a button that no longer exists.
    return (
        None
        if action is None
        else Button(label, action, made.get("strong", False), made.get("mark", ""))
    )
