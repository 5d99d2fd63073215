"""Everything about a person as a page to read and as JSON. Pure: rows in, bytes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any

from handlers.chat import Text, Translated, plain

FIELDS = {
    "account": "privacy.field_account",
    "action": "privacy.field_action",
    "at": "privacy.field_at",
    "body": "privacy.field_body",
    "buttons": "privacy.field_buttons",
    "by_me": "privacy.field_by_me",
    "channel": "privacy.field_channel",
    "details": "privacy.field_details",
    "given": "privacy.field_given",
    "in_channel": "privacy.field_in_channel",
    "institution": "privacy.field_institution",
    "key": "privacy.field_key",
    "kind": "privacy.field_kind",
    "language": "privacy.field_language",
    "name": "privacy.field_name",
    "number": "privacy.field_number",
    "option": "privacy.field_option",
    "place": "privacy.field_place",
    "platform": "privacy.field_platform",
    "poll": "privacy.field_poll",
    "poll_state": "privacy.field_state",
    "position": "privacy.field_position",
    "reachable": "privacy.field_reachable",
    "revoked_at": "privacy.field_revoked_at",
    "role": "privacy.field_role",
    "seat": "privacy.field_seat",
    "secrecy": "privacy.field_secrecy",
    "since": "privacy.field_since",
    "state": "privacy.field_state",
    "text": "privacy.field_text",
    "until": "privacy.field_until",
    "used_at": "privacy.field_used_at",
    "version": "privacy.field_version",
    "voted": "privacy.field_voted",
    "voted_by_me": "privacy.field_voted_by_me",
}
"""What each field of a row is called."""

VALUES = {
    ("role", "member"): "privacy.role_member",
    ("role", "deputy"): "privacy.role_deputy",
    ("role", "adviser"): "privacy.role_adviser",
    ("role", "facilitator"): "privacy.role_facilitator",
    ("role", "guest"): "privacy.role_guest",
    ("role", "recorded"): "privacy.role_recorded",
    ("role", "confirmed"): "privacy.role_confirmed",
    ("role", "recorded_for_me"): "privacy.role_recorded_for_me",
    ("secrecy", "open"): "privacy.secrecy_open",
    ("secrecy", "roll_call"): "privacy.secrecy_roll_call",
    ("secrecy", "secret"): "privacy.secrecy_secret",
    ("poll_state", "open"): "privacy.poll_running",
    ("poll_state", "closed"): "privacy.poll_closed",
    ("poll_state", "withdrawn"): "privacy.poll_withdrawn",
    ("in_channel", "joined"): "privacy.channel_joined",
    ("in_channel", "invited"): "privacy.channel_invited",
    ("in_channel", "asked"): "privacy.channel_asked",
    ("in_channel", "left"): "privacy.channel_left",
    ("in_channel", "wanted"): "privacy.channel_wanted",
    ("in_channel", "leaving"): "privacy.channel_leaving",
    ("in_channel", "failed"): "privacy.channel_failed",
    ("state", "queued"): "privacy.state_waiting",
    ("state", "sending"): "privacy.state_waiting",
    ("state", "sent"): "privacy.state_sent",
    ("state", "failed"): "privacy.state_failed",
    ("state", "unknown"): "privacy.state_unknown",
}
"""Words of the machine that a reader would not know."""

Row = Mapping[str, Any]
Say = Callable[[Text], str]

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;"
    "color:#1a1a1a;background:#fff}h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem}"
    "div{overflow-x:auto}table{border-collapse:collapse}th,td{text-align:left;"
    "vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #767676}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#1a1a1a}}"
)


@dataclass(frozen=True, slots=True)
class Section:
    """One table's part."""

    table: str
    title: Text
    note: Text | None
    rows: Sequence[Row]


def as_json(sections: Sequence[Section], town: str, at: datetime) -> bytes:
    """All of it for machines: table to rows, times as ISO 8601 in UTC."""
    made = {
        "municipality": town,
        "made_at": at.isoformat(),
        "tables": {s.table: list(s.rows) for s in sections},
    }
    return json.dumps(made, ensure_ascii=False, indent=2, default=_iso).encode()


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in the file")


def page(sections: Sequence[Section], words: Say, town: str, at: datetime, language: str) -> bytes:
    """All of it for reading: one HTML page that loads nothing from elsewhere."""
    title = words(Text("privacy.file_title"))
    intro = words(Text("privacy.file_intro", town=town, at=at))
    full = [s for s in sections if s.rows]
    empty = ", ".join(words(s.title) for s in sections if not s.rows)
    parts = [f"<h1>{escape(title)}</h1>", _paragraphs(intro)]
    parts += [_section(s, words) for s in full]
    if empty:
        parts.append(_paragraphs(words(Text("privacy.file_empty", parts=empty))))
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    )
    code = "en" if language == "en" else "de"
    body = "\n".join(parts)
    made = f'<html lang="{code}"><head>{head}</head><body>{body}</body></html>'
    return f"<!doctype html>\n{made}\n".encode()


def _section(section: Section, words: Say) -> str:
    names = list(dict.fromkeys(name for row in section.rows for name in row))
    head = "".join(f'<th scope="col">{escape(words(Text(FIELDS[n])))}</th>' for n in names)
    lines = [
        "<tr>" + "".join(f"<td>{_cell(n, row.get(n), words)}</td>" for n in names) + "</tr>"
        for row in section.rows
    ]
    note = _paragraphs(words(section.note)) if section.note else ""
    table = f"<div><table><tr>{head}</tr>\n" + "\n".join(lines) + "</table></div>"
    return f"<h2>{escape(words(section.title))}</h2>{note}{table}"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))


def _cell(name: str, value: Any, words: Say) -> str:
    return escape(words(_said(name, value))).replace("\n", "<br>")


def _said(name: str, value: Any) -> Text:
    match value:
        case None | "" | []:
            return plain("–")
        case bool():
            return Text("privacy.yes") if value else Text("privacy.no")
        case int() if name == "position":
            return Text("privacy.holder") if value == 0 else Text("privacy.nth_deputy", n=value)
        case int():
            return plain(str(value))
        case str():
            known = VALUES.get((name, value))
            return Text(known) if known else plain(value)
        case datetime():
            return Text("privacy.moment", at=value)
        case date():
            return Text("privacy.day", day=value)
        case dict() if "de" in value:
            return plain(Translated(value))
        case list() if all(isinstance(part, str) for part in value):
            return plain(", ".join(value))
    return plain(json.dumps(value, ensure_ascii=False, default=_iso))
