"""Polls: the event, its options, the voter roll and the ballot box.

The voter roll says who may vote and whether the seat has; the ballot box holds what was cast.
They are separate so that a secret ballot can be cut loose from its seat (voting.md, Secrecy).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.models.base import Id, json, key, moment, ref


class Poll(SQLModel, table=True):
    """A vote as an event."""

    __tablename__ = "poll"
    id: int = key()
    municipality_id: int = ref("municipality.id", index=True)
    body_id: int = ref("body.id")
    title: dict[str, str] = json()
    method: str
    settings: dict[str, Any] = json()
    """What the method needs, e.g. ``{"dots": 3, "max_per_option": 2}``."""
    secrecy: str = "open"
    """``open`` | ``roll_call`` | ``secret``."""
    formal: bool = False
    """Whether it decides something: then coordination publishes the result."""
    state: str = "open"
    """``prepared`` (waits for a second person) | ``planned`` | ``open`` | ``closed`` |
    ``withdrawn``."""
    rules: dict[str, Any] = json()
    """The rules of procedure, frozen when it opened."""
    opens_at: datetime = moment()
    closes_at: datetime = moment()
    extended_from: datetime | None = moment(nullable=True)
    """The first deadline of a poll that was extended."""
    closed_at: datetime | None = moment(nullable=True)
    withdrawn_for: str | None = None
    """Why it was withdrawn, where coordination gave a reason."""
    opened_by: int | None = ref("person.id", nullable=True)
    """Who prepared it."""
    confirmed_by: int | None = ref("person.id", nullable=True)
    """The second person who opened it, where the rules of procedure want two."""
    late: list[int] = json(list)
    """Seats whose ballot came while the bot caught up after the deadline; emptied at close."""
    reminded: dict[str, str] = json()
    """Reminders that are done: hours before the deadline or ``by_hand``, to when they went out."""
    series_id: int | None = ref("poll_series.id", nullable=True, index=True)
    """The polls that it belongs to."""
    result: dict[str, Any] | None = json(lambda: None)
    afterwards: dict[str, Any] = json()
    """What coordination said after the result was frozen: ``void`` (``at``, ``reason``) and
    ``corrections`` (``at``, ``text`` and ``digest`` each)."""
    published_at: datetime | None = moment(nullable=True)
    published_by: int | None = ref("person.id", nullable=True)
    """Who published the result; before that, the first of two persons who have to."""


class PollOption(SQLModel, table=True):
    """One thing to vote on."""

    __tablename__ = "poll_option"
    __table_args__ = (UniqueConstraint("poll_id", "position"),)
    id: int = key()
    municipality_id: int = ref("municipality.id")
    poll_id: int = ref("poll.id", index=True)
    position: int
    label: dict[str, str] = json()
    measure_id: int | None = ref("measure.id", nullable=True)
    code: str = ""
    """Of a measure its code, and its cost in whole euros, as they were at opening."""
    cost: int | None = Field(default=None, sa_type=Id)


class RollSeat(SQLModel, table=True):
    """A seat on the frozen voter roll, and whether a ballot lies in the box for it."""

    __tablename__ = "roll_seat"
    poll_id: int = ref("poll.id", primary=True)
    seat_id: int = ref("seat.id", primary=True)
    municipality_id: int = ref("municipality.id")
    voted_as: int | None = None
    """Position of who cast the ballot that counts (0 holder, 1… deputy); None: no ballot."""
    excluded: str | None = None
    """Out of the poll for a conflict of interest: declared by ``person`` | ``coordination``."""
    recorded: str | None = None
    """``confirmed``: the ballot was given on paper or by phone, and two persons recorded it."""
    recorded_by: int | None = ref("person.id", nullable=True)
    confirmed_by: int | None = ref("person.id", nullable=True)


class Conflict(SQLModel, table=True):
    """A seat without a say in one option: a conflict of interest. Never in secret polls."""

    __tablename__ = "conflict"
    poll_id: int = ref("poll.id", primary=True)
    seat_id: int = ref("seat.id", primary=True)
    option_id: int = ref("poll_option.id", primary=True)
    municipality_id: int = ref("municipality.id")
    declared_by: str
    """``person`` | ``coordination``."""
    at: datetime = moment()


class RollPerson(SQLModel, table=True):
    """Who may fill a seat on the roll, frozen at opening."""

    __tablename__ = "roll_person"
    __table_args__ = (UniqueConstraint("poll_id", "seat_id", "person_id"),)
    id: int = key()
    poll_id: int = ref("poll.id")
    seat_id: int = ref("seat.id")
    person_id: int = ref("person.id", index=True)
    municipality_id: int = ref("municipality.id")
    position: int = 0
    page: int = 0
    """The page of the ballot that the person looks at."""


class BallotKey(SQLModel, table=True):
    """Key of the seats' pseudonyms while a secret poll is open; destroyed at close."""

    __tablename__ = "ballot_key"
    poll_id: int = ref("poll.id", primary=True)
    municipality_id: int = ref("municipality.id")
    key: str


class Ballot(SQLModel, table=True):
    """A cast vote. The key is random, so that its place in the table says nothing about time."""

    __tablename__ = "ballot"
    __table_args__ = (UniqueConstraint("poll_id", "voter", name="one_ballot_per_seat"),)
    key: str = Field(primary_key=True)
    municipality_id: int = ref("municipality.id")
    poll_id: int = ref("poll.id", index=True)
    voter: str
    """The seat's id; in a secret poll a keyed pseudonym, after its close a random word."""
    value: dict[str, Any] = json()
    """What the method's rules read, e.g. ``{"41": 2, "44": 1}``: option id to dots."""
    receipt: str | None = None
    """Secret polls: the voter's code, until close."""
