"""Alembic's migrations, packaged with the tables that they make (see ``storage.upgrading``)."""
