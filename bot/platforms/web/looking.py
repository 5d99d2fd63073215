"""What a person may see of the web chat. Synchronous: runs in a reading transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.drawing import Draw
from bot.platforms.web.checks import Refused
from bot.platforms.web.messages import DIRECT, Glance, authors, board_card, shown
from bot.text import Reader, chosen
from handlers.chat import Text
from storage import people, webchat
from storage.db import Tx
from storage.webchat import Line

BOT_NAME = "GNK-Bot"
PAGE = 50
"""Messages of one page."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A command to be suggested: its word without the sign, what it does, other words for it."""

    name: str
    hint: str
    also: tuple[str, ...] = ()


Commands = Callable[[Tx, str, Reader], Sequence[Hint]]
"""``commands(tx, account, reader)``: what the person may be offered."""


@dataclass(frozen=True, slots=True)
class Around:
    """Where a person stands: language, zone and the places open to them today."""

    who: str
    name: str
    reader: Reader
    municipality_id: int | None
    channels: tuple[tuple[str, str], ...]
    """Place and title of each."""

    @property
    def places(self) -> tuple[str, ...]:
        """All places, the direct chat first."""
        return (self.who, *(place for place, _ in self.channels))

    def place(self, named: str) -> str:
        """The place that the page names; refused where it is not open to the person."""
        if named == DIRECT:
            return self.who
        if named not in self.places[1:]:
            raise Refused(403, Text("web.not_yours"))
        return named


@dataclass(frozen=True, slots=True)
class News:
    """What a page is told next. ``last`` is the number of the newest change in it."""

    around: Around
    messages: list[tuple[int, dict[str, Any]]]
    """Each with the number of its change."""
    last: int


class Looking:
    """Questions of the web chat's pages."""

    def __init__(self, draw: Draw, clock: Callable[[], datetime], commands: Commands) -> None:
        self.draw, self.clock, self.commands = draw, clock, commands

    def around(self, tx: Tx, who: str) -> Around:
        """Where the person behind an account stands (a stranger has the direct chat only)."""
        known = people.behind(tx, webchat.PLATFORM, who, None)
        if known is None:
            return Around(who, "", Reader("de", ZoneInfo("Europe/Berlin")), None, ())
        language = known.person.language
        zone = ZoneInfo(known.municipality.timezone)
        today = self.clock().astimezone(zone).date()
        channels = tuple(
            (channel.external_id, chosen(channel.title, language))
            for channel in webchat.channels_of(tx, who, today)
        )
        name = chosen(known.person.name, language)
        return Around(who, name, Reader(language, zone), known.municipality.id, channels)

    def places(self, tx: Tx, who: str) -> dict[str, Any]:
        """The answer to ``GET …/places``."""
        around = self.around(tx, who)
        direct = {"id": DIRECT, "kind": "direct", "title": BOT_NAME}
        channels = [{"id": p, "kind": "channel", "title": t} for p, t in around.channels]
        return {
            "name": around.name,
            "language": around.reader.language,
            "timezone": around.reader.zone.key,
            "places": [direct, *channels],
            "commands": [
                {"name": h.name, "hint": h.hint, "also": list(h.also)}
                for h in self.commands(tx, who, around.reader)
            ],
        }

    def page(
        self, tx: Tx, who: str, address: str, named: str, before: int | None
    ) -> dict[str, Any]:
        """The answer to ``GET …/messages``; the first page brings what is pinned above it."""
        around = self.around(tx, who)
        place = around.place(named)
        lines = webchat.page(tx, place, before, PAGE + 1)
        more, lines = len(lines) > PAGE, lines[-PAGE:]
        answer: dict[str, Any] = {
            "messages": self._shown(tx, lines, around, address),
            "more": more,
        }
        if before is None:
            known = {line.id for line in lines}
            above = [line for line in webchat.pinned(tx, place) if line.id not in known]
            answer["pinned"] = self._shown(tx, above, around, address)
        return answer

    def news(self, tx: Tx, who: str, address: str, since: int | None) -> News:
        """What changed after number ``since`` (None: nothing but the number to start from)."""
        around = self.around(tx, who)
        newest = webchat.last_change(tx)
        if since is None or since > newest:
            # A number that was never given out is of an earlier database (a demo begun afresh).
            return News(around, [], newest)
        lines = webchat.changes(tx, around.places, since, PAGE)
        messages = self._shown(tx, lines, around, address)
        numbered = [(line.version, made) for line, made in zip(lines, messages, strict=True)]
        return News(around, numbered, lines[-1].version if lines else since)

    def message(self, tx: Tx, who: str, id: int) -> tuple[Around, Line]:
        """A message that the person may see; refused in the same words if there is none."""
        around = self.around(tx, who)
        line = webchat.line(tx, id)
        if line is None or line.place not in around.places:
            raise Refused(404, Text("web.not_found"))
        return around, line

    def file(self, tx: Tx, who: str, id: int) -> tuple[dict[str, str] | None, bytes]:
        """Name and type of a message's file (None: it is a picture, in PNG) and its bytes."""
        around, line = self.message(tx, who, id)
        if "board" in line.content:
            card = board_card(tx, line, self._glance(around, ""))
            if card is None or card.picture is None:
                raise Refused(404, Text("web.not_found"))
            return None, card.picture.png
        data = webchat.data_of(tx, id)
        if data is None:
            raise Refused(404, Text("web.not_found"))
        return line.content.get("file"), data

    def _shown(
        self, tx: Tx, lines: Sequence[Line], around: Around, address: str
    ) -> list[dict[str, Any]]:
        names = webchat.names_of(tx, authors(lines))
        glance = self._glance(around, address)
        return [shown(tx, line, glance, names) for line in lines]

    def _glance(self, around: Around, address: str) -> Glance:
        return Glance(around.who, address, around.reader, self.draw)
