"""Indexes for lists that people page through: runs and windows by feed, rejected lines in file order, the audit."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Lines come first, then what no single line is at fault for; statements that page have the same expression.
_LINE = "coalesce(line_no, 9223372036854775807)"

# Numbers of their own, so that the sums of a month are read from the index alone, not out of JSON.
_COUNTS = """
ALTER TABLE cdp.sync_run
ADD COLUMN rows bigint GENERATED ALWAYS AS ((counts ->> 'rows')::numeric::bigint) STORED,
ADD COLUMN rejected bigint GENERATED ALWAYS AS ((counts ->> 'rejected')::numeric::bigint) STORED
"""
_NEWEST = """
CREATE INDEX sync_run_newest ON cdp.sync_run (feed, opened_at DESC, run_id DESC)
INCLUDE (state, preview, ordered_at, updated_at, rows, rejected)
"""


def upgrade() -> None:
    for statement in (
        _COUNTS,
        _NEWEST,
        "CREATE INDEX sync_run_state ON cdp.sync_run (feed, state, opened_at DESC, run_id DESC)",
        "CREATE INDEX export_window_newest ON cdp.export_window (feed, opened_at DESC, window_id DESC)",
        f"CREATE INDEX reject_page ON cdp.reject (run_id, part_no, {_LINE})",
        f"CREATE INDEX reject_code ON cdp.reject (run_id, code, part_no, {_LINE})",
        "DROP INDEX cdp.reject_run",
        "CREATE INDEX audit_subject ON cdp.audit (subject, at DESC)",
    ):
        op.execute(statement)
