"""Runs the tasks of an export Dag one after the other, as Airflow would, without Airflow's processes."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import psycopg
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred

from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.operators.data_extraction import ExtractPartitionOperator
from campaign_cdp.operators.end_export import EndExportOperator
from campaign_cdp.operators.incremental_query import IncrementalQueryOperator
from campaign_cdp.operators.publication import PublishFilesOperator
from campaign_cdp.sensors.landing_check import LandingCheckSensor
from tests.places import Place

FEED: dict[str, Any] = {
    "id": "events",
    "direction": "event_export",
    "owner": "o",
    "instance": "acme",
    "logs": {"delivery": {}, "tracking": {}},
    "window": {"first_run": "all", "settle": "0s"},
    "alerts": {"landing_within": "1s"},
}


class Export:
    """One feed with its storage and database."""

    def __init__(self, place: Place, dsn: str, **feed: Any) -> None:
        folders = {"prefix": "out/events/", "staging": "staging/events/"}
        self.feed = EventFeed.model_validate({**FEED, **feed, "landing_zone": {**place.landing_zone, **folders}})
        self.place, self.dsn = place, dsn

    def context(self, dag_run_id: str, **params: Any) -> dict[str, Any]:
        defaults = {"preview": False, "backfill_from": None, "backfill_to": None, "accept_gap": False}
        events: dict[str, Any] = {}
        return {
            "dag_run": SimpleNamespace(run_id=dag_run_id, start_date=datetime.now(UTC)),
            "params": {**defaults, **params},
            "outlet_events": _OutletEvents(events),
        }

    def run(self, dag_run_id: str = "run1", **params: Any) -> dict[str, int]:
        """Run all tasks; returns the counts of the window."""
        context = self.context(dag_run_id, **params)
        partitions = IncrementalQueryOperator(task_id="incremental_query", feed=self.feed).execute(context)
        for partition in partitions:
            ExtractPartitionOperator(task_id="data_extraction", feed=self.feed, partition=partition).execute(context)
        try:
            PublishFilesOperator(task_id="file_transfer", feed=self.feed).execute(context)
            self.landing_check(context)
            return EndExportOperator(task_id="end", feed=self.feed).execute(context)
        except AirflowSkipException:
            ((counts,),) = self.sql("SELECT counts FROM cdp.export_window WHERE dag_run_id = %s", dag_run_id)
            return counts

    def landing_check(self, context: dict[str, Any]) -> Any:
        sensor = LandingCheckSensor(task_id="landing_check", feed=self.feed)
        try:
            return sensor.execute(context)
        except TaskDeferred as deferred:
            event = asyncio.run(_first_event(deferred.trigger))
            sensor = LandingCheckSensor(task_id="landing_check", feed=self.feed)  # as Airflow does
            kwargs = {**(deferred.kwargs or {}), "event": event}
            counts = sensor.resume_execution(deferred.method_name, kwargs, context)
            assert sensor.window_id is not None
            return counts

    def sql(self, query: str, *args: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as conn:
            cursor = conn.execute(query, args)
            return cursor.fetchall() if cursor.description else []

    def object_keys(self, prefix: str = "") -> list[str]:
        return list(self.place.sizes(prefix))

    def events(self) -> list[dict[str, Any]]:
        """All published events of all runs, CSV or JSON lines."""
        found: list[dict[str, Any]] = []
        for key in self.object_keys(self.feed.landing_zone.prefix):
            body = self.place.read(key)
            text = (gzip.decompress(body) if key.endswith(".gz") else body).decode()
            rows = csv.DictReader(io.StringIO(text)) if ".csv" in key else map(json.loads, text.splitlines())
            found.extend(rows)
        return found


class _OutletEvents:
    def __init__(self, events: dict[str, Any]) -> None:
        self.events = events

    def __getitem__(self, asset: Any) -> Any:
        return self.events.setdefault(asset.name, SimpleNamespace(extra=None))


async def _first_event(trigger: Any) -> dict[str, Any]:
    return (await anext(trigger.run())).payload
