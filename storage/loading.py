"""Writing a municipality as its file describes it: added, changed or ended, never deleted.

Rows are found by their key. What the file no longer names keeps its history: a membership ends
yesterday, a seat loses its right to vote, a web channel gets nothing more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import delete, select, update
from sqlmodel import SQLModel

from storage.db import Tx
from storage.models import (
    Account,
    Body,
    Channel,
    FieldOfAction,
    Institution,
    Measure,
    Membership,
    Municipality,
    Person,
    Seat,
    SeatFiller,
)
from storage.webchat import CHANNEL_ID, PLATFORM

Words = dict[str, str]

Row = TypeVar("Row", bound=SQLModel)

_channel: Any = Channel.__table__  # type: ignore[attr-defined]
_person: Any = Person.__table__  # type: ignore[attr-defined]
_seat: Any = Seat.__table__  # type: ignore[attr-defined]
_filler: Any = SeatFiller.__table__  # type: ignore[attr-defined]
_membership: Any = Membership.__table__  # type: ignore[attr-defined]

_WEB_CHANNELS = "web_channels"
"""In ``municipality.settings``: a channel's key in the file to its id in the web chat."""


class AnotherTown(Exception):
    """The short name belongs to a municipality of another name with none of these people."""

    def __init__(self, slug: str, name: str) -> None:
        self.slug, self.name = slug, name
        super().__init__(slug)


@dataclass
class Changes:
    """How many rows of a kind were added, changed, ended."""

    added: int = 0
    changed: int = 0
    ended: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.ended)


@dataclass(frozen=True)
class Belonging:
    """A membership as the file has it; both days included."""

    body: str
    person: str
    role: str
    start: date | None
    end: date | None


