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
from campaign_cdp.limits.model import Limits
from campaign_cdp.operators.data_loading import LoadPartOperator
from campaign_cdp.operators.deduplication import DeduplicateOperator
from campaign_cdp.operators.incremental_query import IncrementalQueryOperator
from campaign_cdp.operators.reconciliation import ReconcileOperator
from campaign_cdp.sandbox.deliveries import simulate
from tests.declared_limits import DeclaredLimits
from tests.operators.importing import line

NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)
TINY = {"contract": "1MB"}


@pytest.fixture
def limits(tmp_path, monkeypatch) -> DeclaredLimits:
    return DeclaredLimits(tmp_path, monkeypatch)


def verdicts(desk: Any, **only: Any) -> list[tuple[str, str, str]]:
    """Limit, scope and verdict of the readings that runs made."""
    rows = desk.sql(
        "SELECT limit_name, scope, verdict FROM cdp.limit_reading WHERE feed IS NOT NULL ORDER BY reading_id"
    )
    return [row for row in rows if row[2] in only.get("of", ("ok", "warn", "stop"))]


def campaign_rows(desk: Any) -> dict[str, list[Any]]:
    tables = ("nmsrecipient", "nmsgroup", "nmsrcpgrprel")
    return {table: desk.sql(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}


def tables(desk: Any) -> list[str]:
    rows = desk.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'cdp' AND tablename ~ '_[0-9]' ORDER BY 1")
    return [name for (name,) in rows]


# -- Imports ------------------------------------------------------------------------------------------------------


def test_import_that_would_overfill_the_database_opens_no_run(new_import, limits):
    imports = new_import(zone="local")
    imports.export([line("ann@x.io", name="Ann")])
    before, files = campaign_rows(imports), imports.place.sizes()
    limits.write(database_storage=TINY)

    with pytest.raises(
        LimitError, match=r"ACR-400 gold: .*Nothing was written[\s\S]*Database storage of campaign_db: .* MB used"
    ):
        imports.run()

    assert campaign_rows(imports) == before
    assert imports.place.sizes() == files
    assert imports.sql("SELECT count(*) FROM cdp.sync_run") == [(0,)]
    assert tables(imports) == []
    assert verdicts(imports) == [("database_storage", "campaign_db", "stop")]

    limits.write(database_storage={"contract": "10TB"})
    assert imports.run()["inserted"] == 1


PLAN_LIMITS = {
    "active_profiles": {"active_profiles": {"contract": 1}},
    "rows_per_file": {"rows_per_file": {"contract": 2, "warn_pct": 50}},
    "database_storage": {"database_storage": TINY},
}


@pytest.mark.parametrize("name", PLAN_LIMITS)
def test_refused_plan_changes_nothing_and_goes_through_once_the_limit_is_raised(new_import, limits, name):
    imports = new_import(zone="local")
    imports.export([line("old@x.io", name="Old")])
    imports.run("before")
    imports.export([line("ann@x.io", name="Ann"), line("bob@x.io"), line("old@x.io", name="New"), line("bad")])
    before, files = campaign_rows(imports), imports.place.sizes()
    load_only(imports, "run1")
    limits.write(**PLAN_LIMITS[name])

    with pytest.raises(LimitError, match="Nothing was written"):
        reconcile(imports, "run1")

    assert campaign_rows(imports) == before
    assert imports.place.sizes() == files, "not even the file of rejects"
    assert imports.sql("SELECT state FROM cdp.sync_run ORDER BY run_id") == [("ended",), ("open",)]
    assert [found for found, _, _ in verdicts(imports, of=["stop"])] == [name]

    limits.write(**{name: {"contract": 10**9}})
    counts = imports.run("run1")
    assert (counts["inserted"], counts["updated"], counts["rejected"]) == (2, 1, 1)
    assert imports.members() == ["ann@x.io", "bob@x.io", "old@x.io"]


def load_only(imports: Any, dag_run_id: str) -> None:
    context = imports.context(dag_run_id)
    for part in imports.file_transfer(context):
        LoadPartOperator(task_id="data_loading", feed=imports.feed, part=part).execute(context)
    DeduplicateOperator(task_id="deduplication", feed=imports.feed).execute(context)


def reconcile(imports: Any, dag_run_id: str) -> None:
    ReconcileOperator(task_id="reconciliation", feed=imports.feed).execute(imports.context(dag_run_id))


def test_file_of_rejects_that_would_overfill_the_landing_zone_is_not_written(new_import, limits):
    imports = new_import(zone="local")
    imports.export([line("ann@x.io"), line("bad")])
    limits.write(sftp_storage={"contract": 100})
    files = imports.place.sizes()

    with pytest.raises(LimitError, match="SFTP storage of landing_zone_local:"):
        imports.run()

    assert imports.place.sizes() == files
    assert imports.recipients() == []
    limits.write(sftp_storage={"contract": "1GB"})
    assert imports.run()["inserted"] == 1
    assert len(imports.place.sizes()) == len(files) + 1


def test_import_that_writes_nothing_to_a_full_landing_zone_goes_on(new_import, limits):
    imports = new_import(zone="local")
    imports.export([line("ann@x.io")])
    limits.write(sftp_storage={"contract": 100})

    assert imports.run()["inserted"] == 1


def test_preview_is_warned_but_not_stopped(new_import, limits, caplog):
    imports = new_import(zone="local")
    imports.export([line("ann@x.io"), line("bob@x.io")])
    limits.write(database_storage=TINY, active_profiles={"contract": 1})

    with caplog.at_level(logging.WARNING):
        counts = imports.run(preview=True)

    assert counts["inserted"] == 2
    assert "Active profiles of campaign_db: 0 profiles used, 2 profiles with this run" in caplog.text
    assert imports.sql("SELECT state FROM cdp.sync_run") == [("previewed",)]
    assert imports.recipients() == []


def test_warning_is_logged_with_its_numbers_and_the_run_goes_on(new_import, limits, caplog):
    imports = new_import(zone="local")
    imports.export([line("ann@x.io"), line("bob@x.io")])
    limits.write(active_profiles={"contract": 2, "warn_pct": 50})

    with caplog.at_level(logging.WARNING):
        assert imports.run()["inserted"] == 2

    assert "2 profiles with this run, contract 2 profiles: 100.0 % (warn at 50 %, stop at 100 %)" in caplog.text
    assert ("active_profiles", "campaign_db", "warn") in verdicts(imports)


def test_members_that_are_active_already_bring_no_new_profile(new_import, limits):
    imports = new_import(zone="local")
    ann = imports.add_recipient("ann@x.io")
    imports.sql(
        "INSERT INTO nmsbroadlogrcp (ibroadlogid, irecipientid, istatus, tsevent, tslastmodified) VALUES (1, %s, 1, now(), now())",
        ann,
    )
    imports.export([line("ann@x.io")])
    limits.write(active_profiles={"contract": 1})

    imports.run()

    assert imports.members() == ["ann@x.io"]
    assert imports.sql(
        "SELECT used, projected FROM cdp.limit_reading WHERE limit_name = 'active_profiles' AND feed = 'gold'"
    ) == [(1, 1)]


def test_recent_count_is_used_again_and_an_old_one_is_not(new_import, limits):
    imports = new_import(zone="local")
    limits.write(active_profiles={"contract": 100})
    with psycopg.connect(imports.dsn) as conn:
        Ledger(conn).record_readings([Limits.none().reading("active_profiles", "campaign_db", 99)])
    imports.export([line("ann@x.io"), line("bob@x.io")])

    with pytest.raises(LimitError, match="99 profiles used, 101 profiles with this run"):
        imports.run()

    imports.sql("UPDATE cdp.limit_reading SET at = at - interval '26 hours' WHERE feed IS NULL")
    assert imports.run()["inserted"] == 2
    assert imports.sql("SELECT used FROM cdp.limit_reading WHERE feed IS NULL ORDER BY reading_id") == [(99,), (0,)]


def test_broken_limits_stop_the_run_before_anything_is_written(new_import, limits):
    imports = new_import(zone="local")
    imports.export([line("ann@x.io")])
    limits.write_text("database_storage:\n  contract: huge\n")

    with pytest.raises(FeedConfigError, match=r"limits\.yaml:2: database_storage\.contract: 'huge' is not a size"):
        imports.run()

    assert (imports.recipients(), imports.sql("SELECT * FROM cdp.sync_run")) == ([], [])


def test_applied_run_that_is_cleared_is_not_held_against_limits_again(new_import, limits):
    imports = new_import(zone="local")
    imports.export([line("ann@x.io")])
    imports.run()
    limits.write(database_storage=TINY, active_profiles={"contract": 1}, rows_per_file={"contract": 1, "warn_pct": 1})

    assert imports.run()["inserted"] == 1


# -- Exports ------------------------------------------------------------------------------------------------------


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
