"""Questions about the action programme: fields of action and their measures."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from storage.db import Tx
from storage.models import FieldOfAction, Measure

_field: Any = FieldOfAction.__table__  # type: ignore[attr-defined]
_measure: Any = Measure.__table__  # type: ignore[attr-defined]


def fields(tx: Tx, municipality_id: int) -> list[tuple[FieldOfAction, int]]:
    """A municipality's fields of action in their order, each with its number of measures."""
    counted = (
        select(_measure.c.field_id, func.count().label("measures"))
        .where(_measure.c.municipality_id == municipality_id)
        .group_by(_measure.c.field_id)
        .subquery()
    )
    rows = tx.execute(
        select(FieldOfAction, func.coalesce(counted.c.measures, 0))
        .outerjoin(counted, counted.c.field_id == _field.c.id)
        .where(_field.c.municipality_id == municipality_id)
        .order_by(_field.c.position, _field.c.code)
    )
    return [(field, int(number)) for field, number in rows]


def field(tx: Tx, field_id: int, municipality_id: int) -> FieldOfAction | None:
    """A field of action of this municipality."""
    return tx.execute(
        select(FieldOfAction).where(
            _field.c.id == field_id, _field.c.municipality_id == municipality_id
        )
    ).scalar_one_or_none()


def of_field(tx: Tx, field_id: int, municipality_id: int) -> list[Measure]:
    """The measures of a field of action in their order."""
    return _listed(
        tx, _measure.c.municipality_id == municipality_id, _measure.c.field_id == field_id
    )


def of_town(tx: Tx, municipality_id: int) -> list[Measure]:
    """All measures of a municipality in their order (some hundred at most)."""
    return _listed(tx, _measure.c.municipality_id == municipality_id)


def get(tx: Tx, measure_id: int, municipality_id: int) -> Measure | None:
    """A measure of this municipality; another's is as good as none."""
    return tx.execute(
        select(Measure).where(
            _measure.c.id == measure_id, _measure.c.municipality_id == municipality_id
        )
    ).scalar_one_or_none()


def _listed(tx: Tx, *which: Any) -> list[Measure]:
    return list(
        tx.execute(
            select(Measure)
            .join(_field, _field.c.id == _measure.c.field_id)
            .where(*which)
            .order_by(_field.c.position, _measure.c.position, _measure.c.code)
        ).scalars()
    )
