"""Quick polls, their native polls in channels, and the answers.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from storage.models.base import Moment

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(), "postgresql")

_RULE = (
    "municipality_id IS NULL"
    " OR current_setting('gnk.municipality', true) = '*'"
    " OR municipality_id::text = current_setting('gnk.municipality', true)"
)


def upgrade() -> None:
    """Create the tables, on PostgreSQL each with its rows kept apart by municipality."""
    op.create_table(
        "quick_poll",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("body_id", Id, sa.ForeignKey("body.id"), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("opened_by", Id, sa.ForeignKey("person.id")),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("closes_at", Moment(), nullable=False),
        sa.Column("closed_at", Moment()),
        sa.Column("counts", Json, nullable=False),
    )
    op.create_index("ix_quick_poll_municipality_id", "quick_poll", ["municipality_id"])
    op.create_table(
        "native_poll",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("quick_poll_id", Id, sa.ForeignKey("quick_poll.id"), nullable=False),
        sa.Column("channel_id", Id, sa.ForeignKey("channel.id"), nullable=False),
        sa.Column("foreign_id", sa.String(), index=True),
        sa.Column("message", sa.String()),
        sa.Column("card", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("quick_poll_id", "channel_id"),
    )
    op.create_table(
        "quick_vote",
        sa.Column("quick_poll_id", Id, sa.ForeignKey("quick_poll.id"), primary_key=True),
        sa.Column("person_id", Id, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("option", sa.Integer(), nullable=False),
        sa.Column("native_poll_id", Id, sa.ForeignKey("native_poll.id")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in ("quick_poll", "native_poll", "quick_vote"):
            op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
            op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
            op.execute(
                f'CREATE POLICY of_municipality ON "{table}" USING ({_RULE}) WITH CHECK ({_RULE})'
            )
