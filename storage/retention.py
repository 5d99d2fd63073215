"""How long a municipality keeps what, and the nightly enforcement of it.

Periods are days in ``municipality.settings["retention_days"]``; what is missing there has the
default (proposals of the project, see ``docs/data-protection.md``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select

from storage import erasing, personal_chats, personal_votes, quickpolls, remembered, webchat
from storage.db import Tx
from storage.models import Invitation, Municipality, Poll, Posted, RollPerson, WebMessage

SETTING = "retention_days"
"""In ``municipality.settings``."""

BETWEEN_REPORTS = timedelta(days=30)

_PLATFORM = "retention"
"""Under which the last report of each municipality is remembered."""

_invitation: Any = Invitation.__table__  # type: ignore[attr-defined]
_poll: Any = Poll.__table__  # type: ignore[attr-defined]
_line: Any = RollPerson.__table__  # type: ignore[attr-defined]
_posted: Any = Posted.__table__  # type: ignore[attr-defined]
_web: Any = WebMessage.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Periods:
    """Days after which something goes."""

    deliveries: int = 90
    """What the bot sent, and what could not be delivered."""
    invitations: int = 90
    """After they expired."""
    web_messages: int = 180
    ballots: int = 60
    """Open ballots, after the close: the totals stay."""
    cards: int = 90
    """Live cards of a poll, after its close: they stay in the chats, without their buttons."""
    former_members: int = 183
    """People, after their last membership ended: they become anonymous."""

    @staticmethod
    def of(settings: Mapping[str, Any]) -> Periods:
        """The periods that a municipality's settings name."""
        known = {f.name for f in fields(Periods)}
        given = settings.get(SETTING, {})
        return Periods(**{name: int(days) for name, days in given.items() if name in known})


@dataclass
class Counts:
    """How many rows (or people) went."""

    deliveries: int = 0
    invitations: int = 0
    web_messages: int = 0
    ballots: int = 0
    cards: int = 0
    former_members: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(asdict(self).values())

    def plus(self, more: Counts) -> Counts:
        """Both together."""
        mine, theirs = asdict(self), asdict(more)
        return Counts(**{name: mine[name] + theirs[name] for name in mine})


@dataclass(frozen=True, slots=True)
class Night:
    """What a night did: the counts, the sum since coordination was told, and for whom it shows."""

    counts: Counts
    since_told: Counts
    tell: bool
    """Whether it is time to tell coordination."""
    polls: tuple[int, ...] = ()
    lines: tuple[int, ...] = ()


def enforce(tx: Tx, town: Municipality, now: datetime, designation: Mapping[str, str]) -> Night:
    """Drop or anonymise what has been kept long enough in a municipality."""
    periods = Periods.of(town.settings)
    today = now.astimezone(ZoneInfo(town.timezone)).date()
    people = erasing.left_before(tx, town.id, today - timedelta(days=periods.former_members))
    touched = [erasing.erase(tx, person, now, designation) for person in people]
    closed = now - timedelta(days=periods.ballots)
    counts = Counts(
        deliveries=personal_chats.drop_old_deliveries(
            tx, town.id, now - timedelta(days=periods.deliveries)
        ),
        invitations=_rows(
            tx,
            delete(_invitation).where(
                _invitation.c.municipality_id == town.id,
                _invitation.c.expires_at < now - timedelta(days=periods.invitations),
            ),
        ),
        web_messages=webchat.drop(
            tx,
            _web.c.municipality_id == town.id,
            _web.c.at < now - timedelta(days=periods.web_messages),
            # The board of a vote that still runs; nobody's words are in it.
            _web.c.pinned.is_(False),
        ),
        ballots=personal_votes.drop_old_ballots(tx, town.id, closed)
        + quickpolls.drop_old_votes(tx, town.id, closed),
        cards=_old_cards(tx, town.id, now - timedelta(days=periods.cards)),
        former_members=len(people),
    )
    return _kept_account(tx, town.id, now, counts, touched)


def last(tx: Tx, municipality_id: int) -> tuple[datetime, Counts] | None:
    """When the periods of a municipality were enforced last, and what went then."""
    kept = remembered.get(tx, _PLATFORM, str(municipality_id))
    if kept is None:
        return None
    report = json.loads(kept)
    return datetime.fromisoformat(report["at"]), Counts(**report["counts"])


def _old_cards(tx: Tx, municipality_id: int, closed_before: datetime) -> int:
    over = select(_poll.c.id).where(
        _poll.c.municipality_id == municipality_id,
        _poll.c.state != "open",
        _poll.c.closed_at < closed_before,
    )
    ballots = select(_line.c.id).where(_line.c.poll_id.in_(over))
    return _rows(
        tx,
        delete(_posted).where(
            _posted.c.municipality_id == municipality_id,
            or_(
                _posted.c.board_kind.in_(("poll", "result")) & _posted.c.board_id.in_(over),
                (_posted.c.board_kind == "ballot") & _posted.c.board_id.in_(ballots),
            ),
        ),
    )


def _kept_account(
    tx: Tx, town_id: int, now: datetime, counts: Counts, touched: list[erasing.Erased]
) -> Night:
    kept = remembered.get(tx, _PLATFORM, str(town_id))
    before: dict[str, Any] = (
        json.loads(kept) if kept else {"told_at": now.isoformat(), "since_told": {}}
    )
    since = Counts(**before["since_told"]).plus(counts)
    told_at = datetime.fromisoformat(before["told_at"])
    tell = counts.former_members > 0 or (since.total > 0 and now - told_at >= BETWEEN_REPORTS)
    report = {
        "at": now.isoformat(),
        "counts": asdict(counts),
        "told_at": (now if tell else told_at).isoformat(),
        "since_told": {} if tell else asdict(since),
    }
    remembered.put(tx, _PLATFORM, str(town_id), json.dumps(report))
    polls = sorted({id for erased in touched for id in erased.polls})
    lines = sorted({id for erased in touched for id in erased.lines})
    return Night(counts, since, tell, tuple(polls), tuple(lines))


def _rows(tx: Tx, statement: Any) -> int:
    return int(tx.execute(statement).rowcount)  # type: ignore[attr-defined]
