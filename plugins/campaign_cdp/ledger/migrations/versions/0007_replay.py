"""Replays of rejected lines, and quarantines that somebody released."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_RUN_FORWARD_ONLY = """
CREATE TRIGGER forward_only BEFORE UPDATE ON cdp.sync_run FOR EACH ROW EXECUTE FUNCTION cdp.forward_only(
    'open>applied', 'open>previewed', 'open>quarantined', 'open>abandoned', 'open>superseded',
    'quarantined>superseded', 'quarantined>released', 'released>superseded', 'abandoned>superseded', 'applied>ended'
)
"""

_FILE_FORWARD_ONLY = """
CREATE TRIGGER forward_only BEFORE UPDATE ON cdp.sync_file FOR EACH ROW EXECUTE FUNCTION cdp.forward_only(
    'seen>loading', 'seen>loaded', 'seen>applied', 'seen>quarantined', 'seen>superseded',
    'loading>loaded', 'loading>quarantined', 'loading>superseded',
    'loaded>applied', 'loaded>quarantined', 'loaded>superseded',
    'quarantined>superseded', 'quarantined>released', 'released>superseded',
    'applied>historised', 'quarantined>historised', 'superseded>historised'
)
"""

# A replay is no news of the feed, so sums leave it out; read from the index alone as before.
_NEWEST = """
CREATE INDEX sync_run_newest ON cdp.sync_run (feed, opened_at DESC, run_id DESC)
INCLUDE (state, preview, ordered_at, updated_at, rows, rejected, replay_of)
"""

# Where a line of a replay comes from; gone with its run.
_REPLAY_LINE = """
CREATE TABLE cdp.replay_line (
    run_id bigint NOT NULL REFERENCES cdp.sync_run ON DELETE CASCADE,
    line_no bigint NOT NULL,
    rejected_part_no integer NOT NULL,
    rejected_line_no bigint NOT NULL
)
"""


def upgrade() -> None:
    for statement in (
        "ALTER TABLE cdp.sync_run ADD COLUMN replay_of bigint REFERENCES cdp.sync_run, "
        "ADD COLUMN accept_stale boolean NOT NULL DEFAULT FALSE",
        "CREATE INDEX sync_run_replays ON cdp.sync_run (replay_of) WHERE replay_of IS NOT NULL",
        "DROP INDEX cdp.sync_run_newest",
        _NEWEST,
        "ALTER TABLE cdp.reject ADD COLUMN replayed_by bigint",
        _REPLAY_LINE,
        "CREATE INDEX replay_line_run ON cdp.replay_line (run_id, line_no)",
        "ALTER TABLE cdp.sync_run DROP CONSTRAINT sync_run_state_check",
        "ALTER TABLE cdp.sync_run ADD CONSTRAINT sync_run_state_check CHECK (state IN "
        "('open', 'applied', 'previewed', 'quarantined', 'superseded', 'abandoned', 'released', 'ended'))",
        "ALTER TABLE cdp.sync_file DROP CONSTRAINT sync_file_state_check",
        "ALTER TABLE cdp.sync_file ADD CONSTRAINT sync_file_state_check CHECK (state IN "
        "('seen', 'loading', 'loaded', 'applied', 'quarantined', 'superseded', 'released', 'historised'))",
        "DROP TRIGGER forward_only ON cdp.sync_run",
        "DROP TRIGGER forward_only ON cdp.sync_file",
        _RUN_FORWARD_ONLY,
        _FILE_FORWARD_ONLY,
    ):
        op.execute(statement)