class Loading:
    """One municipality being written, within one transaction. ``counts`` says what changed."""

    def __init__(self, tx: Tx, now: datetime) -> None:
        self.tx, self.now = tx, now
        self.counts: dict[str, Changes] = defaultdict(Changes)
        self.town: Municipality
        self._bodies: dict[str, int] = {}
        self._institutions: dict[str, int] = {}
        self._people: dict[str, int] = {}
        self._fields: dict[str, int] = {}

    def municipality(
        self,
        slug: str,
        values: Mapping[str, Any],
        settings: Mapping[str, Any],
        people: Sequence[str],
    ) -> Municipality:
        """The municipality itself; settings that the file does not know are left as they are.

        Raises AnotherTown where ``slug`` stands for one of another name without these people.
        """
        found = self._find(Municipality, {"slug": slug})
        if found is not None:
            if found.name != values["name"] and not self._knows_any(found.id, people):
                raise AnotherTown(slug, found.name)
            settings = {**found.settings, **settings}
        self.town = self._keep(
            "municipality", Municipality, {"slug": slug}, {**values, "settings": dict(settings)}
        )
        return self.town

    def body(self, kind: str, name: Words) -> None:
        """Coordination, core team or steering group."""
        self._bodies[kind] = self._keep("bodies", Body, self._of(kind=kind), {"name": name}).id

    def institution(self, key: str, name: Words, interest_group: str) -> None:
        """Whom somebody speaks for."""
        values = {"name": name, "interest_group": interest_group}
        self._institutions[key] = self._keep(
            "institutions", Institution, self._of(key=key), values
        ).id

    def person(self, key: str, name: Words, institution: str | None, language: str) -> int:
        """A person; the language that they chose in the chat since is theirs to keep."""
        values = {"name": name, "institution_id": self._institution(institution)}
        row = self._keep("people", Person, self._of(key=key), values, {"language": language})
        self._people[key] = row.id
        return row.id

    def memberships(self, belongings: Sequence[Belonging]) -> None:
        """Who belongs to which body; those of the file's people that it does not name end."""
        named = set()
        for b in belongings:
            by = self._of(body_id=self._bodies[b.body], person_id=self._people[b.person])
            values = {"role": b.role, "start_date": b.start, "end_date": b.end}
            named.add(self._keep("memberships", Membership, by, values).id)
        yesterday = self.now.date() - timedelta(days=1)
        self._end(
            "memberships",
            _membership,
            named,
            {"end_date": yesterday},
            (_membership.c.end_date.is_(None)) | (_membership.c.end_date > yesterday),
        )

    def seat(
        self,
        key: str,
        body: str,
        institution: str | None,
        name: Words,
        voting: bool,
        fillers: Sequence[str],
    ) -> int:
        """A right to vote with who may fill it: the holder, then the deputies in order."""
        values = {
            "body_id": self._bodies[body],
            "institution_id": self._institution(institution),
            "name": name,
            "voting_right": voting,
        }
        seat = self._keep("seats", Seat, self._of(key=key), values)
        self._fill(seat.id, [self._people[person] for person in fillers])
        return seat.id

    def no_other_seats(self, kept: Collection[int]) -> None:
        """Seats that the file no longer names lose the right to vote."""
        self._end("seats", _seat, kept, {"voting_right": False}, _seat.c.voting_right.is_(True))

    def field_of_action(self, code: str, title: Words, position: int) -> None:
        """A field of action."""
        values = {"title": title, "position": position}
        row = self._keep("fields_of_action", FieldOfAction, self._of(code=code), values)
        self._fields[code] = row.id

    def measure(self, code: str, field: str, values: Mapping[str, Any]) -> None:
        """A measure of a field."""
        values = {**values, "field_id": self._fields[field]}
        self._keep("measures", Measure, self._of(code=code), values)

    def web_channels(self, channels: Sequence[tuple[str, str, Words, str]]) -> None:
        """The web chat's channels: key, body, title, confidentiality. Others of the town end."""
        numbers: Words = dict(self.town.settings.get(_WEB_CHANNELS, {}))
        for key, *_ in channels:
            numbers.setdefault(key, self._free_channel(numbers.values()))
        kept = set()
        for key, body, title, confidentiality in channels:
            by = self._of(platform=PLATFORM, external_id=numbers[key])
            values = {
                "body_id": self._bodies[body],
                "title": title,
                "confidentiality": confidentiality,
                "lost_at": None,
            }
            kept.add(self._keep("channels", Channel, by, values, {"bound_at": self.now}).id)
        if numbers != self.town.settings.get(_WEB_CHANNELS, {}):
            self.town.settings = {**self.town.settings, _WEB_CHANNELS: numbers}
        self._end(
            "channels",
            _channel,
            kept,
            {"lost_at": self.now},
            (_channel.c.platform == PLATFORM) & (_channel.c.lost_at.is_(None)),
        )

    # --- rows -------------------------------------------------------------------------------

    def _of(self, **by: Any) -> dict[str, Any]:
        return {"municipality_id": self.town.id, **by}

    def _institution(self, key: str | None) -> int | None:
        return None if key is None else self._institutions[key]

    def _find(self, kind: type[Row], by: Mapping[str, Any]) -> Row | None:
        return self.tx.execute(select(kind).filter_by(**by)).scalar_one_or_none()

    def _keep(
        self,
        what: str,
        kind: type[Row],
        by: Mapping[str, Any],
        values: Mapping[str, Any],
        at_first: Mapping[str, Any] | None = None,
    ) -> Row:
        """The row with these keys, with these values; ``at_first`` holds only for a new one."""
        row = self._find(kind, by)
        if row is None:
            row = kind(**by, **values, **(at_first or {}))
            self.tx.add(row)
            self.tx.flush()
            self.counts[what].added += 1
            return row
        different = {name: v for name, v in values.items() if getattr(row, name) != v}
        for name, value in different.items():
            setattr(row, name, value)
        self.counts[what].changed += bool(different)
        return row

    def _end(
        self, what: str, table: Any, kept: Collection[int], values: Mapping[str, Any], still: Any
    ) -> None:
        """End the town's rows of a table that are not among ``kept`` and not ended yet."""
        ended = self.tx.execute(
            update(table)
            .where(table.c.municipality_id == self.town.id, table.c.id.not_in(kept), still)
            .values(**values)
        )
        self.counts[what].ended += ended.rowcount  # type: ignore[attr-defined]

    def _fill(self, seat_id: int, people: Sequence[int]) -> None:
        standing = self.tx.execute(
            select(_filler.c.person_id)
            .where(_filler.c.seat_id == seat_id)
            .order_by(_filler.c.position)
        ).scalars()
        before = list(standing)
        if before == list(people):
            return
        self.tx.execute(delete(SeatFiller).where(_filler.c.seat_id == seat_id))
        for position, person_id in enumerate(people):
            self.tx.add(
                SeatFiller(
                    seat_id=seat_id,
                    person_id=person_id,
                    municipality_id=self.town.id,
                    position=position,
                )
            )
        self.tx.flush()
        count = self.counts["seat_fillers"]
        gone, new = set(before) - set(people), set(people) - set(before)
        count.added += len(new)
        count.ended += len(gone)
        count.changed += not (gone or new)

    def _knows_any(self, municipality_id: int, people: Sequence[str]) -> bool:
        known = select(_person.c.id).where(
            _person.c.municipality_id == municipality_id, _person.c.key.in_(people)
        )
        return self.tx.execute(known.limit(1)).first() is not None

    def _free_channel(self, taken: Collection[str]) -> str:
        stored = self.tx.execute(
            select(_channel.c.external_id).where(_channel.c.platform == PLATFORM)
        ).scalars()
        used = [int(name[1:]) for name in (*stored, *taken) if CHANNEL_ID.fullmatch(name)]
        return f"c{max(used, default=0) + 1}"


def web_account(tx: Tx, person_id: int, external_id: str, now: datetime) -> None:
    """Link a person to an account of the web chat, reachable at once (the demo's people)."""
    person = tx.get_one(Person, person_id)
    known = tx.execute(
        select(Account).filter_by(
            platform=PLATFORM, external_id=external_id, municipality_id=person.municipality_id
        )
    ).scalar_one_or_none()
    if known is None:
        tx.add(
            Account(
                municipality_id=person.municipality_id,
                person_id=person_id,
                platform=PLATFORM,
                external_id=external_id,
                direct=external_id,
                linked_at=now,
                used_at=now,
            )
        )
        tx.flush()
