"""Devices that may use the web chat without a messenger's account."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.models.base import key, moment, ref


class WebSession(SQLModel, table=True):
    """A device that an invitation was redeemed on, known again by its cookie's hash."""

    __tablename__ = "web_session"
    id: int = key()
    municipality_id: int = ref("municipality.id")
    person_id: int = ref("person.id", index=True)
    account: str = Field(index=True)
    """``account.external_id`` on platform ``web``."""
    cookie_hash: str = Field(unique=True)
    created_at: datetime = moment()
    used_at: datetime = moment()
    expires_at: datetime = moment()
