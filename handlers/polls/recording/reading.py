"""What is stored about ballots that are recorded, gathered for the views."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from handlers.chat import Text
from handlers.polls.facts import BallotFacts, OptionFacts, ResultFacts, Words
from handlers.polls.reading import method_of, option_facts
from handlers.polls.recording.views import Recorded
from storage import conflicts, recording
from storage.db import Tx
from storage.models import Person, Poll, Recording, RollPerson, Seat


def recorded_facts(tx: Tx, poll: Poll, one: Recording) -> Recorded:
    """What the cards say of a ballot that is recorded."""
    seat = tx.get_one(Seat, one.seat_id)
    entry = tx.get(RollPerson, one.entry_id) if one.entry_id is not None else None
    giver = tx.get(Person, entry.person_id) if entry is not None else None
    recorder = tx.get(Person, one.recorded_by) if one.recorded_by is not None else None
    standing = recording.standing(tx, poll.id, one.seat_id)
    return Recorded(
        id=one.id,
        poll=poll.title,
        poll_id=poll.id,
        seat=seat.name,
        giver=giver.name if giver is not None else seat.name,
        way=one.way,
        state=one.state,
        said=in_words(tx, poll, one.value) if one.value else None,
        check=check(one.value),
        recorder=recorder.name if recorder is not None else None,
        counts=poll.state == "open"
        and one.state == "confirmed"
        and standing.recorded == "confirmed",
    )


def check(value: dict[str, Any]) -> str:
    """Tells one content from another: who confirms has read this one."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def as_ballot(tx: Tx, poll: Poll, one: Recording, options: list[OptionFacts]) -> BallotFacts:
    """The ballot as the frame shows one, as if the seat's holder looked at it."""
    answered = method_of(poll).rules.answered
    value = dict(one.value)
    return BallotFacts(
        entry=one.id,
        seat={},
        position=0,
        voted_as=0 if value else None,
        value=value,
        barred=conflicts.barred(tx, poll.id, one.seat_id),
        cast=bool(value),
        receipt=None,
        page=one.page,
        answered=frozenset(o.id for o in options if answered(poll.settings, value, o.id)),
    )


def in_words(tx: Tx, poll: Poll, value: dict[str, Any]) -> Text:
    """What a ballot says, as a roll call would say it."""
    return method_of(poll).views.ballot_text(_unfinished(poll, option_facts(tx, poll)), value)


def _unfinished(poll: Poll, options: list[OptionFacts]) -> ResultFacts:
    """A result without numbers: what ``ballot_text`` knows of a poll that still runs."""
    return ResultFacts(
        poll=poll.id,
        title=poll.title,
        method=poll.method,
        settings=poll.settings,
        options=tuple(options),
        secret=False,
        roll_call=poll.secrecy == "roll_call",
        formal=poll.formal,
        published=False,
        withheld=False,
        seats=0,
        cast=0,
        late=0,
        needed=0,
        rules=poll.rules,
        counts={},
        closes_at=poll.closes_at,
        closed_at=poll.closes_at,
        early="",
        digest="",
        receipts=(),
    )


def seat_names(tx: Tx, seats: list[int]) -> list[Words]:
    """The names of seats."""
    return [tx.get_one(Seat, seat).name for seat in seats]
