"""The foundation: town and people, channels, measures, polls, and the machine's own tables.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from storage.models.base import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(), "postgresql")

Text = sa.String()
Time = Moment()


def upgrade() -> None:
    """Create all tables."""
    _town()
    _work()
    _polls()
    _machinery()


def _town() -> None:
    op.create_table(
        "code_trial",
        sa.Column("platform", Text, primary_key=True),
        sa.Column("external_id", Text, primary_key=True),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("last_at", Time, nullable=False),
    )
    op.create_table(
        "municipality",
        sa.Column("id", Id, primary_key=True),
        sa.Column("slug", Text, nullable=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("timezone", Text, nullable=False),
        sa.Column("default_language", Text, nullable=False),
        sa.Column("contact", Json, nullable=False),
        sa.Column("rules", Json, nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.UniqueConstraint("slug"),
    )
    op.create_table(
        "body",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("name", Json, nullable=False),
        sa.UniqueConstraint("municipality_id", "kind"),
    )
    op.create_table(
        "institution",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("key", Text, nullable=False),
        sa.Column("name", Json, nullable=False),
        sa.Column("interest_group", Text, nullable=False),
        sa.UniqueConstraint("municipality_id", "key"),
    )
    op.create_table(
        "notice_shown",
        sa.Column("platform", Text, primary_key=True),
        sa.Column("external_id", Text, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), primary_key=True),
        sa.Column("version", Text, primary_key=True),
        sa.Column("shown_at", Time, nullable=False),
    )
    op.create_table(
        "channel",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("body_id", Id, sa.ForeignKey("body.id"), nullable=False),
        sa.Column("platform", Text, nullable=False),
        sa.Column("external_id", Text, nullable=False),
        sa.Column("title", Json, nullable=False),
        sa.Column("confidentiality", Text, nullable=False),
        sa.Column("bound_at", Time, nullable=False),
        sa.Column("lost_at", Time),
        sa.UniqueConstraint("platform", "external_id"),
    )
    op.create_index("ix_channel_body_id", "channel", ["body_id"])
    op.create_table(
        "person",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("key", Text, nullable=False),
        sa.Column("name", Json, nullable=False),
        sa.Column("institution_id", Id, sa.ForeignKey("institution.id")),
        sa.Column("language", Text, nullable=False),
        sa.UniqueConstraint("municipality_id", "key"),
    )
    op.create_table(
        "seat",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("body_id", Id, sa.ForeignKey("body.id"), nullable=False),
        sa.Column("key", Text, nullable=False),
        sa.Column("institution_id", Id, sa.ForeignKey("institution.id")),
        sa.Column("name", Json, nullable=False),
        sa.Column("voting_right", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("municipality_id", "key"),
    )
    op.create_index("ix_seat_body_id", "seat", ["body_id"])
    op.create_table(
        "account",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("platform", Text, nullable=False),
        sa.Column("external_id", Text, nullable=False),
        sa.Column("direct", Text),
        sa.Column("linked_at", Time, nullable=False),
        sa.Column("used_at", Time, nullable=False),
        sa.Column("reachable", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("platform", "external_id", "municipality_id"),
    )
    op.create_index("ix_account_person_id", "account", ["person_id"])
    op.create_table(
        "invitation",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("code_hash", Text, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("used_at", Time),
        sa.Column("revoked_at", Time),
        sa.UniqueConstraint("code_hash"),
    )
    op.create_index("ix_invitation_person_id", "invitation", ["person_id"])
    op.create_table(
        "membership",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("body_id", Id, sa.ForeignKey("body.id"), nullable=False),
        sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("role", Text, nullable=False),
        sa.Column("start_date", sa.Date()),
        sa.Column("end_date", sa.Date()),
        sa.UniqueConstraint("body_id", "person_id"),
    )
    op.create_index("ix_membership_body_id", "membership", ["body_id"])
    op.create_index("ix_membership_person_id", "membership", ["person_id"])
    op.create_table(
        "seat_filler",
        sa.Column("seat_id", Id, sa.ForeignKey("seat.id"), primary_key=True),
        sa.Column("person_id", Id, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.UniqueConstraint("seat_id", "position"),
    )


def _work() -> None:
    op.create_table(
        "field_of_action",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("code", Text, nullable=False),
        sa.Column("title", Json, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.UniqueConstraint("municipality_id", "code"),
    )
    op.create_table(
        "measure",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("field_id", Id, sa.ForeignKey("field_of_action.id"), nullable=False),
        sa.Column("code", Text, nullable=False),
        sa.Column("title", Json, nullable=False),
        sa.Column("description", Json, nullable=False),
        sa.Column("lead_office", Json, nullable=False),
        sa.Column("one_off_eur", sa.Integer()),
        sa.Column("annual_eur", sa.Integer()),
        sa.Column("details", Json, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.UniqueConstraint("municipality_id", "code"),
    )
    op.create_index("ix_measure_field_id", "measure", ["field_id"])


def _polls() -> None:
    op.create_table(
        "poll",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("body_id", Id, sa.ForeignKey("body.id"), nullable=False),
        sa.Column("title", Json, nullable=False),
        sa.Column("method", Text, nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.Column("secrecy", Text, nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("opens_at", Time, nullable=False),
        sa.Column("closes_at", Time, nullable=False),
        sa.Column("closed_at", Time),
        sa.Column("opened_by", Id, sa.ForeignKey("person.id")),
        sa.Column("result", Json, nullable=False),
    )
    op.create_index("ix_poll_municipality_id", "poll", ["municipality_id"])
    op.create_table(
        "ballot",
        sa.Column("key", Text, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("poll_id", Id, sa.ForeignKey("poll.id"), nullable=False),
        sa.Column("voter", Text, nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("receipt", Text),
        sa.UniqueConstraint("poll_id", "voter", name="one_ballot_per_seat"),
    )
    op.create_index("ix_ballot_poll_id", "ballot", ["poll_id"])
    op.create_table(
        "ballot_key",
        sa.Column("poll_id", Id, sa.ForeignKey("poll.id"), primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("key", Text, nullable=False),
    )
    op.create_table(
        "poll_option",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("poll_id", Id, sa.ForeignKey("poll.id"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", Json, nullable=False),
        sa.Column("measure_id", Id, sa.ForeignKey("measure.id")),
        sa.UniqueConstraint("poll_id", "position"),
    )
    op.create_index("ix_poll_option_poll_id", "poll_option", ["poll_id"])
    op.create_table(
        "roll_person",
        sa.Column("id", Id, primary_key=True),
        sa.Column("poll_id", Id, sa.ForeignKey("poll.id"), nullable=False),
        sa.Column("seat_id", Id, sa.ForeignKey("seat.id"), nullable=False),
        sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.UniqueConstraint("poll_id", "seat_id", "person_id"),
    )
    op.create_index("ix_roll_person_person_id", "roll_person", ["person_id"])
    op.create_table(
        "roll_seat",
        sa.Column("poll_id", Id, sa.ForeignKey("poll.id"), primary_key=True),
        sa.Column("seat_id", Id, sa.ForeignKey("seat.id"), primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id"), nullable=False),
        sa.Column("voted_as", sa.Integer()),
    )


def _machinery() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", Id, primary_key=True),
        sa.Column("platform", Text, nullable=False),
        sa.Column("key", Text, nullable=False),
        sa.Column("place", Text, nullable=False),
        sa.Column("payload", Text),
        sa.Column("received_at", Time, nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("error", Text),
        sa.UniqueConstraint("platform", "key"),
    )
    op.create_index(
        "inbox_waiting",
        "inbox",
        ["id"],
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    )
    op.create_table(
        "platform_state",
        sa.Column("platform", Text, primary_key=True),
        sa.Column("name", Text, primary_key=True),
        sa.Column("value", Text, nullable=False),
    )
    op.create_table(
        "timer",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id")),
        sa.Column("key", Text, nullable=False),
        sa.Column("action", Text, nullable=False),
        sa.Column("due_at", Time, nullable=False),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_timer_due_at", "timer", ["due_at"])
    op.create_table(
        "web_message",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id")),
        sa.Column("place", Text, nullable=False),
        sa.Column("outbox_id", sa.Integer()),
        sa.Column("author", Text),
        sa.Column("content", Json, nullable=False),
        sa.Column("language", Text, nullable=False),
        sa.Column("data", sa.LargeBinary()),
        sa.Column("at", Time, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("outbox_id"),
    )
    op.create_index("ix_web_message_place", "web_message", ["place"])
    op.create_index("ix_web_message_version", "web_message", ["version"])
    op.create_table(
        "dialog",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id")),
        sa.Column("person_id", Id, sa.ForeignKey("person.id")),
        sa.Column("platform", Text, nullable=False),
        sa.Column("place", Text, nullable=False),
        sa.Column("account", Text, nullable=False),
        sa.Column("form", Text, nullable=False),
        sa.Column("step", Text, nullable=False),
        sa.Column("answers", Json, nullable=False),
        sa.Column("touched_at", Time, nullable=False),
        sa.UniqueConstraint("platform", "place", "account"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id")),
        sa.Column("platform", Text, nullable=False),
        sa.Column("place", Text, nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("data", sa.LargeBinary()),
        sa.Column("language", Text, nullable=False),
        sa.Column("key", Text),
        sa.Column("state", Text, nullable=False),
        sa.Column("person_id", Id, sa.ForeignKey("person.id")),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("due_at", Time, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("message", Text),
        sa.Column("error", Text),
        sa.UniqueConstraint("key"),
    )
    op.create_index(
        "outbox_waiting",
        "outbox",
        ["platform", "place", "id"],
        sqlite_where=sa.text("state IN ('queued', 'sending')"),
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )
    op.create_table(
        "posted",
        sa.Column("id", Id, primary_key=True),
        sa.Column("municipality_id", Id, sa.ForeignKey("municipality.id")),
        sa.Column("platform", Text, nullable=False),
        sa.Column("place", Text, nullable=False),
        sa.Column("message", Text, nullable=False),
        sa.Column("person_id", Id, sa.ForeignKey("person.id")),
        sa.Column("language", Text, nullable=False),
        sa.Column("board_kind", Text),
        sa.Column("board_id", Id),
        sa.Column("board_viewer", sa.Integer()),
        sa.Column("actions", Json, nullable=False),
        sa.Column("labels", Json, nullable=False),
        sa.Column("stale_at", Time),
        sa.Column("redraw_at", Time),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("platform", "place", "message"),
    )
    op.create_index("posted_board", "posted", ["board_kind", "board_id"])
    op.create_index(
        "posted_stale",
        "posted",
        ["platform", "stale_at"],
        sqlite_where=sa.text("stale_at IS NOT NULL"),
        postgresql_where=sa.text("stale_at IS NOT NULL"),
    )
