"""Elections and ballots given on paper or by phone: drawings of lots, what is being recorded.

Revision ID: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from storage.models.base import Moment

revision = "0009"
down_revision = "0008"
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


def upgrade() -> None:
    """Make both tables and keep the municipalities apart in them."""
    op.create_table(
        "lot_drawing",
        sa.Column("poll_id", Id, sa.ForeignKey("poll.id"), primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("announced", Text, nullable=False),
        sa.Column("announced_at", Time, nullable=False),
        sa.Column("announced_by", Id, sa.ForeignKey("person.id")),
        sa.Column("drawn", Text),
        sa.Column("drawn_at", Time),
        sa.Column("drawn_by", Id, sa.ForeignKey("person.id")),
        sa.Column("outcome", Json, nullable=False),
        sa.Column("digest", Text),
    )
    op.create_table(
        "recording",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("poll_id", Id, sa.ForeignKey("poll.id"), nullable=False),
        sa.Column("seat_id", Id, sa.ForeignKey("seat.id"), nullable=False),
        sa.Column("entry_id", Id, sa.ForeignKey("roll_person.id")),
        sa.Column("way", Text, nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("recorded_by", Id, sa.ForeignKey("person.id")),
        sa.Column("recorded_at", Time, nullable=False),
        sa.Column("confirmed_by", Id, sa.ForeignKey("person.id")),
    )
    op.create_index("ix_recording_poll_id", "recording", ["poll_id"])
    if op.get_bind().dialect.name == "postgresql":
        for table in ("lot_drawing", "recording"):
            op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
            op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
            op.execute(
                f'CREATE POLICY of_municipality ON "{table}"'
                f" USING ({_PROTECTED}) WITH CHECK ({_PROTECTED})"
            )
