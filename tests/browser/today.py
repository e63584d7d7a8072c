"""Today's runs and windows: those of the sample, as they look after a real day."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import psycopg

from campaign_cdp.exceptions import RejectLimitError
from campaign_cdp.file_sets import FileSet, StoredObject
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.rows.rejects import Reject, RejectCode
from tests.browser.history import TODAYS_RUN_AGO, counts_of
from tests.ops_page.samples import Sample, write_sample

_MESSAGE = (
    "cart_abandoners: 50 of 100 lines rejected (50 %, limit 1 %). No line was applied. Most common: bad_email (50). "
    "Correct the export, or raise rejects in cart_abandoners.yaml and clear this task."
)


def write_today(conn: psycopg.Connection) -> Sample:
    sample = write_sample(conn)
    now = datetime.now(UTC).replace(microsecond=0)
    applied_at = now - TODAYS_RUN_AGO
    conn.execute("DELETE FROM cdp.limit_reading WHERE limit_name = 'database_storage' AND contract = 100")
    conn.execute("SET LOCAL session_replication_role = replica")  # no trigger writes its own time into what was then
    _took(conn, sample.applied, applied_at, seconds=47)
    _took(conn, sample.quarantined, now - timedelta(minutes=37), seconds=21)
    _applied(conn, sample.applied, applied_at)
    _quarantined(conn, sample.quarantined)
    _window(conn, sample.window, now - timedelta(minutes=9))
    return sample


def quarantine_another(conn: psycopg.Connection, name: str) -> int:
    """Write down a run of ``cart_abandoners`` with a file set of its own in quarantine; returns its id."""
    at = datetime.now(UTC)
    part = StoredObject(f"audiences/cart_abandoners/{name}.csv", 1000, name, at)
    files = FileSet(f"flow-{name}", at, (part,), None)
    ledger = Ledger(conn)
    run = ledger.open_run(feed="cart_abandoners", dag_run_id=name, file_set=files, config_hash="h", preview=False).run
    ledger.quarantine(run.run_id, RejectLimitError("cart_abandoners: too many lines rejected."))
    return run.run_id


def _took(conn: psycopg.Connection, run_id: int, at: datetime, *, seconds: int) -> None:
    conn.execute(
        "UPDATE cdp.sync_run SET ordered_at = %s, opened_at = %s, updated_at = %s WHERE run_id = %s",
        (at - timedelta(minutes=9), at, at + timedelta(seconds=seconds), run_id),
    )


def _applied(conn: psycopg.Connection, run_id: int, at: datetime) -> None:
    counts = counts_of(48_211, 15)
    conn.execute("UPDATE cdp.sync_run SET counts = %s WHERE run_id = %s", (json.dumps(counts), run_id))
    conn.execute("UPDATE cdp.sync_file SET rows = 24098, size = 506124 WHERE run_id = %s AND part_no > 0", (run_id,))
    conn.execute("DELETE FROM cdp.sync_step WHERE run_id = %s", (run_id,))
    changed = {name: counts[name] for name in ("inserted", "updated", "unchanged")}
    for step, step_counts, seconds in (
        ("deduplication", {"rows": 48_143, "duplicates": counts["duplicates"]}, 17),
        ("reconciliation", {"lines": counts["rows"], "rejected": 15, **changed}, 29),
        ("update_data", {name: counts[name] for name in ("inserted", "updated")}, 45),
    ):
        conn.execute(
            "INSERT INTO cdp.sync_step (run_id, step, counts, finished_at) VALUES (%s, %s, %s, %s)",
            (run_id, step, json.dumps(step_counts), at + timedelta(seconds=seconds)),
        )


def _quarantined(conn: psycopg.Connection, run_id: int) -> None:
    lines = [Reject(line, RejectCode.BAD_EMAIL, "email", "xxxx.xxxxxxx@xxxxxxx") for line in range(2, 52)]
    Ledger(conn).add_rejects(run_id, 1, lines)
    conn.execute("UPDATE cdp.sync_run SET error_message = %s WHERE run_id = %s", (_MESSAGE, run_id))


def _window(conn: psycopg.Connection, window_id: int, at: datetime) -> None:
    conn.execute(
        "UPDATE cdp.export_window SET opened_at = %s, updated_at = %s WHERE window_id = %s",
        (at, at + timedelta(seconds=24), window_id),
    )
    conn.execute("UPDATE cdp.export_file SET size = 1402233 WHERE window_id = %s", (window_id,))
