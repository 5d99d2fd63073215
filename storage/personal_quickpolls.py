"""What the tables of quick polls keep of a person: their answers, and what they asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from storage.db import Tx
from storage.models import QuickPoll, QuickVote
from storage.traces import Kept, Row, Traces

_quick: Any = QuickPoll.__table__  # type: ignore[attr-defined]
_vote: Any = QuickVote.__table__  # type: ignore[attr-defined]


def _asked(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(
        select(QuickPoll).where(_quick.c.opened_by == whose.person.id).order_by(_quick.c.id)
    ).scalars()
    return [{"poll": q.question, "at": q.opened_at} for q in rows]


def _not_asked_by(tx: Tx, whose: Traces, now: datetime) -> None:
    tx.execute(update(_quick).where(_quick.c.opened_by == whose.person.id).values(opened_by=None))


def _answers(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(
        select(QuickPoll, _vote.c.option)
        .join(_vote, _vote.c.quick_poll_id == _quick.c.id)
        .where(_vote.c.person_id == whose.person.id)
        .order_by(_quick.c.id)
    )
    return [{"poll": quick.question, "option": quick.options[at]} for quick, at in rows]


def _drop_answers(tx: Tx, whose: Traces, now: datetime) -> None:
    tx.execute(delete(_vote).where(_vote.c.person_id == whose.person.id))


KEPT = (
    Kept("quick_poll", "privacy.of_quick_polls", _asked, _not_asked_by),
    Kept("quick_vote", "privacy.of_quick_votes", _answers, _drop_answers),
)
