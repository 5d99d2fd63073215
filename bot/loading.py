"""A checked municipality file, written into the database in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from bot.importing import Measure, MunicipalityFile, Person, Prose, Words
from handlers.privacy.actions import OWN_NOTICE
from storage import retention
from storage.db import Tx
from storage.loading import Belonging, Changes, Loading

_RENAMED = {"dots_running_totals_visible": "running_totals_visible"}
"""Rules whose name in the file differs from ``handlers.polls.rules.Rules``."""


@dataclass(frozen=True)
class Summary:
    """What an import did: the town, its people by key, and counts by part of the file."""

    municipality_id: int
    name: str
    people: Mapping[str, int]
    counts: Mapping[str, Changes]


def load(tx: Tx, file: MunicipalityFile, now: datetime) -> Summary:
    """Write the file; what is there already is brought up to date, nothing is deleted.

    Raises storage.loading.AnotherTown where the short name is another municipality's.
    """
    loading = Loading(tx, now)
    town = file.municipality
    loading.municipality(
        town.slug,
        {
            "name": town.name,
            "timezone": town.timezone,
            "default_language": town.default_language,
            "contact": _words(town.contact),
            "rules": {
                **{_RENAMED.get(n, n): v for n, v in file.rules.model_dump().items()},
                "remove_without_asking": file.groups.remove_without_asking.model_dump(),
            },
        },
        {
            "kind": town.kind,
            "languages": list(town.languages),
            retention.SETTING: file.retention.model_dump(),
            "encrypted_rooms": file.groups.encrypted_rooms,
            OWN_NOTICE: _words(file.privacy),
        },
        [person.key for person in file.people],
    )
    for body in file.bodies:
        loading.body(body.key, _words(body.name))
    for institution in file.institutions:
        loading.institution(institution.key, _words(institution.name), institution.interest_group)
    people = {
        p.key: loading.person(
            p.key, _words(p.name), p.institution, p.language or town.default_language
        )
        for p in file.people
    }
    loading.memberships(list(_belongings(file)))
    _seats(loading, file)
    loading.web_channels(
        [
            (c.key, c.body, _words(c.title), c.confidentiality)
            for c in file.channels
            if "web" in c.platforms
        ]
    )
    for position, field in enumerate(file.fields_of_action):
        loading.field_of_action(field.code, _words(field.title), position)
    for position, measure in enumerate(file.measures):
        loading.measure(measure.code, measure.field, _measure(file, measure, position))
    return Summary(loading.town.id, town.name, people, loading.counts)


def _belongings(file: MunicipalityFile) -> Iterator[Belonging]:
    """Memberships as listed, and those of deputies, whose right comes with the seat."""
    by_key = {person.key: person for person in file.people}
    listed = {(body, person.key) for person in file.people for body in person.bodies}
    for person in file.people:
        for body in person.bodies:
            yield _belonging(body, person, person.role)
    for seat in file.seats:
        for key in seat.deputies:
            if (seat.body, key) not in listed:
                yield _belonging(seat.body, by_key[key], "deputy")


def _belonging(body: str, person: Person, role: str) -> Belonging:
    return Belonging(body, person.key, role, person.from_, person.until)


def _seats(loading: Loading, file: MunicipalityFile) -> None:
    institutions = {i.key: i.name for i in file.institutions}
    people = {p.key: p.name for p in file.people}
    kept = [
        loading.seat(
            seat.key,
            seat.body,
            seat.institution,
            # A seat of an institution's is called after it, any other after its holder.
            _words(institutions[seat.institution] if seat.institution else people[seat.holder]),
            seat.voting,
            [seat.holder, *seat.deputies],
        )
        for seat in file.seats
    ]
    loading.no_other_seats(kept)


def _measure(file: MunicipalityFile, measure: Measure, position: int) -> dict[str, Any]:
    offices = {office.code: office.name for office in file.offices}
    lead = offices.get(measure.lead_office or "")
    return {
        "title": _words(measure.title),
        "description": _words(measure.description),
        "lead_office": _words(lead),
        "one_off_eur": measure.one_off_eur,
        "annual_eur": measure.annual_eur,
        "details": _details(file, measure),
        "position": position,
    }


def _details(file: MunicipalityFile, measure: Measure) -> dict[str, Any]:
    """The rest of the measure sheet, as far as it is known."""
    offices = {office.code: office.name for office in file.offices}
    goals = {goal.code: goal.text for goal in file.goals.operational}
    period = measure.period
    details: dict[str, Any] = {
        "kind": measure.kind,
        "status": measure.status,
        "goal": _words(goals.get(measure.goal or "")),
        "partner_offices": [_words(offices[code]) for code in measure.partner_offices],
        "period": {"start": period.start, "end": period.end} if period else None,
        "total_eur": measure.total_eur,
        "funding": list(measure.funding),
        "staff_person_days": measure.staff_person_days,
        "sdgs": list(measure.sdgs),
        "scores": _given(measure.scores),
    }
    return {name: value for name, value in details.items() if value not in (None, [], {})}


def _words(text: Words | Prose | None) -> dict[str, str]:
    return {} if text is None else _given(text)


def _given(part: BaseModel) -> dict[str, Any]:
    return part.model_dump(by_alias=True, exclude_none=True)
