"""A line of the roster as plain data: what stands in a spreadsheet and in the audit log.

Knows no table, so that rules and documents may know it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

BODIES = ("coordination", "core_team", "steering_group")
"""Each is contained in the one behind it."""


@dataclass(frozen=True, slots=True)
class Member:
    """A line of the roster. ``name`` and ``institution`` are in the town's own language."""

    key: str
    name: str
    institution: str = ""
    group: str = ""
    """The institution's interest group."""
    bodies: tuple[str, ...] = ()
    """Kinds of body, the innermost first; none: taken out again, only the name is kept."""
    role: str = "member"
    """``member`` (with a seat) | ``voteless`` | ``deputy`` | ``adviser`` | ``facilitator`` |
    ``guest``."""
    deputy_of: str = ""
    """The key of the member for whom this person stands in."""
    rank: int = 0
    """The place among that member's deputies, from 1; 0: the last one."""
    language: str = "de"
    start: date | None = None
    end: date | None = None

    def belongs(self, today: date) -> bool:
        """Whether the membership is not over (it may lie ahead)."""
        return bool(self.bodies) and (self.end is None or self.end >= today)

    def as_json(self) -> dict[str, Any]:
        """For dialogs and the audit log."""
        made = asdict(self)
        return {
            **made,
            "bodies": list(self.bodies),
            "start": self.start and self.start.isoformat(),
            "end": self.end and self.end.isoformat(),
        }

    @classmethod
    def of_json(cls, made: Mapping[str, Any]) -> Member:
        """What ``as_json`` made."""
        start, end = made["start"], made["end"]
        return cls(
            **{
                **made,
                "bodies": tuple(made["bodies"]),
                "start": date.fromisoformat(start) if start else None,
                "end": date.fromisoformat(end) if end else None,
            }
        )


Change = tuple[Member | None, Member | None]
"""A line before and after; None: there was none, or there is to be none any more."""


_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def slug(words: str) -> str:
    """A key made of words: „Vertretung Sportverein“ becomes ``vertretung-sportverein``."""
    made = "".join(c if c.isascii() and c.isalnum() else " " for c in _plain(words))
    return "-".join(made.split())[:34].strip("-") or "person"


def _plain(words: str) -> str:
    return words.casefold().translate(_LETTERS)


def free_key(wanted: str, taken: Iterable[str]) -> str:
    """The key, or the first of ``key-2``, ``key-3`` … that is not taken."""
    taken = set(taken)
    number, key = 1, wanted[:40]
    while key in taken:
        number += 1
        key = f"{wanted[:34]}-{number}"
    return key
