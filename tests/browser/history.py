"""A month of runs, windows and readings, so that lists, charts and trends have something to show."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta

import psycopg

#: After midnight, what is told as today's run is one of yesterday; the days before are counted from there.
TODAYS_RUN_AGO = timedelta(hours=2, minutes=14)
_DAYS = 30
_TB, _GB = 10**12, 10**9
#: Days ago -> what was different then.
_ODD = {3: "previewed", 9: "quarantined", 17: "superseded"}
_MESSAGE = (
    "loyalty_gold: 1,204 of {rows:,} lines rejected (2.8 %, limit 1 %). No line was applied. Most common: bad_email "
    "(1,100); too_long (104)."
)


def write_history(conn: psycopg.Connection) -> None:
    """Write what happened on the days before today."""
    now = datetime.now(UTC).replace(microsecond=0)
    for day in range(_DAYS, 0, -1):
        at = (now - TODAYS_RUN_AGO).replace(hour=4, minute=21, second=7) - timedelta(days=day)
        rows = 40_000 + int(6_000 * math.sin(day / 3)) + 300 * (_DAYS - day) + 900 * (day * 7 % 5)
        _run(conn, day, at, rows)
        _window(conn, day, at - timedelta(minutes=6), rows // 3)
        _readings(conn, day, now - timedelta(days=day))
    _readings(conn, 0, now - timedelta(minutes=12))


def counts_of(rows: int, rejected: int) -> dict[str, int]:
    """Return counts that add up: each line is rejected, a duplicate, or one of the changes."""
    duplicates = rows // 900
    applied = rows - rejected - duplicates
    inserted, updated = applied // 60, applied // 14
    return {
        "rows": rows,
        "rejected": rejected,
        "duplicates": duplicates,
        "inserted": inserted,
        "updated": updated,
        "unchanged": applied - inserted - updated,
        "unmatched": 0,
        "list_added": inserted + 12,
        "list_removed": inserted - inserted // 3,
    }


def _run(conn: psycopg.Connection, day: int, at: datetime, rows: int) -> None:
    state = _ODD.get(day, "ended")
    rejected = 1_204 if state == "quarantined" else 20 + day * 13 % 70
    error = ("ACR-310", _MESSAGE.format(rows=rows)) if state == "quarantined" else (None, None)
    is_counted = state in {"ended", "previewed"}
    ((run_id,),) = conn.execute(
        "INSERT INTO cdp.sync_run (feed, dag_run_id, file_set_id, fingerprint, ordered_at, config_hash, preview, state, "
        "counts, error_code, error_message, opened_at, updated_at) "
        "VALUES ('loyalty_gold', %s, %s, %s, %s, 'h', %s, %s, %s, %s, %s, %s, %s) RETURNING run_id",
        (
            f"scheduled__{at:%Y-%m-%dT%H:%M:%S}+00:00",
            f"flow-{day}",
            f"print-{day}",
            at - timedelta(minutes=9 + day * 5 % 11),
            state == "previewed",
            state,
            json.dumps(counts_of(rows, rejected) if is_counted else {}),
            *error,
            at,
            at + timedelta(seconds=40 + day * 11 % 23),
        ),
    ).fetchall()
    kept = {"ended": "historised", "previewed": "loaded"}.get(state, state)
    conn.execute(
        "INSERT INTO cdp.sync_file (run_id, part_no, feed, key, size, etag, modified, state, rows, rejected, "
        "reject_counts, sha256) VALUES (%s, 1, 'loyalty_gold', %s, %s, 'e', %s, %s, %s, %s, %s, %s)",
        (
            run_id,
            f"audiences/loyalty_gold/gold_{at:%Y-%m-%d}.csv.gz",
            rows * 21,
            at,
            kept,
            rows - rejected,
            rejected,
            json.dumps({"bad_email": rejected}),
            f"{day:064x}",
        ),
    )


def _window(conn: psycopg.Connection, day: int, at: datetime, rows: int) -> None:
    ((window_id,),) = conn.execute(
        "INSERT INTO cdp.export_window (feed, dag_run_id, config_hash, preview, backfill, state, counts, opened_at, "
        "updated_at) VALUES ('delivery_events', %s, 'h', FALSE, %s, 'done', %s, %s, %s) RETURNING window_id",
        (
            f"scheduled__{at:%Y-%m-%dT%H:%M:%S}+00:00",
            day == 5,
            json.dumps({"delivery/sent": rows, "files": 1, "rows": rows}),
            at,
            at + timedelta(seconds=20 + day * 7 % 9),
        ),
    ).fetchall()
    conn.execute(
        "INSERT INTO cdp.export_log (window_id, log, lower, upper, rows, remembered_until) "
        "VALUES (%s, 'delivery', %s, %s, %s, %s)",
        (window_id, at - timedelta(days=2), at - timedelta(minutes=10), rows, at),
    )
    key = f"events/delivery_events/delivery_{at:%Y%m%d}_1.csv.gz"
    conn.execute(
        "INSERT INTO cdp.export_file (window_id, partition_no, file_no, log, staged_key, key, size, etag, rows, state, "
        "published_at) VALUES (%s, 1, 1, 'delivery', %s, %s, %s, 'e', %s, 'published', %s)",
        (window_id, f"staging/{window_id}", key, rows * 88, rows, at + timedelta(seconds=18)),
    )


def _readings(conn: psycopg.Connection, day: int, at: datetime) -> None:
    passed = _DAYS - day
    for name, scope, used, contract, warn, stop in (
        ("active_profiles", "campaign_db", 1_502_311 + 3_377 * passed, 2_000_000, 90, 100),
        ("database_storage", "campaign_db", 288 * _GB + 800_000_000 * passed, _TB // 2, 80, 95),
        ("exports_per_day", "campaign_db", 4, 6, 100, 100),
    ):
        conn.execute(
            "INSERT INTO cdp.limit_reading (at, limit_name, scope, used, projected, contract, warn_pct, stop_pct, "
            "verdict) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'ok')",
            (at, name, scope, used, used, contract, warn, stop),
        )
