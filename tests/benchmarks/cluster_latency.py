"""How long a small file set takes from its manifest to Campaign's tables, while a sensor waits for it."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from typing import Any, Final

from campaign_cdp.sandbox.feed_exports import audience_for, destination_for
from campaign_cdp.sandbox.platform import export
from tests.benchmarks.cluster_stand import RECIPIENTS, ClusterStand

ROWS: Final = 1_000
_DAG, _FEED = "audience_import__small", "small"
_APPLIED = "SELECT count(*) FROM cdp.sync_run WHERE feed = 'small' AND state IN ('applied', 'ended')"


def latency(stand: ClusterStand, number: int) -> float:
    """Put the ``number``-th file set while the Dag waits; returns seconds until its transaction is committed.

    :raises SystemExit: if it is not applied within two minutes.
    """
    feed = stand.feed(_FEED)
    audience = audience_for(feed, lines=ROWS, known=RECIPIENTS, first=1 + number * ROWS)
    run_id = stand.cluster.trigger(_DAG)
    _until(lambda: any(task["state"] == "deferred" for task in stand.tasks(_DAG, run_id, "file_transfer")), 0.2)
    ((before,),) = stand.sql(_APPLIED)
    # Files come at any moment between two looks.
    time.sleep(random.Random(number).uniform(0, feed.poll_interval.total_seconds()))
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
    export(audience, destination_for(feed), stand.storage.put, scheduled_at=at)
    written = time.monotonic()
    _until(lambda: stand.sql(_APPLIED) == [(before + 1,)], 0.05)
    seconds = time.monotonic() - written
    _until(lambda: stand.cluster.state(_DAG, run_id) == "success", 0.2)
    return seconds


def summary(runs: list[float], poll_s: float) -> dict[str, Any]:
    p95 = quantiles(runs, n=20, method="inclusive")[-1] if len(runs) > 1 else runs[0]
    return {
        "rows": ROWS,
        "poll_s": poll_s,
        "median_s": round(median(runs), 2),
        "p95_s": round(p95, 2),
        "runs_s": [round(seconds, 2) for seconds in runs],
    }


def _until(condition: Any, every: float) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("A small file set was not through within 120 s; nothing was measured.")
        time.sleep(every)
