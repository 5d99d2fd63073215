"""Devices that use the web chat: sessions behind a cookie.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

from storage.models.base import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Text = sa.String()
Time = Moment()


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "web_session",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("account", Text, nullable=False),
        sa.Column("cookie_hash", Text, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("used_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.UniqueConstraint("cookie_hash"),
    )
    op.create_index("ix_web_session_person_id", "web_session", ["person_id"])
    op.create_index("ix_web_session_account", "web_session", ["account"])
