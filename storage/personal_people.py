"""What the tables of people keep of a person: function, bodies, seats, accounts, invitations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from storage.db import Tx
from storage.models import (
    Account,
    Body,
    CodeTrial,
    Institution,
    Invitation,
    Membership,
    NoticeShown,
    Person,
    Seat,
    SeatFiller,
)
from storage.traces import Kept, Row, Traces, nothing

_person: Any = Person.__table__  # type: ignore[attr-defined]
_membership: Any = Membership.__table__  # type: ignore[attr-defined]
_body: Any = Body.__table__  # type: ignore[attr-defined]
_seat: Any = Seat.__table__  # type: ignore[attr-defined]
_filler: Any = SeatFiller.__table__  # type: ignore[attr-defined]
_account: Any = Account.__table__  # type: ignore[attr-defined]
_invitation: Any = Invitation.__table__  # type: ignore[attr-defined]
_notice: Any = NoticeShown.__table__  # type: ignore[attr-defined]
_trial: Any = CodeTrial.__table__  # type: ignore[attr-defined]


def _person_rows(tx: Tx, whose: Traces) -> list[Row]:
    person = whose.person
    institution = tx.get(Institution, person.institution_id) if person.institution_id else None
    return [
        {
            "name": person.name,
            "key": person.key,
            "institution": institution.name if institution else None,
            "language": person.language,
        }
    ]


def _membership_rows(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(
        select(_body.c.name, _membership.c.role, _membership.c.start_date, _membership.c.end_date)
        .join(_body, _body.c.id == _membership.c.body_id)
        .where(_membership.c.person_id == whose.person.id)
        .order_by(_membership.c.id)
    )
    return [{"body": b, "role": role, "since": start, "until": end} for b, role, start, end in rows]


def _end_memberships(tx: Tx, whose: Traces, now: datetime) -> None:
    # Both days count, so whoever is to be out at once was in for the last time yesterday.
    yesterday = now.date() - timedelta(days=1)
    tx.execute(
        update(_membership)
        .where(
            _membership.c.person_id == whose.person.id,
            (_membership.c.end_date.is_(None)) | (_membership.c.end_date > yesterday),
        )
        .values(end_date=yesterday)
    )


def _seat_rows(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(
        select(_seat.c.name, _filler.c.position)
        .join(_seat, _seat.c.id == _filler.c.seat_id)
        .where(_filler.c.person_id == whose.person.id)
        .order_by(_seat.c.id)
    )
    return [{"seat": name, "position": position} for name, position in rows]


def _leave_seats(tx: Tx, whose: Traces, now: datetime) -> None:
    """The seats stay; whoever comes next in each moves up."""
    seats = tx.execute(
        select(_filler.c.seat_id).where(_filler.c.person_id == whose.person.id)
    ).scalars()
    for seat_id in list(seats):
        tx.execute(
            delete(_filler).where(
                _filler.c.seat_id == seat_id, _filler.c.person_id == whose.person.id
            )
        )
        rest = tx.execute(
            select(_filler.c.person_id)
            .where(_filler.c.seat_id == seat_id)
            .order_by(_filler.c.position)
        ).scalars()
        for position, person_id in enumerate(list(rest)):
            tx.execute(
                update(_filler)
                .where(_filler.c.seat_id == seat_id, _filler.c.person_id == person_id)
                .values(position=position)
            )


def _account_rows(tx: Tx, whose: Traces) -> list[Row]:
    return [
        {
            "platform": a.platform,
            "account": a.external_id,
            "place": a.direct,
            "since": a.linked_at,
            "used_at": a.used_at,
            "reachable": a.reachable,
        }
        for a in whose.accounts
    ]


def _unlink(tx: Tx, whose: Traces, now: datetime) -> None:
    tx.execute(delete(_account).where(_account.c.person_id == whose.person.id))


def _invitation_rows(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(
        select(Invitation)
        .where(_invitation.c.person_id == whose.person.id)
        .order_by(_invitation.c.id)
    ).scalars()
    return [
        {
            "at": i.created_at,
            "until": i.expires_at,
            "used_at": i.used_at,
            "revoked_at": i.revoked_at,
        }
        for i in rows
    ]


def _drop_invitations(tx: Tx, whose: Traces, now: datetime) -> None:
    tx.execute(delete(_invitation).where(_invitation.c.person_id == whose.person.id))


def _notices(whose: Traces) -> Any:
    return whose.by_account(_notice) & (_notice.c.municipality_id == whose.person.municipality_id)


def _notice_rows(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(
        select(_notice.c.platform, _notice.c.external_id, _notice.c.version, _notice.c.shown_at)
        .where(_notices(whose))
        .order_by(_notice.c.shown_at)
    )
    return [{"platform": p, "account": a, "version": v, "at": at} for p, a, v, at in rows]


def _drop_notices(tx: Tx, whose: Traces, now: datetime) -> None:
    tx.execute(delete(_notice).where(_notices(whose)))


def _trial_rows(tx: Tx, whose: Traces) -> list[Row]:
    rows = tx.execute(
        select(_trial.c.platform, _trial.c.external_id, _trial.c.wrong, _trial.c.last_at).where(
            whose.by_account(_trial)
        )
    )
    return [{"platform": p, "account": a, "number": n, "at": at} for p, a, n, at in rows]


def _drop_trials(tx: Tx, whose: Traces, now: datetime) -> None:
    tx.execute(delete(_trial).where(whose.by_account(_trial)))


KEPT = (
    # The row itself becomes anonymous last, in ``storage.erasing``.
    Kept("person", "privacy.of_person", _person_rows, nothing, stays="privacy.stays_person"),
    Kept("membership", "privacy.of_memberships", _membership_rows, _end_memberships),
    Kept("seat_filler", "privacy.of_seats", _seat_rows, _leave_seats),
    Kept("account", "privacy.of_accounts", _account_rows, _unlink),
    Kept(
        "invitation",
        "privacy.of_invitations",
        _invitation_rows,
        _drop_invitations,
        note="privacy.note_invitations",
    ),
    Kept("notice_shown", "privacy.of_notices", _notice_rows, _drop_notices),
    Kept("code_trial", "privacy.of_trials", _trial_rows, _drop_trials),
)
