"""How the action programme looks: fields of action, lists, and a measure's sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.chat import Action, Button, Card, Join, Money, Text, Translated, plain
from handlers.measures.actions import ShowField, ShowFields, ShowFound, ShowMeasure

A_PAGE = 8
"""Measures on one card."""

Words = Mapping[str, str]

_KINDS = {
    "investment": "measures.kind_investment",
    "information": "measures.kind_information",
    "concept": "measures.kind_concept",
    "organisation": "measures.kind_organisation",
    "service": "measures.kind_service",
    "participation": "measures.kind_participation",
    "personnel": "measures.kind_personnel",
    "partnership": "measures.kind_partnership",
}

_SCORES = {
    "impact": "measures.score_impact",
    "feasibility": "measures.score_feasibility",
    "cost_efficiency": "measures.score_cost_efficiency",
    "acceptance": "measures.score_acceptance",
}

_SDGS = (
    "measures.sdg_poverty",
    "measures.sdg_hunger",
    "measures.sdg_health",
    "measures.sdg_education",
    "measures.sdg_equality",
    "measures.sdg_water",
    "measures.sdg_energy",
    "measures.sdg_work",
    "measures.sdg_industry",
    "measures.sdg_inequalities",
    "measures.sdg_cities",
    "measures.sdg_consumption",
    "measures.sdg_climate",
    "measures.sdg_oceans",
    "measures.sdg_land",
    "measures.sdg_peace",
    "measures.sdg_partnerships",
)
"""The United Nations' goals 1 to 17."""


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """A field of action with its number of measures."""

    id: int
    title: Words
    measures: int


@dataclass(frozen=True, slots=True)
class MeasureFacts:
    """A measure with its resource plan; amounts in whole euros."""

    id: int
    code: str
    title: Words
    description: Words
    lead_office: Words
    one_off_eur: int | None
    annual_eur: int | None
    details: Mapping[str, Any]


def fields(town: str, all_fields: Sequence[FieldFacts]) -> Card:
    """The fields of action, a button each."""
    if not all_fields:
        return Card((Text("measures.none_yet"),))
    number = sum(f.measures for f in all_fields)
    rows = tuple(
        (
            Button(
                Text("measures.field_button", title=Translated(f.title), n=f.measures),
                ShowField(f.id, 0),
            ),
        )
        for f in all_fields
    )
    return Card((Text("measures.fields", town=town, n=number), Text("measures.search_hint")), rows)


def field(facts: FieldFacts, measures: Sequence[MeasureFacts], page: int) -> Card:
    """A page of a field's measures."""
    head = Text("measures.of_field", title=Translated(facts.title), n=len(measures))
    return _list(head, measures, page, lambda other: ShowField(facts.id, other))


def found(words: str, measures: Sequence[MeasureFacts], page: int) -> Card:
    """A page of what a search found."""
    if not measures:
        return Card((Text("measures.not_found", words=words),), (_to_fields(),))
    head = Text("measures.found", words=words, n=len(measures))
    return _list(head, measures, page, lambda other: ShowFound(words, other))


def _list(
    head: Text, measures: Sequence[MeasureFacts], page: int, turn: Callable[[int], Action]
) -> Card:
    pages = max(1, -(-len(measures) // A_PAGE))
    page = min(max(page, 0), pages - 1)
    body = [head]
    if pages > 1:
        body.append(Text("measures.page", page=page + 1, pages=pages))
    rows: list[tuple[Button, ...]] = [
        (
            Button(
                Text("measures.measure_button", code=m.code, title=Translated(m.title)),
                ShowMeasure(m.id, page),
            ),
        )
        for m in measures[page * A_PAGE : (page + 1) * A_PAGE]
    ]
    ways = []
    if page > 0:
        ways.append(Button(Text("measures.previous_page"), turn(page - 1)))
    if page < pages - 1:
        ways.append(Button(Text("measures.next_page"), turn(page + 1)))
    if ways:
        rows.append(tuple(ways))
    rows.append(_to_fields())
    return Card(tuple(body), tuple(rows))


def _to_fields() -> tuple[Button, ...]:
    return (Button(Text("measures.to_fields"), ShowFields()),)


def sheet(measure: MeasureFacts, in_field: FieldFacts, page: int) -> Card:
    """A measure: what, who, when, how much, and what it serves."""
    body = [Text("measures.sheet", code=measure.code, title=Translated(measure.title))]
    if measure.description:
        body.append(plain(Translated(measure.description)))
    body += [Text("measures.facts", lines=Join(tuple(_facts(measure, in_field))))]
    scores = _scores(measure.details.get("scores", {}))
    if scores:
        body.append(Text("measures.scores", lines=Join(scores)))
    sdgs = [n for n in measure.details.get("sdgs", ()) if 1 <= n <= len(_SDGS)]
    if sdgs:
        lines = tuple(Text("measures.sdg", number=n, name=Text(_SDGS[n - 1])) for n in sdgs)
        body.append(Text("measures.sdgs", lines=Join(lines)))
    back = Button(
        Text("measures.back_to_field", title=Translated(in_field.title)),
        ShowField(in_field.id, page),
    )
    return Card(tuple(body), ((back,), _to_fields()))


def _facts(measure: MeasureFacts, in_field: FieldFacts) -> list[Text]:
    known = measure.details
    lines = [Text("measures.field", title=Translated(in_field.title))]
    if known.get("goal"):
        lines.append(Text("measures.goal", goal=Translated(known["goal"])))
    if known.get("kind") in _KINDS:
        lines.append(Text("measures.kind", kind=Text(_KINDS[known["kind"]])))
    if known.get("status") == "ongoing":
        lines.append(Text("measures.ongoing"))
    if measure.lead_office:
        lines.append(Text("measures.lead_office", office=Translated(measure.lead_office)))
    if known.get("partner_offices"):
        offices = tuple(plain(Translated(words)) for words in known["partner_offices"])
        lines.append(Text("measures.partner_offices", offices=Join(offices, ", ")))
    if known.get("period"):
        start, end = known["period"]["start"], known["period"]["end"]
        lines.append(Text("measures.period", start=_month(start), end=_month(end)))
    return lines + _money(measure)


def _money(measure: MeasureFacts) -> list[Text]:
    known = measure.details
    lines = []
    if measure.one_off_eur is not None:
        lines.append(Text("measures.one_off", amount=Money(measure.one_off_eur)))
    if measure.annual_eur is not None:
        lines.append(Text("measures.annual", amount=Money(measure.annual_eur)))
    if known.get("total_eur") is not None:
        lines.append(Text("measures.total", amount=Money(known["total_eur"])))
    if known.get("funding"):
        sources = tuple(plain(source) for source in known["funding"])
        lines.append(Text("measures.funding", sources=Join(sources, ", ")))
    if known.get("staff_person_days") is not None:
        lines.append(Text("measures.staff", n=known["staff_person_days"]))
    return lines


def _month(written: str) -> str:
    """``2027-09`` as 09/2027."""
    year, _, month = written.partition("-")
    return f"{month}/{year}" if month else year


def _scores(scores: Mapping[str, int]) -> tuple[Text, ...]:
    return tuple(
        Text(message, points=scores[name])
        for name, message in _SCORES.items()
        if scores.get(name) is not None
    )
