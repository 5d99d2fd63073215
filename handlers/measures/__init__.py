"""Browse and search the action programme."""

from __future__ import annotations

from handlers.chat import Answers, Card, Command, Refusal, Replace, Say
from handlers.measures import rules, views
from handlers.measures.actions import ShowField, ShowFields, ShowFound, ShowMeasure
from handlers.router import Context, Role, Router
from storage import measures
from storage.models import FieldOfAction, Measure

router = Router("measures")


@router.command("massnahmen", "measures", by=Role.MEMBER, menu=30)
def browse(ctx: Context, typed: Command) -> Answers:
    """The fields of action, or what a search finds."""
    if not typed.args:
        return [Say(_fields(ctx))]
    return [Say(_found(ctx, rules.words_meant(typed.args), 0, typed.args))]


@router.press(ShowFields, by=Role.MEMBER)
def show_fields(ctx: Context, pressed: ShowFields) -> Answers:
    """The fields of action."""
    return [Replace(_fields(ctx))]


@router.press(ShowField, by=Role.MEMBER)
def show_field(ctx: Context, pressed: ShowField) -> Answers:
    """A page of a field's measures."""
    field = measures.field(ctx.tx, pressed.field, ctx.town.id)
    if field is None:
        raise Refusal("router.old_button")
    listed = measures.of_field(ctx.tx, field.id, ctx.town.id)
    return [Replace(views.field(_field(field, len(listed)), _facts(listed), pressed.page))]


@router.press(ShowFound, by=Role.MEMBER)
def show_found(ctx: Context, pressed: ShowFound) -> Answers:
    """Another page of what a search found."""
    return [Replace(_found(ctx, pressed.words, pressed.page, pressed.words))]


@router.press(ShowMeasure, by=Role.MEMBER)
def show_measure(ctx: Context, pressed: ShowMeasure) -> Answers:
    """A measure's sheet."""
    measure = measures.get(ctx.tx, pressed.measure, ctx.town.id)
    if measure is None:
        raise Refusal("router.old_button")
    field = measures.field(ctx.tx, measure.field_id, ctx.town.id)
    if field is None:
        raise LookupError(f"measure {measure.id} belongs to no field of its municipality")
    [facts] = _facts([measure])
    return [Replace(views.sheet(facts, _field(field, 0), pressed.page))]


def _fields(ctx: Context) -> Card:
    listed = [_field(field, number) for field, number in measures.fields(ctx.tx, ctx.town.id)]
    return views.fields(ctx.town.name, listed)


def _found(ctx: Context, words: str, page: int, typed: str) -> Card:
    hits = [
        m
        for m in measures.of_town(ctx.tx, ctx.town.id)
        if words and rules.matches(words, m.code, *m.title.values(), *m.description.values())
    ]
    return views.found(words if hits else typed, _facts(hits), page)


def _field(field: FieldOfAction, number: int) -> views.FieldFacts:
    return views.FieldFacts(field.id, field.title, number)


def _facts(listed: list[Measure]) -> list[views.MeasureFacts]:
    return [
        views.MeasureFacts(
            m.id,
            m.code,
            m.title,
            m.description,
            m.lead_office,
            m.one_off_eur,
            m.annual_eur,
            m.details,
        )
        for m in listed
    ]
