"""Questions about and changes to templates of polls, and to polls that belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from storage.db import Tx
from storage.models import Poll, PollSeries, PollTemplate, RollSeat

_template: Any = PollTemplate.__table__  # type: ignore[attr-defined]
_series: Any = PollSeries.__table__  # type: ignore[attr-defined]
_poll: Any = Poll.__table__  # type: ignore[attr-defined]
_roll: Any = RollSeat.__table__  # type: ignore[attr-defined]


def of_town(tx: Tx, municipality_id: int) -> list[PollTemplate]:
    """A municipality's templates by name."""
    return list(
        tx.execute(
            select(PollTemplate)
            .where(_template.c.municipality_id == municipality_id)
            .order_by(_template.c.name, _template.c.id)
        ).scalars()
    )


def get(tx: Tx, template_id: int, municipality_id: int) -> PollTemplate | None:
    """A template of this municipality; another's is as good as none."""
    return tx.execute(
        select(PollTemplate).where(
            _template.c.id == template_id, _template.c.municipality_id == municipality_id
        )
    ).scalar_one_or_none()


def keep(tx: Tx, municipality_id: int, name: str, plan: Mapping[str, Any]) -> bool:
    """Store a template; returns whether it took the place of one of the same name."""
    gone = tx.execute(
        delete(PollTemplate).where(
            _template.c.municipality_id == municipality_id, _template.c.name == name
        )
    )
    tx.add(PollTemplate(municipality_id=municipality_id, name=name, plan=dict(plan)))
    tx.flush()
    return bool(gone.rowcount)  # type: ignore[attr-defined]


# --- series ----------------------------------------------------------------------------------


def begin_series(
    tx: Tx, municipality_id: int, body_id: int, title: Mapping[str, str]
) -> PollSeries:
    """A series without polls yet (``Poll.series_id``)."""
    series = PollSeries(municipality_id=municipality_id, body_id=body_id, title=dict(title))
    tx.add(series)
    tx.flush()
    return series


def series(tx: Tx, series_id: int, municipality_id: int) -> PollSeries | None:
    """A series of this municipality; another's is as good as none."""
    return tx.execute(
        select(PollSeries).where(
            _series.c.id == series_id, _series.c.municipality_id == municipality_id
        )
    ).scalar_one_or_none()


def polls_of(tx: Tx, series_id: int) -> list[Poll]:
    """The polls of a series in their order."""
    return list(
        tx.execute(
            select(Poll).where(_poll.c.series_id == series_id).order_by(_poll.c.id)
        ).scalars()
    )


@dataclass(frozen=True, slots=True)
class Step:
    """A poll of a series, as one seat has it before it."""

    poll_id: int
    title: dict[str, str]
    open: bool
    """Whether the seat may still vote in it."""
    voted: bool


def steps(tx: Tx, series_id: int, seat_id: int) -> list[Step]:
    """The polls of a series in which a seat stands on the roll, in their order."""
    rows = tx.execute(
        select(_poll.c.id, _poll.c.title, _poll.c.state, _roll.c.voted_as, _roll.c.excluded)
        .join(_roll, _roll.c.poll_id == _poll.c.id)
        .where(_poll.c.series_id == series_id, _roll.c.seat_id == seat_id)
        .order_by(_poll.c.id)
    )
    return [
        Step(id, title, state == "open" and excluded is None, voted_as is not None)
        for id, title, state, voted_as, excluded in rows
    ]
