"""Ledger of event exports."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_EXPORT_WINDOW = """
CREATE TABLE cdp.export_window (
    window_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed text NOT NULL,
    dag_run_id text NOT NULL,
    config_hash text NOT NULL,
    preview boolean NOT NULL,
    backfill boolean NOT NULL,
    state text NOT NULL CHECK (
        state IN ('planned', 'staged', 'publishing', 'published', 'done', 'previewed', 'abandoned')
    ),
    counts jsonb NOT NULL DEFAULT '{}',
    reason text,
    opened_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (feed, dag_run_id)
)
"""

# The last guard of order: whatever the tasks do, one window of a feed is under way at a time.
_ONE_UNDER_WAY = """
CREATE UNIQUE INDEX export_window_under_way ON cdp.export_window (feed)
WHERE state IN ('planned', 'staged', 'publishing', 'published')
"""

_EXPORT_LOG = """
CREATE TABLE cdp.export_log (
    window_id bigint NOT NULL REFERENCES cdp.export_window ON DELETE CASCADE,
    log text NOT NULL,
    lower timestamptz,
    upper timestamptz NOT NULL,
    rows bigint,
    remembered_until timestamptz NOT NULL,
    remembered boolean NOT NULL DEFAULT true,
    PRIMARY KEY (window_id, log)
)
"""

# It has no rows of its own: each window brings a child per log. No index either: keys are only ever joined as a whole.
_EXPORTED_KEY = "CREATE TABLE cdp.exported_key (log_id bigint, row_no integer, state smallint)"

_EXPORT_STEP = """
CREATE TABLE cdp.export_step (
    window_id bigint NOT NULL REFERENCES cdp.export_window ON DELETE CASCADE,
    step text NOT NULL,
    counts jsonb NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (window_id, step)
)
"""

_EXPORT_FILE = """
CREATE TABLE cdp.export_file (
    window_id bigint NOT NULL REFERENCES cdp.export_window ON DELETE CASCADE,
    partition_no integer NOT NULL CHECK (partition_no > 0),
    file_no integer NOT NULL CHECK (file_no > 0),
    log text NOT NULL,
    staged_key text NOT NULL,
    key text NOT NULL UNIQUE,
    size bigint NOT NULL,
    etag text NOT NULL,
    rows bigint NOT NULL,
    sha256 text,
    state text NOT NULL CHECK (state IN ('staged', 'published')),
    published_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (window_id, partition_no, file_no)
)
"""

_WATERMARK = """
CREATE TABLE cdp.watermark (
    feed text NOT NULL,
    log text NOT NULL,
    value timestamptz NOT NULL,
    floor timestamptz,
    window_id bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (feed, log)
)
"""

_WINDOW_FORWARD_ONLY = """
CREATE TRIGGER forward_only BEFORE UPDATE ON cdp.export_window FOR EACH ROW EXECUTE FUNCTION cdp.forward_only(
    'planned>staged', 'planned>previewed', 'planned>abandoned', 'staged>publishing', 'staged>abandoned',
    'staged>previewed', 'publishing>published', 'published>done'
)
"""

_FILE_FORWARD_ONLY = """
CREATE TRIGGER forward_only BEFORE UPDATE ON cdp.export_file FOR EACH ROW EXECUTE FUNCTION cdp.forward_only(
    'staged>published'
)
"""


def upgrade() -> None:
    for statement in (
        _EXPORT_WINDOW,
        _ONE_UNDER_WAY,
        _EXPORT_LOG,
        _EXPORTED_KEY,
        _EXPORT_STEP,
        _EXPORT_FILE,
        _WATERMARK,
        _WINDOW_FORWARD_ONLY,
        _FILE_FORWARD_ONLY,
    ):
        op.execute(statement)
