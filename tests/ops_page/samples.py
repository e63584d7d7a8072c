"""A small ledger: one import that went well, one that is quarantined, and an export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from campaign_cdp.exceptions import RejectLimitError
from campaign_cdp.file_sets import FileSet, StoredObject
from campaign_cdp.ledger.store import Ledger, StagedFile
from campaign_cdp.limits.reading import Reading
from campaign_cdp.rows.rejects import Reject, RejectCode
from campaign_cdp.windows import LogWindow


@dataclass(frozen=True, slots=True)
class Sample:
    """Ids of what is in the ledger."""

    applied: int
    quarantined: int
    window: int


def write_sample(conn: psycopg.Connection) -> Sample:
    ledger = Ledger(conn)
    applied = _applied(ledger)
    quarantined = quarantine(ledger, "manual__1")
    window = _window(ledger)
    ledger.record_readings(
        [
            Reading("database_storage", "campaign_db", 40, 50, 100, 80, 95),
            Reading("rows_per_file", "delivery_events", 0, 990, 1000, 80, None),
        ]
    )
    return Sample(applied, quarantined, window)


def _file_set(name: str, hours_ago: int = 1) -> FileSet:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=hours_ago)
    parts = tuple(StoredObject(f"audiences/{name}/{part}.csv", 1000, f"e{part}", at) for part in ("a", "a_2"))
    return FileSet(f"flow-{name}", at, parts, StoredObject(f"audiences/{name}/manifest.json", 90, "m", at))


def _applied(ledger: Ledger) -> int:
    files = _file_set("loyalty_gold")
    run = ledger.open_run(
        feed="loyalty_gold", dag_run_id="scheduled__1", file_set=files, config_hash="h", preview=False
    ).run.run_id
    ledger.add_rejects(run, 1, [Reject(n, RejectCode.BAD_EMAIL, "email", "xxx@") for n in range(2, 12)])
    ledger.add_rejects(run, 2, [Reject(n, RejectCode.TOO_LONG, "lastName", "Xxxxx") for n in range(2, 7)])
    ledger.record_part(run, 1, rows=990, rejected=10, reject_counts={"bad_email": 10}, sha256="s1")
    ledger.record_part(run, 2, rows=995, rejected=5, reject_counts={"too_long": 5}, sha256="s2")
    ledger.record_step(run, "deduplication", {"rows": 1985, "duplicates": 0})
    ledger.finish(run, "applied", {"rows": 2000, "rejected": 15, "inserted": 7, "updated": 3})
    ledger.audit("Dag run scheduled__1", "start over", "loyalty_gold", {"run_id": run})
    ledger.historised(run, 1, StoredObject("historised/a.csv", 1000, "e", files.ordered_at))
    return run


def quarantine(ledger: Ledger, dag_run_id: str) -> int:
    """Write down a run of ``cart_abandoners`` with too many rejects; returns its id."""
    files = _file_set("cart_abandoners")
    run = ledger.open_run(
        feed="cart_abandoners", dag_run_id=dag_run_id, file_set=files, config_hash="h", preview=False
    ).run.run_id
    ledger.record_part(run, 1, rows=50, rejected=50, reject_counts={"bad_email": 50}, sha256="s")
    ledger.quarantine(run, RejectLimitError("cart_abandoners: 50 of 100 lines rejected (50 %, limit 1 %)."))
    return run


def _window(ledger: Ledger) -> int:
    upper = datetime.now(UTC) - timedelta(minutes=10)
    bounds = [LogWindow("delivery", None, upper), LogWindow("tracking", upper - timedelta(days=1), upper)]
    window = ledger.open_window(
        feed="delivery_events", dag_run_id="scheduled__1", bounds=bounds, config_hash="h"
    ).window
    ledger.record_selected(window.window_id, {"delivery": {"sent": 70}, "tracking": {"open": 20, "click": 10}})
    key = "events/delivery_events/delivery_1.csv.gz"
    file = StagedFile(
        file_no=1, log="delivery", staged_key="staging/1", key=key, size=700, etag="e", rows=70, sha256="s"
    )
    ledger.record_files(window.window_id, 1, [file])
    ledger.finish_window(window.window_id, "staged")
    ledger.start_publishing(window.window_id)
    ledger.mark_published(window.window_id, 1, 1, StoredObject(key, 700, "e2", datetime.now(UTC)))
    ledger.finish_window(window.window_id, "published")
    ledger.advance_watermarks(window)
    ledger.finish_window(window.window_id, "done")
    return window.window_id
