"""A run that would cross a limit of the contract writes nothing, and goes through once the limit is raised."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from campaign_cdp.exceptions import FeedConfigError, LimitError
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.operators.incremental_query import IncrementalQueryOperator
from campaign_cdp.sandbox.deliveries import simulate
from tests.declared_limits import TINY, tables, verdicts

NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)


def send(export: Any) -> None:
    with psycopg.connect(export.dsn) as conn:
        simulate(conn, deliveries=2, recipients=60, at=NOW, span=timedelta(hours=2))


def earlier_windows(export: Any, count: int, *, feed: str = "other", state: str = "done", hours: float = 1) -> None:
    """Windows of another feed, with events."""
    for n in range(count):
        export.sql(
            "WITH w AS (INSERT INTO cdp.export_window (feed, dag_run_id, config_hash, preview, backfill, state, opened_at) "
            "VALUES (%s, %s, '', false, false, %s, now() - %s) RETURNING window_id) "
            "INSERT INTO cdp.export_log (window_id, log, upper, rows, remembered_until) "
            "SELECT window_id, 'delivery', now(), 10, now() FROM w",
            f"{feed}{n}",
            f"r{n}",
            state,
            timedelta(hours=hours),
        )


def untouched(export: Any) -> bool:
    windows = export.sql("SELECT count(*) FROM cdp.export_window WHERE feed = 'events'")
    return windows == [(0,)] and tables(export) == [] and export.place.sizes() == {}


EXPORT_LIMITS = {
    "exports_per_day": {"contract": 2},
    "batches_per_day": {"contract": 2},
    "rows_per_file": {"contract": 10},
    "database_storage": TINY,
}


@pytest.mark.parametrize("name", EXPORT_LIMITS)
def test_refused_export_leaves_no_window_and_goes_through_once_the_limit_is_raised(new_export, limits, name):
    export = new_export(zone="local")
    send(export)
    earlier_windows(export, 2)
    limits.write(**{name: EXPORT_LIMITS[name]})

    with pytest.raises(
        LimitError, match=r"ACR-400 events: this run would pass a limit of the contract\. Nothing was written"
    ):
        export.run()

    assert untouched(export)
    assert [found for found, _, _ in verdicts(export, of=["stop"])] == [name]
    assert export.sql("SELECT * FROM cdp.watermark") == []

    limits.write(**{name: {"contract": 10**9}})
    assert sum(export.run().values()) > 0
    assert export.sql("SELECT state FROM cdp.export_window WHERE feed = 'events'") == [("done",)]
    assert len(export.events()) > 100


def test_export_that_would_overfill_its_landing_zone_is_refused(new_export, limits):
    export = new_export(zone="local")
    send(export)
    limits.write(sftp_storage={"contract": "1KB"})

    with pytest.raises(LimitError, match=r"SFTP storage of landing_zone_local:.* 0 bytes used, .* KB with this run"):
        export.run()

    assert untouched(export)
    limits.write(sftp_storage={"contract": "1GB"})
    export.run()
    assert len(export.events()) > 100


def test_size_of_files_is_projected_from_those_the_feed_wrote_before(new_export, limits):
    export = new_export(zone="local")
    send(export)
    export.run("run1")
    ((size, rows),) = export.sql("SELECT sum(size)::int, sum(rows)::int FROM cdp.export_file")
    limits.write(sftp_storage={"contract": "1GB"})
    with psycopg.connect(export.dsn) as conn:
        more = simulate(conn, deliveries=2, recipients=60, at=NOW + timedelta(hours=3), span=timedelta(hours=1), seed=5)

    export.run("run2")

    new = sum(count for (log, _), count in more.items() if log in {"delivery", "tracking"})
    ((used, projected),) = export.sql(
        "SELECT used, projected FROM cdp.limit_reading WHERE limit_name = 'sftp_storage' AND dag_run_id = 'run2'"
    )
    assert used == size
    assert projected - used == pytest.approx(new * size / rows, rel=0.01)


@pytest.mark.parametrize(
    ("windows", "is_refused"),
    [({"hours": 21.9}, True), ({"hours": 22.1}, False), ({"state": "staged"}, True), ({"state": "abandoned"}, False)],
    ids=str,
)
def test_day_counts_what_was_published_and_what_is_under_way(new_export, limits, windows, is_refused):
    export = new_export(zone="local")
    earlier_windows(export, 2, **windows)
    limits.write(exports_per_day={"contract": 2})

    if is_refused:
        with pytest.raises(
            LimitError, match=r"Exports per day of campaign_db: .* 3 exports with this run, contract 2 exports"
        ):
            export.run()
    else:
        export.run()


def test_two_exports_that_start_at_once_are_not_both_the_last_of_the_day(new_export, limits):
    export = new_export(zone="local")
    limits.write(exports_per_day={"contract": 1})
    query = IncrementalQueryOperator(task_id="incremental_query", feed=export.feed)
    with psycopg.connect(export.dsn) as other, ThreadPoolExecutor(1) as pool:
        Ledger(other).lock_limits()
        other.execute(
            "INSERT INTO cdp.export_window (feed, dag_run_id, config_hash, preview, backfill, state) "
            "VALUES ('other', 'r', '', false, false, 'planned')"
        )
        second = pool.submit(query.execute, export.context("run1"))
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
        while export.sql(waiting) == [(0,)]:
            assert not second.done()
        other.commit()

        with pytest.raises(LimitError, match="0 exports used, 2 exports with this run"):
            second.result(timeout=30)


def test_window_without_events_is_an_export_but_no_batch(new_export, limits):
    export = new_export(zone="local")
    earlier_windows(export, 2)
    limits.write(batches_per_day={"contract": 2})

    export.run()

    assert export.sql("SELECT used, projected FROM cdp.limit_reading WHERE limit_name = 'batches_per_day'") == [(2, 2)]
    assert export.sql("SELECT used, projected FROM cdp.limit_reading WHERE limit_name = 'exports_per_day'") == [(2, 3)]


def test_window_that_is_open_is_finished_whatever_the_limits_say_now(new_export, limits):
    export = new_export(zone="local")
    send(export)
    limits.write()
    context = export.context("run1")
    IncrementalQueryOperator(task_id="incremental_query", feed=export.feed).execute(context)
    limits.write(database_storage=TINY, rows_per_file={"contract": 1})

    export.run("run1")

    assert export.sql("SELECT state FROM cdp.export_window") == [("done",)]


def test_preview_of_an_export_is_warned_but_not_stopped(new_export, limits, caplog):
    export = new_export(zone="local")
    send(export)
    limits.write(database_storage=TINY, rows_per_file={"contract": 10})

    with caplog.at_level(logging.WARNING):
        counts = export.run(preview=True)

    assert sum(counts.values()) > 100
    assert "Rows per file of events: 0 rows so far" in caplog.text
    assert export.sql("SELECT state FROM cdp.export_window") == [("previewed",)]


def test_broken_limits_stop_the_export(new_export, limits):
    export = new_export(zone="local")
    limits.write_text("exports_per_day: {contract: six}\n")

    with pytest.raises(FeedConfigError, match=r"limits\.yaml:1: exports_per_day\.contract"):
        export.run()

    assert untouched(export)


def test_missing_file_means_no_limits(new_export, limits, caplog):
    export = new_export(zone="local")
    send(export)
    earlier_windows(export, 20)

    with caplog.at_level(logging.WARNING):
        export.run()

    assert "no limit of the contract is checked" in caplog.text
