"""Whole exports on real servers: nothing lost, nothing twice, nothing half-written where AEP looks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from campaign_cdp.exceptions import FileReplacedError, RetriableSyncError, WindowGapError, WindowUnfinishedError
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.operators.data_extraction import ExtractPartitionOperator
from campaign_cdp.operators.incremental_query import IncrementalQueryOperator
from campaign_cdp.operators.publication import PublishFilesOperator
from campaign_cdp.sandbox.deliveries import Events, flip, late, simulate
from campaign_cdp.sandbox.feed_sources import dataflow_for
from tests.chaos.child import Child

#: All events happened before this test, yet within every overlap of the windows it opens.
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)


def send(export, at: datetime = NOW) -> Events:
    with psycopg.connect(export.dsn) as conn:
        return simulate(conn, deliveries=2, recipients=60, at=at, span=timedelta(hours=2))


def published(export) -> Counter[str]:
    return Counter(event["event_id"] for event in export.events())


def counted(sent: Events, *logs: str) -> dict[str, int]:
    return {f"{log}/{state}": n for (log, state), n in sent.items() if n and log in logs}


def only_events(counts: dict[str, int]) -> dict[str, int]:
    return {name: n for name, n in counts.items() if "/" in name and n}


def test_every_event_leaves_once_with_an_id_of_its_own(new_export):
    export = new_export()
    sent = send(export)

    counts = export.run()

    assert only_events(counts) == counted(sent, "delivery", "tracking")
    ids = published(export)
    assert sum(ids.values()) == sum(only_events(counts).values())
    assert set(ids.values()) == {1}


@pytest.mark.parametrize("zone", ["s3", "azure_blob", "local"])
@pytest.mark.parametrize("is_early", [True, False], ids=["before it stages", "before it records"])
def test_a_worker_that_was_thought_dead_replaces_nothing_that_its_retry_staged(new_export, monkeypatch, zone, is_early):
    export = new_export(zone)
    sent, write = send(export), ExtractPartitionOperator._write

    def overtaken(self, *args):
        monkeypatch.setattr(ExtractPartitionOperator, "_write", write)
        retry = ExtractPartitionOperator(task_id="retry", feed=export.feed, partition=self.partition)
        if is_early:
            retry.execute(export.context("run1"))
        yield from write(self, *args)
        if not is_early:
            retry.execute(export.context("run1"))

    monkeypatch.setattr(ExtractPartitionOperator, "_write", overtaken)

    counts = export.run("run1")

    assert only_events(counts) == counted(sent, "delivery", "tracking")
    assert set(published(export).values()) == {1}
    assert export.object_keys("staging/") == []


@pytest.mark.parametrize("zone", ["s3", "local"])
def test_what_an_abandoned_window_staged_is_removed_at_the_end_of_the_next(new_export, monkeypatch, zone):
    export = new_export(zone)
    sent = send(export)
    with monkeypatch.context() as patch:
        patch.setattr(PublishFilesOperator, "execute", _unreachable)
        with pytest.raises(RetriableSyncError):
            export.run("run1")
    export.place.put("staging/events/9/later", b"of a run that is at work")
    assert len(export.object_keys("staging/")) > 1

    counts = export.run("run2")

    assert only_events(counts) == counted(sent, "delivery", "tracking")
    assert export.object_keys("staging/") == ["staging/events/9/later"]


def _unreachable(self, context):
    raise RetriableSyncError("The storage is away.")


def test_later_windows_bring_only_what_is_new(new_export):
    export = new_export()
    send(export)
    export.run("run1")
    before = published(export)
    with psycopg.connect(export.dsn) as conn:
        news = flip(conn, rows=20, at=NOW + timedelta(hours=4)) + late(conn, rows=15, at=NOW + timedelta(hours=4))

    counts = export.run("run2")

    assert only_events(counts) == counted(news, "delivery", "tracking")
    after = published(export)
    assert set(after.values()) == {1}
    assert len(after) == len(before) + sum(news[key] for key in news if key[0] in {"delivery", "tracking"})


def test_window_without_events_is_done_and_writes_no_file(new_export):
    export = new_export()

    export.run("run1")

    assert export.object_keys() == []
    assert export.sql("SELECT state FROM cdp.export_window") == [("done",)]


def test_clearing_a_finished_run_changes_nothing(new_export):
    export = new_export()
    send(export)
    export.run("run1")
    before = list(export.place.storage.objects(""))
    watermarks = export.sql("SELECT * FROM cdp.watermark ORDER BY log")

    export.run("run1")

    assert list(export.place.storage.objects("")) == before
    assert export.sql("SELECT * FROM cdp.watermark ORDER BY log") == watermarks


def test_files_keep_their_limits_and_legal_names(new_export):
    export = new_export(parts={"max_rows": 50, "partitions": 2})
    send(export)

    counts = export.run()

    rows = export.sql("SELECT rows FROM cdp.export_file")
    assert max(n for (n,) in rows) <= 50
    assert sum(n for (n,) in rows) == sum(only_events(counts).values())
    for key in export.object_keys("out/"):
        assert key.removeprefix("out/events/").replace("_", "").replace(".", "").replace("-", "").isalnum()


@pytest.mark.parametrize(
    ("fmt", "compression"), [("csv", "none"), ("jsonl", "gzip"), ("jsonl", "none"), ("parquet", "none")]
)
def test_each_format_holds_the_same_events(new_export, fmt, compression):
    export = new_export(format=fmt, compression=compression)
    sent = send(export)

    counts = export.run()

    assert only_events(counts) == counted(sent, "delivery", "tracking")
    assert sum(n for (n,) in export.sql("SELECT rows FROM cdp.export_file")) == sum(only_events(counts).values())


def test_preview_counts_but_exports_nothing_and_forgets(new_export):
    export = new_export()
    sent = send(export)

    counts = export.run("run1", preview=True)

    assert only_events(counts) == counted(sent, "delivery", "tracking")
    assert export.object_keys() == []
    assert only_events(export.run("run2")) == counted(sent, "delivery", "tracking")


def test_backfill_takes_its_span_and_leaves_the_watermark(new_export):
    export = new_export(window={"first_run": "now", "settle": "0s"})
    export.run("run1")
    sent = send(export)
    watermarks = export.sql("SELECT log, value FROM cdp.watermark ORDER BY log")

    counts = export.run(
        "run2",
        backfill_from=(NOW - timedelta(days=1)).isoformat(),
        backfill_to=(NOW + timedelta(days=1)).isoformat(),
    )

    assert only_events(counts) == counted(sent, "delivery", "tracking")
    assert export.sql("SELECT log, value FROM cdp.watermark ORDER BY log") == watermarks


def test_gap_longer_than_campaigns_retention_is_an_error_not_a_hole(new_export):
    export = new_export()
    export.run("run1")
    export.sql("UPDATE cdp.watermark SET value = now() - interval '200 days'")

    with pytest.raises(WindowGapError, match="keeps its logs for 180"):
        export.run("run2")

    export.run("run2", accept_gap=True)


def test_another_run_waits_until_a_half_published_window_is_finished(new_export, monkeypatch):
    export = new_export()
    send(export)
    monkeypatch.setattr("campaign_cdp.sensors.landing_check.LandingCheckSensor.execute", _broken)
    with pytest.raises(ConnectionError):
        export.run("run1")

    with pytest.raises(WindowUnfinishedError, match="run1"):
        export.run("run2")


def _broken(self, context):
    raise ConnectionError


def test_an_extraction_that_cannot_write_fails_at_once_although_rows_are_under_way(new_export, monkeypatch):
    export = new_export(parts={"max_rows": 10})
    send(export)

    def broken(self, key, body):
        raise RetriableSyncError("No route to the storage.")

    monkeypatch.setattr("campaign_cdp.hooks.landing_zone.s3.S3LandingZone.stage", broken)

    ended = Child(lambda: export.run("run1")).ended(time_limit=30)

    assert (ended.timed_out, ended.error) == (False, "RetriableSyncError: ACR-200 No route to the storage.")


def test_published_file_that_vanished_fails_the_landing_check(new_export, monkeypatch):
    export = new_export()
    send(export)
    publish = PublishFilesOperator.execute

    def and_lose_one(self, context):
        counts = publish(self, context)
        with landing_zone_for(export.feed.landing_zone) as zone:
            assert zone.delete(zone.stat(export.object_keys("out/")[0]))
        return counts

    monkeypatch.setattr(PublishFilesOperator, "execute", and_lose_one)

    with pytest.raises(FileReplacedError, match="1 published files are missing"):
        export.run("run1")
    assert export.sql("SELECT count(*) FROM cdp.watermark") == [(0,)]


def test_task_marked_as_success_by_hand_cannot_lose_its_events(new_export):
    export = new_export()
    send(export)
    context = export.context("run1")
    IncrementalQueryOperator(task_id="incremental_query", feed=export.feed).execute(context)

    with pytest.raises(Exception, match="data_extraction 1 of window"):
        PublishFilesOperator(task_id="file_transfer", feed=export.feed).execute(context)
    assert export.object_keys("out/") == []


@pytest.mark.parametrize(("fmt", "compression"), [("csv", "gzip"), ("jsonl", "none"), ("parquet", "none")])
def test_the_stand_in_for_aep_accepts_every_event_of_every_format(new_export, fmt, compression):
    export = new_export(format=fmt, compression=compression)
    send(export)
    counts = only_events(export.run())

    taken = dataflow_for(export.feed, export.place.storage).run(datetime.now(UTC) + timedelta(seconds=2))

    assert (taken.rejected, taken.reasons) == (0, {})
    assert taken.accepted == sum(counts.values())
