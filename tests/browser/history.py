"""A month of runs, windows and readings, so that charts and trends have something to show."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta

import psycopg

_DAYS = 30


def write_history(conn: psycopg.Connection) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    for day in range(_DAYS, 0, -1):
        at = now - timedelta(days=day, hours=2)
        rows = 40_000 + int(8_000 * math.sin(day / 3)) + 300 * (_DAYS - day)
        _run(conn, day, at, rows, rejected=30 + day * 13 % 70)
        _window(conn, day, at, rows // 3)
        _readings(conn, day, now - timedelta(days=day))


def _run(conn: psycopg.Connection, day: int, at: datetime, rows: int, rejected: int) -> None:
    counts = {
        "rows": rows,
        "rejected": rejected,
        "duplicates": rows // 50,
        "inserted": rows // 10,
        "updated": rows // 7,
    }
    counts |= {"unchanged": rows // 2, "unmatched": 0, "list_added": rows // 9, "list_removed": rows // 40}
    ((run_id,),) = conn.execute(
        "INSERT INTO cdp.sync_run (feed, dag_run_id, file_set_id, fingerprint, ordered_at, config_hash, preview, state, "
        "counts, opened_at, updated_at) VALUES ('loyalty_gold', %s, %s, %s, %s, 'h', FALSE, 'ended', %s, %s, %s) "
        "RETURNING run_id",
        (
            f"history__{day}",
            f"flow-{day}",
            f"print-{day}",
            at - timedelta(hours=1),
            json.dumps(counts),
            at,
            at + timedelta(seconds=40 + day),
        ),
    ).fetchall()
    conn.execute(
        "INSERT INTO cdp.sync_file (run_id, part_no, feed, key, size, etag, modified, state, rows, rejected) "
        "VALUES (%s, 1, 'loyalty_gold', %s, 900000, 'e', %s, 'historised', %s, %s)",
        (run_id, f"audiences/loyalty_gold/export_{day}.csv.gz", at, rows, rejected),
    )


def _window(conn: psycopg.Connection, day: int, at: datetime, rows: int) -> None:
    ((window_id,),) = conn.execute(
        "INSERT INTO cdp.export_window (feed, dag_run_id, config_hash, preview, backfill, state, counts, opened_at, "
        "updated_at) VALUES ('delivery_events', %s, 'h', FALSE, FALSE, 'done', %s, %s, %s) RETURNING window_id",
        (
            f"history__{day}",
            json.dumps({"delivery/sent": rows, "files": 1, "rows": rows}),
            at,
            at + timedelta(seconds=20),
        ),
    ).fetchall()
    conn.execute(
        "INSERT INTO cdp.export_log (window_id, log, lower, upper, rows, remembered_until) "
        "VALUES (%s, 'delivery', %s, %s, %s, %s)",
        (window_id, at - timedelta(days=1), at, rows, at),
    )


def _readings(conn: psycopg.Connection, day: int, at: datetime) -> None:
    for name, scope, used, contract in (
        ("active_profiles", "campaign_db", 1_700_000 + 9_000 * (_DAYS - day), 2_000_000),
        ("database_storage", "campaign_db", 40, 100),
        ("exports_per_day", "campaign_db", 4, 6),
    ):
        conn.execute(
            "INSERT INTO cdp.limit_reading (at, limit_name, scope, used, projected, contract, warn_pct, stop_pct, verdict) "
            "VALUES (%s, %s, %s, %s, %s, %s, 80, 100, %s)",
            (at, name, scope, used, used, contract, "warn" if used > 0.8 * contract else "ok"),
        )
