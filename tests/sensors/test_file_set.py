from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferralTimeout, TaskDeferred

from campaign_cdp import exceptions
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.ledger.store import Ledger, Run
from campaign_cdp.sandbox.campaign_database import create_database, drop_database
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.s3 import landing_zone_connection
from campaign_cdp.sensors.file_set import FileSetSensor
from tests.buckets import remove_bucket

if TYPE_CHECKING:
    from campaign_cdp.sandbox.postgres import PostgresServer
    from campaign_cdp.sandbox.s3 import S3Server

BODY = b"email\nann@x.io\n"


@dataclass
class Desk:
    """One feed with a bucket and a database of its own, and Airflow's side of the sensor."""

    s3: Any
    bucket: str
    dsn: str
    parts: list[dict[str, Any]] = field(default_factory=list)

    def feed(self, export: str = "full", late_is: str = "failed", **landing_zone: str) -> AudienceFeed:
        zone = {"type": "s3", "connection": "landing_zone_s3", "bucket": self.bucket, "prefix": "in/", **landing_zone}
        return AudienceFeed.model_validate(
            {
                "id": "gold",
                "direction": "audience_import",
                "owner": "crm",
                "landing_zone": zone,
                "export": export,
                "columns": {"email": {"from": "email"}},
                "reconciliation_key": "email",
                "list": {"name": "GOLD", "mode": "add"},
                "alerts": {"late_after": "1h", "late_is": late_is},
            }
        )

    def export(self, run: str, *names: str, hour: int = 1, without: tuple[str, ...] = ()) -> None:
        results = [{"sinkPath": "/in", "name": name, "size": len(BODY)} for name in names]
        doc = {"flowRunId": run, "scheduledTime": f"2026-03-01T{hour:02}:00:00Z", "exportResults": results}
        self.put(f"in/manifest-d-{run}.json", json.dumps(doc).encode())
        for name in set(names) - set(without):
            self.put(f"in/{name}", BODY)

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def context(self, dag_run_id: str = "run1", *, started: datetime | None = None) -> Any:
        # The deadline has passed, so that the trigger looks once.
        dag_run = SimpleNamespace(run_id=dag_run_id, start_date=started or datetime.now(UTC) - timedelta(hours=2))
        return {"dag_run": dag_run, "params": {"preview": False}}

    def wait(self, feed: AudienceFeed, dag_run_id: str = "run1") -> Run:
        """Run the task through its deferral; returns the run it opened."""
        sensor, context = FileSetSensor(task_id="file_transfer", feed=feed), self.context(dag_run_id)
        with pytest.raises(TaskDeferred) as deferred:
            sensor.execute(context)
        event = json.loads(json.dumps(asyncio.run(_only_event(deferred.value.trigger))))
        parts = sensor.resume_execution(deferred.value.method_name, {"event": event}, context)
        self.parts = json.loads(json.dumps(parts))
        with psycopg.connect(self.dsn) as conn:
            return Ledger(conn).run_of(feed.id, dag_run_id)

    def apply(self, run: Run) -> None:
        with psycopg.connect(self.dsn) as conn:
            conn.execute("UPDATE cdp.sync_file SET state = 'loaded' WHERE run_id = %s", (run.run_id,))
            Ledger(conn).finish(run.run_id, "applied", {})

    def quarantine(self, run: Run) -> None:
        with psycopg.connect(self.dsn) as conn:
            Ledger(conn).quarantine(run.run_id, exceptions.HeaderError("bad"))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as conn:
            return conn.execute(query).fetchall()


async def _only_event(trigger: Any) -> dict[str, Any]:
    [event] = [event async for event in trigger.run()]
    return event.payload


@pytest.fixture(scope="module")
def ledger_template(postgres_server: PostgresServer) -> str:
    name = f"ledger_{uuid.uuid4().hex[:12]}"
    create_database(postgres_server.dsn(), name)
    upgrade(postgres_server.dsn(name))
    return name


@pytest.fixture(scope="module")
def s3(s3_server: S3Server) -> Any:
    return s3_server.client()


