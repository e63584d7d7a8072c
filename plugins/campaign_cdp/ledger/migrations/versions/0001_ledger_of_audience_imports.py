"""Ledger of audience imports."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_FORWARD_ONLY = """
CREATE FUNCTION cdp.forward_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (TG_ARGV) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = format('%I.%I: state %s cannot become %s', TG_TABLE_SCHEMA, TG_TABLE_NAME, OLD.state, NEW.state),
            HINT = 'States move forward only. Clear the Dag run from file_transfer on to try again.';
    END IF;
    NEW.updated_at := now();
    RETURN NEW;
END
$$
"""

_SYNC_RUN = """
CREATE TABLE cdp.sync_run (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed text NOT NULL,
    dag_run_id text NOT NULL,
    file_set_id text NOT NULL,
    fingerprint text NOT NULL,
    ordered_at timestamptz NOT NULL,
    manifest jsonb,
    config_hash text NOT NULL,
    preview boolean NOT NULL,
    state text NOT NULL CHECK (
        state IN ('open', 'applied', 'previewed', 'quarantined', 'superseded', 'abandoned', 'ended')
    ),
    counts jsonb NOT NULL DEFAULT '{}',
    error_code text,
    error_message text,
    opened_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (feed, dag_run_id)
)
"""

# The last guard of "exactly once": whatever the tasks do, one version of a file set is applied once.
_APPLIED_ONCE = """
CREATE UNIQUE INDEX sync_run_applied_once ON cdp.sync_run (feed, file_set_id, fingerprint, ordered_at)
WHERE state IN ('applied', 'ended')
"""

_SYNC_STEP = """
CREATE TABLE cdp.sync_step (
    run_id bigint NOT NULL REFERENCES cdp.sync_run ON DELETE CASCADE,
    step text NOT NULL,
    counts jsonb NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, step)
)
"""

_SYNC_FILE = """
CREATE TABLE cdp.sync_file (
    run_id bigint NOT NULL REFERENCES cdp.sync_run ON DELETE CASCADE,
    part_no integer NOT NULL CHECK (part_no >= 0),
    feed text NOT NULL,
    key text NOT NULL,
    size bigint NOT NULL,
    etag text NOT NULL,
    modified timestamptz NOT NULL,
    state text NOT NULL CHECK (
        state IN ('seen', 'loading', 'loaded', 'applied', 'quarantined', 'superseded', 'historised')
    ),
    rows bigint,
    rejected bigint,
    reject_counts jsonb NOT NULL DEFAULT '{}',
    sha256 text,
    historised_key text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, part_no)
)
"""

# No foreign key: it would cost a look-up per rejected line.
_REJECT = """
CREATE TABLE cdp.reject (
    run_id bigint NOT NULL,
    part_no integer NOT NULL,
    line_no bigint,
    column_name text,
    code text NOT NULL,
    value text
)
"""

_AUDIT = """
CREATE TABLE cdp.audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}'
)
"""

_RUN_FORWARD_ONLY = """
CREATE TRIGGER forward_only BEFORE UPDATE ON cdp.sync_run FOR EACH ROW EXECUTE FUNCTION cdp.forward_only(
    'open>applied', 'open>previewed', 'open>quarantined', 'open>abandoned', 'open>superseded',
    'quarantined>superseded', 'applied>ended'
)
"""

_FILE_FORWARD_ONLY = """
CREATE TRIGGER forward_only BEFORE UPDATE ON cdp.sync_file FOR EACH ROW EXECUTE FUNCTION cdp.forward_only(
    'seen>loading', 'seen>loaded', 'seen>applied', 'seen>quarantined', 'seen>superseded',
    'loading>loaded', 'loading>quarantined', 'loading>superseded',
    'loaded>applied', 'loaded>quarantined', 'loaded>superseded',
    'quarantined>superseded', 'applied>historised', 'quarantined>historised', 'superseded>historised'
)
"""


def upgrade() -> None:
    for statement in (
        _SYNC_RUN,
        _APPLIED_ONCE,
        _SYNC_STEP,
        _SYNC_FILE,
        "CREATE INDEX sync_file_key ON cdp.sync_file (feed, key, run_id)",
        _REJECT,
        "CREATE INDEX reject_run ON cdp.reject (run_id, part_no, line_no)",
        _AUDIT,
        _FORWARD_ONLY,
        _RUN_FORWARD_ONLY,
        _FILE_FORWARD_ONLY,
    ):
        op.execute(statement)
