"""The places of a counted result: as it is frozen, and as it is printed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from handlers.chat import Join, Text
from handlers.polls.rules import Ranked

MOST_PLACES = 20
"""Places in the text of a result, so that it fits into one message everywhere."""

Place = Mapping[str, Any]
"""A frozen place: ``option``, ``rank`` (0 without one), ``shared``, and what the method counts."""


def place(ranked: Ranked, /, **counted: Any) -> dict[str, Any]:
    """A place as a result freezes it (JSON), with what the method counted."""
    return {
        "option": ranked.count.option,
        "rank": ranked.rank,
        "shared": ranked.shared,
        **counted,
    }


def unranked(option: int, /, **counted: Any) -> dict[str, Any]:
    """An option without a place: nobody said anything on it, or nobody voted."""
    return {"option": option, "rank": 0, "shared": False, **counted}


def rank_label(place: Place) -> str:
    """``1.`` – or ``1.=`` where the place is shared; nothing without a place."""
    if not place["rank"]:
        return ""
    return f"{place['rank']}.=" if place["shared"] else f"{place['rank']}."


def lines(places: Sequence[Place], line: Callable[[Place], Text]) -> tuple[Text, ...]:
    """The places of a result's text, the first of very many, and what ``2.=`` means."""
    said = []
    if any(p["shared"] for p in places):
        said.append(Text("polls.shared_rank"))
    said.append(Text("polls.places", lines=Join(tuple(line(p) for p in places[:MOST_PLACES]))))
    if len(places) > MOST_PLACES:
        said.append(Text("polls.more_places", n=len(places) - MOST_PLACES))
    return tuple(said)


def in_short(lines: Sequence[Text], most: int = MOST_PLACES) -> tuple[Text, ...]:
    """The first lines of a long list, and how many more there are."""
    if len(lines) <= most:
        return tuple(lines)
    return (*lines[:most], Text("polls.more_options", n=len(lines) - most))


def whole_percent(part: int, whole: int) -> int:
    """A share in whole per cent, half up; for display only."""
    return 0 if whole == 0 else (200 * part + whole) // (2 * whole)
