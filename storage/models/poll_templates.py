"""Prepared polls: what a municipality votes on again and again, and polls that belong together."""

from typing import Any

from sqlmodel import Field, SQLModel

from storage.models.base import json, key, ref


class PollTemplate(SQLModel, table=True):
    """How polls of one kind are prepared, without what they are about."""

    __tablename__ = "poll_template"
    id: int = key()
    municipality_id: int = ref("municipality.id", index=True)
    name: str
    plan: dict[str, Any] = json()
    """``method``, ``settings``, ``secrecy``, ``formal``, ``body``, and ``minutes``: how long."""


class PollSeries(SQLModel, table=True):
    """Polls that are opened together and led through one after the other."""

    __tablename__ = "poll_series"
    id: int = key()
    municipality_id: int = ref("municipality.id", index=True)
    body_id: int = ref("body.id")
    title: dict[str, str] = json()
    told: bool = Field(default=False)
    """Whether the results of all its polls were announced together."""
