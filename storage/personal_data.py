"""The registry: for every table, what it keeps of a person, or why it keeps nothing."""

from __future__ import annotations

from datetime import datetime

from storage import (
    personal_channels,
    personal_chats,
    personal_elections,
    personal_people,
    personal_quickpolls,
    personal_records,
    personal_votes,
)
from storage.db import Tx
from storage.models import Person
from storage.traces import Kept, Row, traces

KEPT: tuple[Kept, ...] = (
    *personal_channels.KEPT,
    *personal_people.KEPT,
    *personal_elections.KEPT,
    *personal_votes.KEPT,
    *personal_quickpolls.KEPT,
    *personal_records.KEPT,
    *personal_chats.KEPT,
)
"""In the order of the person's own file. A new table with a person in it adds a ``Kept``."""

NOBODY = {
    "municipality": "the town itself",
    "institution": "whom seats and people stand for; no person",
    "body": "the town's bodies",
    "channel": "groups and rooms; their ids are no person's",
    "field_of_action": "the action programme",
    "measure": "the action programme",
    "seat": "an institution's right to vote; it outlives its holder",
    "poll_option": "what is voted on",
    "poll_template": "how polls are prepared",
    "poll_series": "polls that belong together",
    "conflict": "that a seat has no say in an option; whose it is stands in roll_person",
    "ballot_key": "a key of a secret poll",
    "native_poll": "a quick poll in a channel",
    "timer": "when polls end",
}
"""Tables without a person in them, and why that is so."""


def export(tx: Tx, person: Person) -> list[tuple[Kept, list[Row]]]:
    """Everything that is stored about a person, table by table."""
    whose = traces(tx, person)
    return [(kept, kept.export(tx, whose)) for kept in KEPT]


def forget(tx: Tx, person: Person, now: datetime) -> None:
    """Erase or anonymise a person's rows in all tables but their own; see ``storage.erasing``."""
    whose = traces(tx, person)
    for kept in KEPT:
        kept.forget(tx, whose, now)
    tx.flush()
    tx.expire_all()
