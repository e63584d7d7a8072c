"""Readings of the contract's limits."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_LIMIT_READING = """
CREATE TABLE cdp.limit_reading (
    reading_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    limit_name text NOT NULL,
    scope text NOT NULL,
    feed text,
    dag_run_id text,
    used bigint NOT NULL,
    projected bigint NOT NULL,
    contract bigint,
    warn_pct double precision,
    stop_pct double precision,
    free bigint,
    verdict text NOT NULL CHECK (verdict IN ('ok', 'warn', 'stop'))
)
"""

_NEWEST_FIRST = "CREATE INDEX limit_reading_newest ON cdp.limit_reading (limit_name, scope, at DESC)"
_OLDEST_FIRST = "CREATE INDEX limit_reading_oldest ON cdp.limit_reading (at)"


def upgrade() -> None:
    for statement in (_LIMIT_READING, _NEWEST_FIRST, _OLDEST_FIRST):
        op.execute(statement)
