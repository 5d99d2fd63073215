"""The town and its people: who belongs to which body, for whom, with which seat."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.models.base import json, key, moment, ref


class Municipality(SQLModel, table=True):
    """A municipality: the tenant to which every other row belongs (OParl: Body)."""

    __tablename__ = "municipality"
    id: int = key()
    slug: str = Field(unique=True)
    name: str
    timezone: str = "Europe/Berlin"
    default_language: str = "de"
    contact: dict[str, str] = json()
    """Who runs this and whom to ask, by language."""
    rules: dict[str, Any] = json()
    """Rules of procedure; read through ``handlers.polls.rules.Rules``."""
    settings: dict[str, Any] = json()


class Institution(SQLModel, table=True):
    """An institutional stakeholder: a council group, an association, an office …"""

    __tablename__ = "institution"
    __table_args__ = (UniqueConstraint("municipality_id", "key"),)
    id: int = key()
    municipality_id: int = ref("municipality.id")
    key: str
    name: dict[str, str] = json()
    interest_group: str = "other"


class Body(SQLModel, table=True):
    """Coordination, core team or steering group (OParl: Organization)."""

    __tablename__ = "body"
    __table_args__ = (UniqueConstraint("municipality_id", "kind"),)
    id: int = key()
    municipality_id: int = ref("municipality.id")
    kind: str
    """``coordination`` | ``core_team`` | ``steering_group``."""
    name: dict[str, str] = json()


class Person(SQLModel, table=True):
    """A person within one municipality, named by role as a rule (least data)."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("municipality_id", "key"),)
    id: int = key()
    municipality_id: int = ref("municipality.id")
    key: str
    name: dict[str, str] = json()
    institution_id: int | None = ref("institution.id", nullable=True)
    language: str = "de"


class Membership(SQLModel, table=True):
    """A person's place in a body, from ``start_date`` to ``end_date`` (both included)."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("body_id", "person_id"),)
    id: int = key()
    municipality_id: int = ref("municipality.id")
    body_id: int = ref("body.id", index=True)
    person_id: int = ref("person.id", index=True)
    role: str = "member"
    """``member`` | ``deputy`` | ``adviser`` | ``facilitator`` | ``guest``."""
    start_date: date | None = None
    end_date: date | None = None


class Seat(SQLModel, table=True):
    """The voting unit: an institution's right to vote in a body."""

    __tablename__ = "seat"
    __table_args__ = (UniqueConstraint("municipality_id", "key"),)
    id: int = key()
    municipality_id: int = ref("municipality.id")
    body_id: int = ref("body.id", index=True)
    key: str
    institution_id: int | None = ref("institution.id", nullable=True)
    name: dict[str, str] = json()
    voting_right: bool = True


class SeatFiller(SQLModel, table=True):
    """Who may act for a seat: position 0 is the holder, 1, 2 … the deputies in order."""

    __tablename__ = "seat_filler"
    __table_args__ = (UniqueConstraint("seat_id", "position"),)
    seat_id: int = ref("seat.id", primary=True)
    person_id: int = ref("person.id", primary=True)
    municipality_id: int = ref("municipality.id")
    position: int = 0


class Account(SQLModel, table=True):
    """A person's account on a platform. One account serves one person in each municipality."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("platform", "external_id", "municipality_id"),)
    id: int = key()
    municipality_id: int = ref("municipality.id")
    person_id: int = ref("person.id", index=True)
    platform: str
    external_id: str
    direct: str | None = None
    """The place of the direct chat, once there is one."""
    linked_at: datetime = moment()
    used_at: datetime = moment()
    reachable: bool = True
    """False after the platform said that the person blocked or left the bot."""


class Invitation(SQLModel, table=True):
    """A personal code, used once. Only its hash is kept."""

    __tablename__ = "invitation"
    id: int = key()
    municipality_id: int = ref("municipality.id")
    person_id: int = ref("person.id", index=True)
    code_hash: str = Field(unique=True)
    created_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = moment(nullable=True)
    revoked_at: datetime | None = moment(nullable=True)


class CodeTrial(SQLModel, table=True):
    """Wrong codes from an account, to pause those who guess."""

    __tablename__ = "code_trial"
    platform: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    wrong: int = 0
    last_at: datetime = moment()


class NoticeShown(SQLModel, table=True):
    """Which version of the privacy notice an account saw, and when."""

    __tablename__ = "notice_shown"
    platform: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    municipality_id: int = ref("municipality.id", primary=True)
    version: str = Field(primary_key=True)
    shown_at: datetime = moment()
