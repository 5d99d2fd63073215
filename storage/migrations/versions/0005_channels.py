"""Channels of every kind, what the bot may do in them, and who is there.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from storage.models.base import Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(), "postgresql")
Text = sa.String()

_NEW = (
    ("kind", Text, "body"),
    ("made", sa.Boolean(), sa.false()),
    ("rights", Json, "[]"),
    ("missing", Json, "[]"),
    ("topics", Json, "{}"),
)
"""Columns that the channels there already are get a value for."""

_RULE = (
    "municipality_id IS NULL"
    " OR current_setting('gnk.municipality', true) = '*'"
    " OR municipality_id::text = current_setting('gnk.municipality', true)"
)


def upgrade() -> None:
    """Widen ``channel`` and create ``channel_member``, protected as in revision 0004."""
    with op.batch_alter_table("channel") as channel:
        for name, kind, value in _NEW:
            channel.add_column(sa.Column(name, kind, nullable=False, server_default=value))
        channel.add_column(sa.Column("furnished", Text))
        channel.add_column(sa.Column("join_link", Text))
        channel.add_column(sa.Column("checked_at", Moment()))
        channel.alter_column("body_id", existing_type=Id, nullable=True)
    with op.batch_alter_table("channel") as channel:
        for name, kind, _ in _NEW:
            channel.alter_column(
                name, existing_type=kind, existing_nullable=False, server_default=None
            )
    op.create_table(
        "channel_member",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("channel_id", Id, sa.ForeignKey("channel.id"), nullable=False),
        sa.Column("account", Text, nullable=False),
        sa.Column("name", Text),
        sa.Column("state", Text, nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("belonged", sa.Boolean(), nullable=False),
        sa.Column("let_be", sa.Boolean(), nullable=False),
        sa.Column("told_at", Moment()),
        sa.Column("tag", Text),
        sa.UniqueConstraint("channel_id", "account"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE channel_member ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE channel_member FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY of_municipality ON channel_member USING ({_RULE}) WITH CHECK ({_RULE})"
        )
