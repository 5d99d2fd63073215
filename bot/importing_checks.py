"""Whether the parts of an import file fit together: German sentences, each with its place."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.importing import MunicipalityFile, Person, Seat

_INNER_TO_OUTER = ("coordination", "core_team", "steering_group")


def cross_reference_errors(file: "MunicipalityFile") -> list[str]:
    """Everything that refers to nothing, appears twice, or contradicts another part."""
    return [
        *_twice(file),
        *_people(file),
        *_seats(file),
        *_fillers(file.seats),
        *_channels(file),
        *_goals(file),
        *_measures(file),
    ]


def _twice(file: "MunicipalityFile") -> Iterator[str]:
    guidelines = [line for field in file.fields_of_action for line in field.guidelines]
    keyed: list[tuple[str, str, list[str]]] = [
        ("bodies", "key", [body.key for body in file.bodies]),
        ("institutions", "key", [institution.key for institution in file.institutions]),
        ("offices", "code", [office.code for office in file.offices]),
        ("people", "key", [person.key for person in file.people]),
        ("seats", "key", [seat.key for seat in file.seats]),
        ("channels", "key", [channel.key for channel in file.channels]),
        ("fields_of_action", "code", [field.code for field in file.fields_of_action]),
        ("goals.strategic", "code", [goal.code for goal in file.goals.strategic]),
        ("goals.operational", "code", [goal.code for goal in file.goals.operational]),
        ("measures", "code", [measure.code for measure in file.measures]),
    ]
    for place, name, values in keyed:
        seen: set[str] = set()
        for number, value in enumerate(values):
            if value in seen:
                yield f"{place}[{number}].{name}: „{value}“ kommt schon weiter oben vor."
            seen.add(value)
    codes = [line.code for line in guidelines]
    for code in dict.fromkeys(code for code in codes if codes.count(code) > 1):
        yield f"fields_of_action: Die Leitlinie „{code}“ kommt mehrfach vor."


def _people(file: "MunicipalityFile") -> Iterator[str]:
    institutions = {institution.key for institution in file.institutions}
    offices = {office.code for office in file.offices}
    bodies = [body.key for body in file.bodies]
    for number, person in enumerate(file.people):
        at = f"people[{number}]"
        yield from _known(f"{at}.institution", person.institution, institutions, "institutions")
        yield from _known(f"{at}.office", person.office, offices, "offices")
        for body in person.bodies:
            yield from _known(f"{at}.bodies", body, bodies, "bodies")
        yield from _nested(at, person, bodies)
        if person.language and person.language not in file.municipality.languages:
            yield (
                f"{at}.language: „{person.language}“ gibt es nicht unter municipality.languages."
            )
    yield from _shared_accounts(file.people)


def _nested(at: str, person: "Person", bodies: Collection[str]) -> Iterator[str]:
    """Coordination belongs to the core team, and the core team to the steering group."""
    used = [body for body in _INNER_TO_OUTER if body in bodies]
    for inner, outer in pairwise(used):
        if inner in person.bodies and outer not in person.bodies:
            yield f"{at}.bodies: Wer zu {inner} gehört, gehört auch zu {outer}."


def _shared_accounts(people: Sequence["Person"]) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    for number, person in enumerate(people):
        for platform, account in person.accounts.model_dump(exclude_none=True).items():
            if (platform, account) in seen:
                yield (
                    f"people[{number}].accounts.{platform}: "
                    f"„{account}“ gehört schon einer anderen Person."
                )
            seen.add((platform, account))


def _seats(file: "MunicipalityFile") -> Iterator[str]:
    institutions = {institution.key for institution in file.institutions}
    bodies = {body.key for body in file.bodies}
    people = {person.key: person for person in file.people}
    for number, seat in enumerate(file.seats):
        at = f"seats[{number}]"
        yield from _known(f"{at}.body", seat.body, bodies, "bodies")
        yield from _known(f"{at}.institution", seat.institution, institutions, "institutions")
        yield from _known(f"{at}.holder", seat.holder, people, "people")
        for deputy in seat.deputies:
            yield from _known(f"{at}.deputies", deputy, people, "people")
        if holder := people.get(seat.holder):
            yield from _holder(at, seat, holder, file.rules.coordination_votes)


def _holder(at: str, seat: "Seat", holder: "Person", coordination_votes: bool) -> Iterator[str]:
    if seat.body not in holder.bodies:
        yield f"{at}.holder: „{holder.key}“ gehört nicht zu {seat.body}."
    if holder.role != "member":
        yield f"{at}.holder: „{holder.key}“ ist nicht als member dabei und hat daher keinen Sitz."
    if seat.voting and "coordination" in holder.bodies and not coordination_votes:
        yield (
            f"{at}.voting: „{holder.key}“ gehört zur Koordination und "
            "stimmt nach rules.coordination_votes nicht ab."
        )


def _fillers(seats: Sequence["Seat"]) -> Iterator[str]:
    """One person, one seat in a body: otherwise nobody could tell for which seat they vote."""
    filled: defaultdict[tuple[str, str], int] = defaultdict(int)
    for number, seat in enumerate(seats):
        for person in (seat.holder, *seat.deputies):
            filled[seat.body, person] += 1
            if filled[seat.body, person] == 2:
                yield f"seats[{number}]: „{person}“ kann nur einen Sitz innehaben oder vertreten."


def _channels(file: "MunicipalityFile") -> Iterator[str]:
    bodies = {body.key for body in file.bodies}
    for number, channel in enumerate(file.channels):
        yield from _known(f"channels[{number}].body", channel.body, bodies, "bodies")


def _goals(file: "MunicipalityFile") -> Iterator[str]:
    guidelines = {line.code for field in file.fields_of_action for line in field.guidelines}
    strategic = {goal.code for goal in file.goals.strategic}
    for number, goal in enumerate(file.goals.strategic):
        at = f"goals.strategic[{number}].guideline"
        yield from _known(at, goal.guideline, guidelines, "fields_of_action[…].guidelines")
    for number, operational in enumerate(file.goals.operational):
        at = f"goals.operational[{number}].strategic_goal"
        yield from _known(at, operational.strategic_goal, strategic, "goals.strategic")


def _measures(file: "MunicipalityFile") -> Iterator[str]:
    fields = {field.code for field in file.fields_of_action}
    offices = {office.code for office in file.offices}
    goals = {goal.code for goal in file.goals.operational}
    field_of_goal = _field_of_goal(file)
    for number, measure in enumerate(file.measures):
        at = f"measures[{number}]"
        yield from _known(f"{at}.field", measure.field, fields, "fields_of_action")
        yield from _known(f"{at}.goal", measure.goal, goals, "goals.operational")
        yield from _known(f"{at}.lead_office", measure.lead_office, offices, "offices")
        for office in measure.partner_offices:
            yield from _known(f"{at}.partner_offices", office, offices, "offices")
        home = field_of_goal.get(measure.goal or "", measure.field)
        if measure.field in fields and home != measure.field:
            yield f"{at}.goal: „{measure.goal}“ gehört zum Themenfeld {home}."


def _field_of_goal(file: "MunicipalityFile") -> dict[str, str]:
    """The field of action of each operational goal whose chain of references is whole."""
    by_guideline = {
        line.code: field.code for field in file.fields_of_action for line in field.guidelines
    }
    by_strategic = {
        goal.code: by_guideline[goal.guideline]
        for goal in file.goals.strategic
        if goal.guideline in by_guideline
    }
    return {
        goal.code: by_strategic[goal.strategic_goal]
        for goal in file.goals.operational
        if goal.strategic_goal in by_strategic
    }


def _known(at: str, value: str | None, known: Collection[str], place: str) -> Iterator[str]:
    if value is not None and value not in known:
        yield f"{at}: „{value}“ gibt es nicht unter {place}."
