"""The roster as lines, one a person, read and written; the same lines stand in spreadsheets.

A line is everything that coordination may change about somebody. Seats are the steering group's:
a ``member`` has one, their deputies stand behind them in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select

from storage import channel_members, webchat
from storage.db import Tx
from storage.lines import BODIES, Change, Member, free_key, slug
from storage.models import (
    Account,
    Body,
    Channel,
    Institution,
    Membership,
    Municipality,
    Person,
    Poll,
    RollPerson,
    Seat,
    SeatFiller,
)

_NAMES = {
    "coordination": {"de": "Koordination", "en": "Coordination"},
    "core_team": {"de": "Kernteam", "en": "Core team"},
    "steering_group": {"de": "Steuerungsgruppe", "en": "Steering group"},
}

_account: Any = Account.__table__  # type: ignore[attr-defined]
_body: Any = Body.__table__  # type: ignore[attr-defined]
_channel: Any = Channel.__table__  # type: ignore[attr-defined]
_institution: Any = Institution.__table__  # type: ignore[attr-defined]
_membership: Any = Membership.__table__  # type: ignore[attr-defined]
_person: Any = Person.__table__  # type: ignore[attr-defined]
_poll: Any = Poll.__table__  # type: ignore[attr-defined]
_roll: Any = RollPerson.__table__  # type: ignore[attr-defined]

_seat: Any = Seat.__table__  # type: ignore[attr-defined]
_filler: Any = SeatFiller.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Standing:
    """A line as it stands in the database, with what only the database knows."""

    id: int
    member: Member
    platforms: tuple[str, ...] = ()


# --- reading -------------------------------------------------------------------------------


def roster(tx: Tx, town: Municipality, today: date) -> dict[str, Standing]:
    """Everybody whom the town knows, by key, those who left included."""
    platforms = defaultdict(list)
    for person, platform in tx.execute(
        select(_account.c.person_id, _account.c.platform)
        .where(_account.c.municipality_id == town.id)
        .distinct()
        .order_by(_account.c.platform)
    ):
        platforms[person].append(platform)
    places = defaultdict(list)
    for row in tx.execute(
        select(
            _membership.c.person_id,
            _body.c.kind,
            _membership.c.role,
            _membership.c.start_date,
            _membership.c.end_date,
        )
        .join(_body, _body.c.id == _membership.c.body_id)
        .where(_membership.c.municipality_id == town.id)
    ):
        places[row.person_id].append(row)
    holders, deputies = _fillings(tx, town.id)
    rows = tx.execute(
        select(Person, _institution.c.name, _institution.c.interest_group)
        .outerjoin(_institution, _institution.c.id == _person.c.institution_id)
        .where(_person.c.municipality_id == town.id)
        .order_by(_person.c.id)
    )
    made = {}
    for person, institution, group in rows:
        member = Member(
            key=person.key,
            name=_in(town, person.name),
            institution=_in(town, institution or {}),
            group=group or "",
            language=person.language,
        )
        member = _placed(member, places[person.id], person.id in holders, today)
        if person.id in deputies:
            holder, rank = deputies[person.id]
            member = replace(member, deputy_of=holder, rank=rank)
        made[person.key] = Standing(person.id, member, tuple(platforms[person.id]))
    return made


def _placed(member: Member, rows: Sequence[Any], votes: bool, today: date) -> Member:
    open_ones = [r for r in rows if r.end_date is None or r.end_date >= today]
    rows = sorted(open_ones or rows, key=lambda r: BODIES.index(r.kind))
    if not rows:
        return member
    role = rows[-1].role
    starts = [r.start_date for r in rows]
    ends = [r.end_date for r in rows]
    return replace(
        member,
        bodies=tuple(r.kind for r in rows),
        role="voteless" if role == "member" and not votes else role,
        start=None if None in starts else min(starts),
        end=None if None in ends else max(ends),
    )


def _fillings(tx: Tx, town_id: int) -> tuple[set[int], dict[int, tuple[str, int]]]:
    """Who holds a seat that votes, and who stands in for whom (key), at which place."""
    holders: dict[int, int] = {}
    deputies: dict[int, tuple[int, int]] = {}
    for row in tx.execute(
        select(_filler.c.seat_id, _filler.c.person_id, _filler.c.position)
        .join(_seat, _seat.c.id == _filler.c.seat_id)
        .where(_seat.c.municipality_id == town_id, _seat.c.voting_right.is_(True))
        .order_by(_filler.c.seat_id, _filler.c.position)
    ):
        if row.position == 0:
            holders[row.seat_id] = row.person_id
        elif row.seat_id in holders:
            deputies.setdefault(row.person_id, (row.seat_id, row.position))
    rows = tx.execute(select(_person.c.id, _person.c.key).where(_person.c.id.in_(holders.values())))
    keys = {row.id: row.key for row in rows}
    return set(holders.values()), {
        person: (keys[holders[seat]], position) for person, (seat, position) in deputies.items()
    }


def institutions(tx: Tx, town: Municipality) -> list[tuple[int, str, str]]:
    """The town's institutions: id, name, interest group."""
    rows = tx.execute(
        select(Institution)
        .where(_institution.c.municipality_id == town.id)
        .order_by(_institution.c.id)
    ).scalars()
    return [(i.id, _in(town, i.name), i.interest_group) for i in rows]


