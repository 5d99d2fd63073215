"""What pydantic found, said in German: one sentence an error, beginning with the place."""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

MAX_SENTENCES = 100
_SHOWN = 60

_SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "missing": lambda _: "Das fehlt.",
    "extra_forbidden": lambda _: "Dieses Feld gibt es nicht.",
    "string_type": lambda _: "Hier gehört Text hin.",
    "string_unicode": lambda _: "Der Text enthält ein Zeichen, das es nicht gibt.",
    "string_too_short": lambda _: "Der Text darf nicht leer sein.",
    "string_too_long": lambda of: f"Der Text ist länger als {of['max_length']} Zeichen.",
    "too_short": lambda _: "Hier gehört mindestens ein Eintrag hin.",
    "int_type": lambda _: "Hier gehört eine ganze Zahl hin, ohne Punkt und Komma.",
    "float_type": lambda _: "Hier gehört eine Zahl hin, mit Punkt statt Komma.",
    "bool_type": lambda _: "Hier gehört true oder false hin.",
    "list_type": lambda _: "Hier gehört eine Liste hin.",
    "model_type": lambda _: "Hier gehören Felder hin, jedes als „name: wert“.",
    "date_type": lambda _: "Hier gehört ein Tag hin, wie 2027-03-26.",
    "greater_than_equal": lambda of: f"Erlaubt ist mindestens {of['ge']}.",
    "less_than_equal": lambda of: f"Erlaubt ist höchstens {of['le']}.",
}


def german_sentences(invalid: ValidationError) -> list[str]:
    """One sentence for each error, in the order of the file's fields."""
    sentences: list[str] = []
    for error in invalid.errors(include_url=False):
        if error["type"] == "value_error" and not error["loc"]:
            sentences += str(error["ctx"]["error"]).splitlines()
        else:
            sentences.append(_sentence(error))
    # A number of two allowed kinds is reported once for each kind.
    return list(dict.fromkeys(sentences))


def path(place: tuple[int | str, ...]) -> str:
    """`("people", 3, "name", "de")` as `people[3].name.de`."""
    written = ""
    for step in place:
        if isinstance(step, int):
            written += f"[{step}]"
        elif step not in {"int", "float"}:
            written += f".{_short(step)}" if written else _short(step)
    return written or "Datei"


def _sentence(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "value_error":
            what = str(context["error"])
        case "literal_error":
            allowed = str(context["expected"]).replace("'", "").replace(" or ", " oder ")
            what = f"„{_short(error['input'])}“ geht hier nicht; erlaubt: {allowed}."
        case "string_pattern_mismatch":
            what = f"„{_short(error['input'])}“ hat nicht die erwartete Form."
        case kind if kind in _SENTENCES:
            what = _SENTENCES[kind](context)
        case _:
            what = f"„{_short(error['input'])}“ passt hier nicht."
    if error["type"] in {"int_type", "float_type"} and _is_number(error["loc"]):
        what = _SENTENCES["float_type"](context)
    return f"{path(error['loc'])}: {what}"


def _is_number(place: tuple[int | str, ...]) -> bool:
    return bool(place) and place[-1] in {"int", "float"}


def _short(value: object) -> str:
    shown = " ".join(str(value).encode("utf-8", "replace").decode().split())
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
