"""Writing the settings file: whole or not at all, and for its owner only."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HEAD = """\
# Einstellungen von GNK-Bot. Diese Datei enthält Zugänge: Nur ihr Besitzer darf sie lesen (600).
# Umgebungsvariablen gehen vor: GNK_DATABASE, GNK_TELEGRAM__TOKEN, GNK_MATRIX__ACCESS_TOKEN …
# Statt eines Zugangs kann eine Datei genannt werden, in der er steht: token_file = "/pfad".
"""


def toml(settings: Mapping[str, Any]) -> str:
    """The settings as the text of a file: plain values first, then a section for each part."""
    lines = [HEAD]
    lines += [_line(n, v) for n, v in settings.items() if not isinstance(v, Mapping)]
    for name, part in settings.items():
        if isinstance(part, Mapping):
            lines += ["", f"[{name}]", *(_line(n, v) for n, v in part.items())]
    return "\n".join(lines) + "\n"


def _line(name: str, value: str | int | list[str]) -> str:
    # JSON's text, numbers and lists are TOML's as well, once surrogates cannot occur.
    return f"{name} = {json.dumps(value, ensure_ascii=False)}"


def write_secretly(path: Path, text: str) -> None:
    """Write a file of mode 600; whatever happens, there is the old one or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(made, path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise
