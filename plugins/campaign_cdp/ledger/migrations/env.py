"""Alembic runs this file; it works on the connection that ``ledger.migrate`` hands over."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table_schema="cdp")
context.run_migrations()
