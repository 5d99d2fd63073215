"""Polls of any method: their rules of procedure, publication, conflicts of interest, the office.

Revision ID: 0007
"""

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from storage.models.base import Moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(), "postgresql")
Text = sa.String()
Time = Moment()

_PROTECTED = (
    "municipality_id IS NULL"
    " OR current_setting('gnk.municipality', true) = '*'"
    " OR municipality_id::text = current_setting('gnk.municipality', true)"
)

_poll = sa.table(
    "poll",
    sa.column("id", Id),
    sa.column("municipality_id", Id),
    sa.column("method", Text),
    sa.column("settings", Json),
    sa.column("rules", Json),
    sa.column("late", Json),
    sa.column("result", Json),
    sa.column("closed_at", Time),
    sa.column("published_at", Time),
)
_posted = sa.table(
    "posted",
    sa.column("board_kind", Text),
    sa.column("gone", sa.Boolean),
    sa.column("stale_at", Time),
)
_town = sa.table("municipality", sa.column("id", Id), sa.column("rules", Json))


def upgrade() -> None:
    """Add the columns, make the table of conflicts, carry running polls and old results over."""
    _columns()
    _conflicts()
    _carry_over()
    _redraw()
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE "conflict" ENABLE ROW LEVEL SECURITY')
        op.execute('ALTER TABLE "conflict" FORCE ROW LEVEL SECURITY')
        op.execute(
            f'CREATE POLICY of_municipality ON "conflict"'
            f" USING ({_PROTECTED}) WITH CHECK ({_PROTECTED})"
        )


def _columns() -> None:
    with op.batch_alter_table("poll") as poll:
        poll.add_column(sa.Column("formal", sa.Boolean(), nullable=False, server_default="0"))
        poll.add_column(sa.Column("rules", Json, nullable=False, server_default="{}"))
        poll.add_column(sa.Column("late", Json, nullable=False, server_default="[]"))
        poll.add_column(sa.Column("afterwards", Json, nullable=False, server_default="{}"))
        poll.add_column(sa.Column("extended_from", Time))
        poll.add_column(sa.Column("withdrawn_for", Text))
        poll.add_column(sa.Column("published_at", Time))
        poll.add_column(_person("poll", "published_by"))
        poll.add_column(_person("poll", "confirmed_by"))
    with op.batch_alter_table("poll") as poll:
        for added in ("formal", "rules", "late", "afterwards"):
            poll.alter_column(added, server_default=None)
    with op.batch_alter_table("poll_option") as option:
        option.add_column(sa.Column("code", Text, nullable=False, server_default=""))
        option.add_column(sa.Column("cost", Id))
    with op.batch_alter_table("poll_option") as option:
        option.alter_column("code", server_default=None)
    with op.batch_alter_table("posted") as posted:
        posted.add_column(sa.Column("unpin", sa.Boolean(), nullable=False, server_default="0"))
    with op.batch_alter_table("posted") as posted:
        posted.alter_column("unpin", server_default=None)
    with op.batch_alter_table("roll_seat") as seat:
        seat.add_column(sa.Column("excluded", Text))
        seat.add_column(sa.Column("recorded", Text))
        seat.add_column(_person("roll_seat", "recorded_by"))
        seat.add_column(_person("roll_seat", "confirmed_by"))


def _person(table: str, column: str) -> sa.Column[Any]:
    return sa.Column(column, Id, sa.ForeignKey("person.id", name=f"{table}_{column}_fkey"))


def _conflicts() -> None:
    op.create_table(
        "conflict",
        sa.Column("poll_id", Id, sa.ForeignKey("poll.id"), primary_key=True),
        sa.Column("seat_id", Id, sa.ForeignKey("seat.id"), primary_key=True),
        sa.Column("option_id", Id, sa.ForeignKey("poll_option.id"), primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("declared_by", Text, nullable=False),
        sa.Column("at", Time, nullable=False),
    )


def _carry_over() -> None:
    op.execute(
        "UPDATE poll_option SET"
        " code = (SELECT code FROM measure WHERE measure.id = poll_option.measure_id),"
        " cost = (SELECT one_off_eur FROM measure WHERE measure.id = poll_option.measure_id)"
        " WHERE measure_id IS NOT NULL"
    )
    connection = op.get_bind()
    procedures = {row.id: row.rules for row in connection.execute(sa.select(_town))}
    for poll in connection.execute(sa.select(_poll)).all():
        settings = dict(poll.settings)
        rules = dict(procedures[poll.municipality_id])
        rules["running_totals_visible"] = settings.pop("totals", True)
        late = settings.pop("late", [])
        connection.execute(
            _poll.update()
            .where(_poll.c.id == poll.id)
            .values(
                settings=settings,
                rules=rules,
                late=late,
                # Results were published with the close.
                published_at=poll.closed_at,
                result=_result(poll.result, settings, rules),
            )
        )


def _redraw() -> None:
    """Buttons of polls are packed differently from now on: every live card gets new ones."""
    ours = _posted.c.board_kind.in_(("poll", "ballot", "result")), _posted.c.gone.is_(False)
    op.get_bind().execute(_posted.update().where(*ours).values(stale_at=datetime.now(UTC)))


def _result(old: Any, settings: dict[str, Any], rules: dict[str, Any]) -> Any:
    """A frozen result in its new shape; its digest stays what was announced."""
    if isinstance(old, str):
        old = json.loads(old)
    if not old or "counts" in old:
        return old
    new = dict(old)
    new["counts"] = {"places": new.pop("places"), "tiebreak_used": new.pop("tiebreak_used")}
    for name in ("dots", "max_per_option"):
        new.pop(name)
    return new | {
        "settings": settings,
        "rules": rules,
        "roll_call": False,
        "formal": False,
        "excluded": [],
        "excluded_options": [],
        "recorded": 0,
        "groups": [],
        "dominant": None,
        "roll": [],
        "notes": {},
    }
