"""Fields of action and measures: what is prioritised."""

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from storage.models.base import json, key, ref


class FieldOfAction(SQLModel, table=True):
    """A field of action (Themenfeld)."""

    __tablename__ = "field_of_action"
    __table_args__ = (UniqueConstraint("municipality_id", "code"),)
    id: int = key()
    municipality_id: int = ref("municipality.id")
    code: str
    title: dict[str, str] = json()
    position: int = 0


class Measure(SQLModel, table=True):
    """A measure (Maßnahme) with its resource plan."""

    __tablename__ = "measure"
    __table_args__ = (UniqueConstraint("municipality_id", "code"),)
    id: int = key()
    municipality_id: int = ref("municipality.id")
    field_id: int = ref("field_of_action.id", index=True)
    code: str
    title: dict[str, str] = json()
    description: dict[str, str] = json()
    lead_office: dict[str, str] = json()
    one_off_eur: int | None = None
    annual_eur: int | None = None
    details: dict[str, Any] = json()
    """The rest of the measure sheet: kind, period, partners, SDGs, scores …"""
    position: int = 0