def running_polls(tx: Tx, person_id: int) -> int:
    """In how many running polls the person may vote as the roll was frozen."""
    return int(
        tx.execute(
            select(func.count(_roll.c.poll_id.distinct()))
            .join(_poll, _poll.c.id == _roll.c.poll_id)
            .where(_roll.c.person_id == person_id, _poll.c.state == "open")
        ).scalar_one()
    )


def channels(tx: Tx, town_id: int, person_id: int) -> list[tuple[str, Mapping[str, str]]]:
    """The channels that a person reads: the body's kind ("" for none) and the title.

    In the web chat everybody of a body reads its channels; elsewhere it counts who is there.
    """
    mine = select(_membership.c.body_id).where(_membership.c.person_id == person_id)
    has_web = select(_account.c.id).where(
        _account.c.person_id == person_id, _account.c.platform == webchat.PLATFORM
    )
    there = [channel.id for channel in channel_members.channels_with(tx, person_id)]
    rows = tx.execute(
        select(_body.c.kind, _channel.c.title)
        .select_from(_channel)
        .outerjoin(_body, _body.c.id == _channel.c.body_id)
        .where(
            _channel.c.municipality_id == town_id,
            _channel.c.lost_at.is_(None),
            _channel.c.id.in_(there)
            | (
                (_channel.c.platform == webchat.PLATFORM)
                & _channel.c.body_id.in_(mine)
                & has_web.exists()
            ),
        )
        .order_by(_channel.c.id)
    )
    return [(kind or "", title) for kind, title in rows]


def _in(town: Municipality, words: Mapping[str, str]) -> str:
    return words.get(town.default_language) or words.get("de") or next(iter(words.values()), "")


# --- writing -------------------------------------------------------------------------------


def write(tx: Tx, town: Municipality, changes: Sequence[Change]) -> None:
    """Make the lines what they are to be; nothing about other people is changed.

    Whoever is to have no line any more keeps a name and accounts, and no membership.
    """
    writing = _Writing(tx, town)
    for before, after in changes:
        if after is not None:
            writing.person(before, after)
    for before, after in changes:
        line = after or before
        if line is not None:
            writing.memberships(line if after is not None else replace(line, bodies=()))
            writing.own_seat(line, votes=after is not None and after.role == "member")
    writing.deputies(changes)
    tx.flush()


