"""An export that is killed at any instruction and cleared publishes the same events, and overwrites nothing."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from campaign_cdp.sandbox.deliveries import flip, simulate
from tests.operators.exporting import Export
from tests.operators.killing import POINTS, in_child

NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)


def export_with_history(new_export) -> Export:
    """A finished window, and news for the next one in several files of several partitions."""
    export = new_export(parts={"max_rows": 40, "partitions": 2})
    with psycopg.connect(export.dsn) as conn:
        simulate(conn, deliveries=1, recipients=60, at=NOW, span=timedelta(hours=2))
        export.run("run0")
        flip(conn, rows=30, at=NOW + timedelta(hours=4))
        simulate(conn, deliveries=1, recipients=60, at=NOW + timedelta(hours=4), span=timedelta(hours=2), seed=2)
    return export


def state_of(export: Export) -> dict[str, object]:
    """Everything that must be the same, but for window numbers and times."""
    return {
        "events": sorted(event["event_id"] for event in export.events()),
        "files": [(key.split("_")[1], key.rsplit("_", 2)[1:]) for key in export.object_keys("out/")],
        "staging": export.object_keys("staging/"),
        "windows": export.sql("SELECT dag_run_id, state, counts FROM cdp.export_window ORDER BY window_id"),
        "recorded": export.sql(
            "SELECT log, partition_no, file_no, rows, state FROM cdp.export_file ORDER BY 1, 2, 3, 4"
        ),
        "watermarks": export.sql("SELECT log FROM cdp.watermark ORDER BY 1"),
    }


def versions(export: Export) -> dict[str, object]:
    return {obj.key: (obj.size, obj.modified) for obj in export.place.storage.objects("out/")}


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, object]:
    """Filled by the first test: how much happens in an undisturbed run, and what it leads to."""
    return {}


@pytest.mark.parametrize("point", range(POINTS))
def test_a_killed_and_cleared_export_ends_like_an_undisturbed_one(new_export, undisturbed, point):
    export = export_with_history(new_export)
    if not undisturbed:
        status, undisturbed["events"] = in_child(lambda: export.run("run1"), counting=True)
        assert status == 0
        undisturbed["state"] = state_of(export)
        assert undisturbed["events"] > POINTS, "the profiler must have seen the run"
        export = export_with_history(new_export)
    kill_at = 1 + undisturbed["events"] * (2 * point + 1) // (2 * POINTS)

    killed, _ = in_child(lambda: export.run("run1"), kill_at)
    seen_by_then = versions(export)
    again, _ = in_child(lambda: export.run("run1"))

    assert os.WIFSIGNALED(killed)
    assert again == 0
    assert state_of(export) == undisturbed["state"]
    assert seen_by_then.items() <= versions(export).items(), "no object that AEP may have seen was written again"
