"""A ledger of many runs, written by PostgreSQL itself; for tests of paging and for the benchmark."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

_RUNS = """
INSERT INTO cdp.sync_run (
    feed, dag_run_id, file_set_id, fingerprint, ordered_at, config_hash, preview, state, counts, error_code,
    error_message, opened_at, updated_at
)
SELECT
    (%(feeds)s::text[])[1 + n %% %(many)s],
    'seed_' || n,
    'flow-' || n,
    md5(n::text),
    t.at - interval '20 minutes',
    'h',
    n %% 97 = 0,
    CASE WHEN n %% 97 = 0 THEN 'previewed' WHEN n %% 41 = 0 THEN 'quarantined' ELSE 'ended' END,
    CASE WHEN n %% 41 = 0 AND n %% 97 <> 0 THEN '{}'::jsonb
        ELSE jsonb_build_object(
            'rows', 10000, 'rejected', 10, 'duplicates', 1, 'inserted', 100, 'updated', 200, 'unchanged', 9689,
            'unmatched', 0, 'list_added', 50, 'list_removed', 40
        )
    END,
    CASE WHEN n %% 41 = 0 THEN 'ACR-310' END,
    CASE WHEN n %% 41 = 0 THEN 'Too many lines rejected (1.5 %%, limit 1 %%).' END,
    t.at,
    t.at + interval '3 minutes'
FROM generate_series(1, %(runs)s) AS n
CROSS JOIN LATERAL (SELECT date_trunc('hour', now()) - %(span)s * (%(runs)s - n) / %(runs)s AS at) AS t
"""
_FILES = """
INSERT INTO cdp.sync_file (
    run_id, part_no, feed, key, size, etag, modified, state, rows, rejected, reject_counts, sha256
)
SELECT
    r.run_id,
    p.part_no,
    r.feed,
    'in/' || r.run_id || '_' || p.part_no || '.csv',
    1000000,
    md5(r.run_id::text),
    r.ordered_at,
    CASE WHEN r.state = 'quarantined' THEN 'quarantined' ELSE 'historised' END,
    5000,
    5,
    '{"bad_email": 5}',
    md5(r.run_id::text)
FROM cdp.sync_run AS r
CROSS JOIN generate_series(1, 2) AS p (part_no)
WHERE r.dag_run_id LIKE 'seed_%'
"""
_REJECTS = """
INSERT INTO cdp.reject (run_id, part_no, line_no, column_name, code, value)
SELECT
    r.run_id,
    1 + n %% 2,
    CASE WHEN n %% 500 > 0 THEN n END,
    CASE WHEN n %% 1000 > 0 THEN 'email' END,
    CASE WHEN n %% 500 = 0 THEN 'ambiguous_key' WHEN n %% 700 = 1 THEN 'too_long' ELSE 'bad_email' END,
    'xxx' || n
FROM unnest(%(runs)s::bigint[]) AS r (run_id)
CROSS JOIN generate_series(2, %(each)s + 1) AS n
"""
_WINDOWS = """
INSERT INTO cdp.export_window (feed, dag_run_id, config_hash, preview, backfill, state, counts, opened_at, updated_at)
SELECT
    (%(feeds)s::text[])[1 + n %% %(many)s],
    'seed_' || n,
    'h',
    n %% 97 = 0,
    n %% 89 = 0,
    CASE WHEN n %% 97 = 0 THEN 'previewed' ELSE 'done' END,
    '{"delivery/sent": 1000}',
    t.at,
    t.at + interval '2 minutes'
FROM generate_series(1, %(windows)s) AS n
CROSS JOIN LATERAL (SELECT date_trunc('hour', now()) - %(span)s * (%(windows)s - n) / %(windows)s AS at) AS t
"""
_LOGS = """
INSERT INTO cdp.export_log (window_id, log, lower, upper, rows, remembered_until)
SELECT w.window_id, l.log, w.opened_at - interval '1 day', w.opened_at, 1000, w.opened_at
FROM cdp.export_window AS w CROSS JOIN unnest('{delivery,tracking}'::text[]) AS l (log)
WHERE w.dag_run_id LIKE 'seed_%'
"""
_EXPORT_FILES = """
INSERT INTO cdp.export_file (
    window_id, partition_no, file_no, log, staged_key, key, size, etag, rows, state, published_at
)
SELECT w.window_id, 1, 1, 'delivery', 's/' || w.window_id, 'p/' || w.window_id, 1000, 'e', 1000, 'published', w.updated_at
FROM cdp.export_window AS w WHERE w.dag_run_id LIKE 'seed_%'
"""
_READINGS = """
INSERT INTO cdp.limit_reading (
    at, limit_name, scope, used, projected, contract, warn_pct, stop_pct, verdict
)
SELECT now() - n * interval '1 hour', l.name, 'campaign_db', 40 + n %% 5, 45 + n %% 5, 100, 80, 95, 'ok'
FROM generate_series(0, %(hours)s) AS n
CROSS JOIN unnest('{database_storage,active_profiles,exports_per_day,batches_per_day}'::text[]) AS l (name)
"""
_AUDIT = """
INSERT INTO cdp.audit (at, actor, action, subject, detail)
SELECT r.opened_at, 'ann', 'run', r.feed, jsonb_build_object('dag_run_id', r.dag_run_id)
FROM cdp.sync_run AS r WHERE r.dag_run_id LIKE 'seed_%' AND r.run_id % 5 = 0
"""


def seed_runs(conn: psycopg.Connection, feeds: Sequence[str], runs: int, *, days: int = 90) -> None:
    """Write so many runs with two files each, spread evenly over the feeds and the last days."""
    span = f"{days} days"
    values = {"feeds": list(feeds), "many": len(feeds), "runs": runs, "span": span}
    conn.execute(_RUNS.replace("%(span)s", "%(span)s::interval"), values)
    conn.execute(_FILES)
    conn.execute(_AUDIT)


def seed_rejects(conn: psycopg.Connection, run_ids: Sequence[int], each: int) -> None:
    """Write so many rejected lines for each of the runs; one of 500 has no line, one of 700 has another code."""
    conn.execute(_REJECTS, {"runs": list(run_ids), "each": each})


def seed_windows(conn: psycopg.Connection, feeds: Sequence[str], windows: int, *, days: int = 90) -> None:
    """Write so many finished windows with two logs and a file each."""
    values = {"feeds": list(feeds), "many": len(feeds), "windows": windows, "span": f"{days} days"}
    conn.execute(_WINDOWS.replace("%(span)s", "%(span)s::interval"), values)
    conn.execute(_LOGS)
    conn.execute(_EXPORT_FILES)


def seed_readings(conn: psycopg.Connection, hours: int) -> None:
    conn.execute(_READINGS, {"hours": hours})
