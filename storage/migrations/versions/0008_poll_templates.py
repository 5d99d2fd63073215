"""Templates of polls, polls that belong together, and which reminders went out.

Revision ID: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(), "postgresql")
Text = sa.String()

_PROTECTED = (
    "municipality_id IS NULL"
    " OR current_setting('gnk.municipality', true) = '*'"
    " OR municipality_id::text = current_setting('gnk.municipality', true)"
)


def upgrade() -> None:
    """Make the two tables and the two columns of ``poll``."""
    op.create_table(
        "poll_template",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("plan", Json, nullable=False),
    )
    op.create_table(
        "poll_series",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("body_id", Id, sa.ForeignKey("body.id"), nullable=False),
        sa.Column("title", Json, nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
    )
    for table in ("poll_template", "poll_series"):
        op.create_index(f"ix_{table}_municipality_id", table, ["municipality_id"])
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
            op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
            op.execute(
                f'CREATE POLICY of_municipality ON "{table}"'
                f" USING ({_PROTECTED}) WITH CHECK ({_PROTECTED})"
            )
    series = sa.ForeignKey("poll_series.id", name="poll_series_id_fkey")
    with op.batch_alter_table("poll") as poll:
        poll.add_column(sa.Column("reminded", Json, nullable=False, server_default="{}"))
        poll.add_column(sa.Column("series_id", Id, series))
    with op.batch_alter_table("poll") as poll:
        poll.alter_column("reminded", server_default=None)
        poll.create_index("ix_poll_series_id", ["series_id"])
