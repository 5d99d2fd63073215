"""Ballots that coordination records for somebody: on paper, by phone."""

from datetime import datetime
from typing import Any

from sqlmodel import SQLModel

from storage.models.base import json, key, moment, ref


class Recording(SQLModel, table=True):
    """A ballot that is being recorded, until a second person confirms it and it goes into the box.

    Never in a secret poll.
    """

    __tablename__ = "recording"
    id: int = key()
    municipality_id: int = ref("municipality.id")
    poll_id: int = ref("poll.id", index=True)
    seat_id: int = ref("seat.id")
    entry_id: int | None = ref("roll_person.id", nullable=True)
    """The line on the voter roll of whoever gave it; None once that person is erased."""
    way: str
    """``paper`` | ``phone``."""
    value: dict[str, Any] = json()
    """What was said; empty again as soon as nobody has to check it any more."""
    page: int = 0
    state: str = "draft"
    """``draft`` | ``unconfirmed`` | ``confirmed`` | ``withdrawn``
    | ``overtaken`` (the person voted) | ``expired`` (the poll ended first)."""
    recorded_by: int | None = ref("person.id", nullable=True)
    recorded_at: datetime = moment()
    confirmed_by: int | None = ref("person.id", nullable=True)