@pytest.fixture
def desk(
    postgres_server: PostgresServer,
    s3_server: S3Server,
    s3: Any,
    ledger_template: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    name = f"desk-{uuid.uuid4().hex[:12]}"
    create_database(postgres_server.dsn(), name, template=ledger_template)
    dsn = postgres_server.dsn(name)
    monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_DB", campaign_connection(dsn))
    zone = landing_zone_connection(s3_server.endpoint_url, s3_server.access_key, s3_server.secret_key)
    monkeypatch.setenv("AIRFLOW_CONN_LANDING_ZONE_S3", zone)
    s3.create_bucket(Bucket=name)
    yield Desk(s3, name, dsn)
    remove_bucket(s3, name)
    drop_database(postgres_server.dsn(), name)


def test_defers_with_an_absolute_deadline_counted_from_the_start_of_the_dag_run(desk: Desk) -> None:
    started = datetime.now(UTC) - timedelta(minutes=50)
    sensor = FileSetSensor(task_id="file_transfer", feed=desk.feed())
    for _ in range(2):  # a retry does not prolong the wait
        with pytest.raises(TaskDeferred) as deferred:
            sensor.execute(desk.context(started=started))
        assert deferred.value.trigger.deadline == (started + timedelta(hours=1)).isoformat()
        assert timedelta(minutes=19) < deferred.value.timeout <= timedelta(minutes=20)


def test_opens_a_run_for_the_next_complete_set(desk: Desk) -> None:
    desk.export("r1", "g.csv", "g_2.csv")
    assert desk.wait(desk.feed()).file_set.id == "r1"
    assert [(part["part_no"], part["key"], part["size"]) for part in desk.parts] == [
        (1, "in/g.csv", len(BODY)),
        (2, "in/g_2.csv", len(BODY)),
    ]
    assert set(desk.parts[0]) == {"part_no", "key", "size", "etag", "modified"}
    assert desk.rows("SELECT dag_run_id, state, preview FROM cdp.sync_run") == [("run1", "open", False)]


def test_a_cleared_task_goes_on_with_its_own_file_set_without_waiting(desk: Desk) -> None:
    desk.export("r2", "h.csv", hour=2)
    desk.wait(desk.feed())
    desk.export("r1", "g.csv", hour=1)
    again = FileSetSensor(task_id="file_transfer", feed=desk.feed()).execute(desk.context())
    assert again == desk.parts
    assert desk.rows("SELECT count(*) FROM cdp.sync_run") == [(1,)]


def test_a_manifest_without_files_opens_a_run_without_parts(desk: Desk) -> None:
    desk.export("r1")
    assert desk.wait(desk.feed()).file_set.parts == ()
    assert desk.parts == []


def test_sets_come_in_order_and_none_twice(desk: Desk) -> None:
    desk.export("b", "1.csv", hour=1)
    desk.export("a", "0.csv", hour=2)
    taken = []
    for run in ("run1", "run2"):
        taken.append(desk.wait(desk.feed("incremental"), run))
        desk.apply(taken[-1])
    assert [run.file_set.id for run in taken] == ["b", "a"]
    with pytest.raises(exceptions.FileSetLateError, match="nothing new is there"):
        desk.wait(desk.feed("incremental"), "run3")


def test_writes_down_what_is_superseded_once(desk: Desk) -> None:
    desk.export("new", "n.csv", hour=5)
    desk.apply(desk.wait(desk.feed()))
    desk.export("old", "o.csv", hour=1, without=("o.csv",))
    for run in ("run2", "run3"):
        with pytest.raises(exceptions.FileSetLateError, match="nothing new is there"):
            desk.wait(desk.feed(), run)
    assert desk.rows("SELECT file_set_id FROM cdp.sync_run WHERE state = 'superseded'") == [("old",)]


def test_a_replaced_part_is_a_new_version_of_its_set(desk: Desk) -> None:
    desk.export("r1", "g.csv", "g_2.csv")
    desk.apply(desk.wait(desk.feed()))
    desk.put("in/g_2.csv", BODY.replace(b"ann", b"bob"))
    assert desk.wait(desk.feed(), "run2").file_set.id == "r1"
    assert len(desk.parts) == 2


def test_a_quarantined_set_blocks_an_incremental_feed_until_its_files_are_replaced(desk: Desk) -> None:
    feed = desk.feed("incremental")
    desk.export("r1", "g.csv", hour=1)
    desk.quarantine(desk.wait(feed))
    desk.export("r2", "h.csv", hour=2)
    with pytest.raises(exceptions.FileSetBlockedError, match="manifest-d-r1"):
        desk.wait(feed, "run2")
    desk.put("in/g.csv", BODY.replace(b"ann", b"bob"))
    assert desk.wait(feed, "run2").file_set.id == "r1"


def test_an_incomplete_older_set_is_named_when_the_deadline_passes(desk: Desk) -> None:
    desk.export("r1", "g.csv", "g_2.csv", hour=1, without=("g_2.csv",))
    desk.export("r2", "h.csv", hour=2)
    with pytest.raises(exceptions.FileSetBlockedError, match=r"lacks g_2\.csv"):
        desk.wait(desk.feed("incremental"))
    assert desk.wait(desk.feed("full")).file_set.id == "r2"


@pytest.mark.parametrize(
    ("late_is", "error"), [("failed", exceptions.FileSetLateError), ("skipped", AirflowSkipException)]
)
def test_nothing_at_all_is_late_or_skipped_as_the_feed_says(desk: Desk, late_is: str, error: type[Exception]) -> None:
    with pytest.raises(error, match="nothing new is there"):
        desk.wait(desk.feed(late_is=late_is))


def test_an_export_that_never_became_whole_is_never_skipped(desk: Desk) -> None:
    desk.export("r1", "g.csv", without=("g.csv",))
    with pytest.raises(exceptions.FileSetLateError, match=r"g\.csv \(15 bytes\)"):
        desk.wait(desk.feed(late_is="skipped"))


def test_broken_is_raised_as_what_it_is_even_where_late_is_skipped(desk: Desk) -> None:
    desk.put("in/manifest-d-x.json", b"{")
    with pytest.raises(exceptions.ManifestError, match="is not a manifest"):
        desk.wait(desk.feed(late_is="skipped"))
    with pytest.raises(exceptions.FeedConfigError, match="NoSuchBucket"):
        desk.wait(desk.feed(bucket="no-such-bucket"))


def test_a_wrong_password_fails_at_once_as_denied(
    desk: Desk, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = landing_zone_connection(s3_server.endpoint_url, s3_server.access_key, "wrong")
    monkeypatch.setenv("AIRFLOW_CONN_LANDING_ZONE_S3", wrong)
    with pytest.raises(exceptions.AccessDeniedError, match="SignatureDoesNotMatch"):
        desk.wait(desk.feed(late_is="skipped"))


def test_a_ledger_that_is_missing_is_said_before_waiting(desk: Desk) -> None:
    desk.rows("SELECT 1")
    with psycopg.connect(desk.dsn) as conn:
        conn.execute("DROP SCHEMA cdp CASCADE")
    with pytest.raises(exceptions.LedgerVersionError):
        FileSetSensor(task_id="file_transfer", feed=desk.feed()).execute(desk.context())


def test_a_silent_triggerer_is_not_taken_for_nothing_new(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def timed_out(*args: Any) -> None:
        raise TaskDeferralTimeout

    sensor = FileSetSensor(task_id="file_transfer", feed=desk.feed(late_is="skipped"))
    monkeypatch.setattr(sensor, "execute_complete", timed_out)
    with pytest.raises(exceptions.RetriableSyncError, match="triggerer"):
        sensor.resume_execution("execute_complete", {}, desk.context())


@pytest.mark.parametrize("option", ["soft_fail", "never_fail"])
def test_refuses_options_that_hide_broken_files(desk: Desk, option: str) -> None:
    with pytest.raises(ValueError, match="would hide broken files"):
        FileSetSensor(task_id="file_transfer", feed=desk.feed(), **{option: True})