class _Writing:
    def __init__(self, tx: Tx, town: Municipality) -> None:
        self.tx, self.town = tx, town
        self.bodies: dict[str, int] = {
            b.kind: b.id
            for b in tx.execute(select(Body).where(_body.c.municipality_id == town.id)).scalars()
        }

    def person(self, before: Member | None, after: Member) -> None:
        institution = self._institution(after)
        person = self._find(after.key)
        if person is None:
            person = Person(
                municipality_id=self.town.id,
                key=after.key,
                name={self.town.default_language: after.name},
                language=after.language,
            )
            self.tx.add(person)
        if _in(self.town, person.name) != after.name:
            # What it was called in other languages was called after the old name.
            person.name = {self.town.default_language: after.name}
        if before is None or before.language != after.language:
            person.language = after.language
        person.institution_id = institution.id if institution else None
        self.tx.flush()

    def memberships(self, line: Member) -> None:
        person = self._id(line.key)
        standing = {
            m.body_id: m
            for m in self.tx.execute(
                select(Membership).where(_membership.c.person_id == person)
            ).scalars()
        }
        wanted = {self._body(kind) for kind in line.bodies}
        for body, membership in standing.items():
            if body not in wanted:
                self.tx.delete(membership)
        for body in wanted:
            membership = standing.get(body) or Membership(
                municipality_id=self.town.id, body_id=body, person_id=person
            )
            membership.role = "member" if line.role == "voteless" else line.role
            membership.start_date, membership.end_date = line.start, line.end
            self.tx.add(membership)
        self.tx.flush()

    def own_seat(self, line: Member, votes: bool) -> None:
        person = self.tx.get_one(Person, self._id(line.key))
        seat = self.tx.execute(
            select(Seat)
            .join(_filler, _filler.c.seat_id == _seat.c.id)
            .where(_filler.c.person_id == person.id, _filler.c.position == 0)
            .order_by(_seat.c.voting_right.desc(), _seat.c.id)
            .limit(1)
        ).scalar_one_or_none()
        if seat is None and votes:
            seat = Seat(
                municipality_id=self.town.id,
                body_id=self._body("steering_group"),
                key=self._free(_seat, f"seat-{line.key}"),
            )
            self.tx.add(seat)
            self.tx.flush()
            self._fill(seat.id, [person.id])
        if seat is None:
            return
        seat.voting_right = votes
        if seat.institution_id != person.institution_id or not seat.name:
            institution = person.institution_id and self.tx.get(Institution, person.institution_id)
            seat.institution_id = person.institution_id
            seat.name = dict(institution.name if institution else person.name)
        self.tx.flush()

    def deputies(self, changes: Sequence[Change]) -> None:
        """Those whose line changed are put at their places, the others keep their order."""
        lines = [(after or before, after) for before, after in changes]
        moved = {self._id(line.key): after for line, after in lines if line is not None}
        holders = {line.deputy_of for change in changes for line in change if line}
        for holder in holders - {""}:
            seat = self._seat_of(holder)
            if seat is None:
                continue
            standing = list(
                self.tx.execute(
                    select(_filler.c.person_id)
                    .where(_filler.c.seat_id == seat)
                    .order_by(_filler.c.position)
                ).scalars()
            )
            first, rest = standing[0], [p for p in standing[1:] if p not in moved]
            new = [(m.rank or 999, p) for p, m in moved.items() if m and m.deputy_of == holder]
            for rank, person in sorted(new, key=lambda one: one[0]):
                rest.insert(min(rank - 1, len(rest)), person)
            self._fill(seat, [first, *rest])

    def _fill(self, seat: int, people: Sequence[int]) -> None:
        self.tx.execute(delete(SeatFiller).where(_filler.c.seat_id == seat))
        for position, person in enumerate(people):
            self.tx.add(
                SeatFiller(
                    seat_id=seat,
                    person_id=person,
                    municipality_id=self.town.id,
                    position=position,
                )
            )
        self.tx.flush()
        self.tx.expire_all()

    def _seat_of(self, key: str) -> int | None:
        return self.tx.execute(
            select(_seat.c.id)
            .join(_filler, _filler.c.seat_id == _seat.c.id)
            .join(_person, _person.c.id == _filler.c.person_id)
            .where(
                _person.c.key == key,
                _person.c.municipality_id == self.town.id,
                _filler.c.position == 0,
            )
            .order_by(_seat.c.voting_right.desc(), _seat.c.id)
            .limit(1)
        ).scalar_one_or_none()

    def _institution(self, line: Member) -> Institution | None:
        if not line.institution:
            return None
        wanted = line.institution.casefold()
        known = self.tx.execute(
            select(Institution).where(_institution.c.municipality_id == self.town.id)
        ).scalars()
        one = next((i for i in known if _in(self.town, i.name).casefold() == wanted), None)
        if one is None:
            one = Institution(
                municipality_id=self.town.id,
                key=self._free(_institution, slug(line.institution)),
                name={self.town.default_language: line.institution},
            )
            self.tx.add(one)
        one.interest_group = line.group or one.interest_group
        self.tx.flush()
        return one

    def _body(self, kind: str) -> int:
        if kind not in self.bodies:
            body = Body(municipality_id=self.town.id, kind=kind, name=_NAMES[kind])
            self.tx.add(body)
            self.tx.flush()
            self.bodies[kind] = body.id
        return self.bodies[kind]

    def _find(self, key: str) -> Person | None:
        return self.tx.execute(
            select(Person).where(_person.c.municipality_id == self.town.id, _person.c.key == key)
        ).scalar_one_or_none()

    def _id(self, key: str) -> int:
        person = self._find(key)
        if person is None:
            raise LookupError(f"nobody in municipality {self.town.id} has this key")
        return person.id

    def _free(self, table: Any, wanted: str) -> str:
        taken = set(
            self.tx.execute(
                select(table.c.key).where(table.c.municipality_id == self.town.id)
            ).scalars()
        )
        return free_key(wanted, taken)
