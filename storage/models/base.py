"""Column types shared by the tables."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field


class Moment(TypeDecorator[datetime]):
    """A point in time, always UTC and aware (SQLite would hand back naive ones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: they are somebody's local guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Hand back an aware UTC time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB(), "postgresql")


def key() -> Any:
    """A primary key that the database counts up."""
    return Field(default=None, primary_key=True, sa_type=Id)


def ref(target: str, *, index: bool = False, nullable: bool = False, primary: bool = False) -> Any:
    """A reference to another table's row."""
    default: dict[str, Any] = {"default": None} if nullable else {}
    return Field(
        foreign_key=target,
        sa_type=Id,
        index=index,
        nullable=nullable,
        primary_key=primary,
        **default,
    )


def moment(*, nullable: bool = False, index: bool = False) -> Any:
    """A UTC time."""
    default: dict[str, Any] = {"default": None} if nullable else {}
    return Field(sa_type=Moment, nullable=nullable, index=index, **default)


def json(default: Any = dict) -> Any:
    """A JSON value; replaced as a whole, since changes inside are not noticed."""
    return Field(default_factory=default, sa_type=Json, nullable=False)
