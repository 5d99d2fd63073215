"""PostgreSQL shows and takes only rows of the municipality that a transaction is for.

A table that is made later needs the same, in its own revision (``tests/test_row_security.py``
names those that lack it).

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_RULE = (
    "{column} IS NULL"
    " OR current_setting('gnk.municipality', true) = '*'"
    " OR {column}::text = current_setting('gnk.municipality', true)"
)


def upgrade() -> None:
    """Protect every table that belongs to municipalities; nothing on SQLite."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    inspector = sa.inspect(connection)
    for table in inspector.get_table_names():
        columns = {column["name"] for column in inspector.get_columns(table)}
        if table == "municipality":
            _protect(table, "id")
        elif "municipality_id" in columns:
            _protect(table, "municipality_id")


def _protect(table: str, column: str) -> None:
    rule = _RULE.format(column=column)
    op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
    # The bot owns its tables; without this they would be open to it.
    op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
    op.execute(f'CREATE POLICY of_municipality ON "{table}" USING ({rule}) WITH CHECK ({rule})')
