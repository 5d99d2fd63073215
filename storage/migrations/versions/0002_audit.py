"""The audit log.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from storage.models.base import Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "audit_event",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("actor_id", Id, sa.ForeignKey("person.id")),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject_id", Id, sa.ForeignKey("person.id")),
        sa.Column("details", Json, nullable=False),
        sa.Column("undone_at", Moment()),
    )
    op.create_index("audit_event_of_town", "audit_event", ["municipality_id", "id"])
