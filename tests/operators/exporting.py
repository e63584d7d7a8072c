"""Runs the tasks of an export Dag one after the other, as Airflow would, without Airflow's processes."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import psycopg

from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.operators.data_extraction import ExtractPartitionOperator
from campaign_cdp.operators.end_export import EndExportOperator
from campaign_cdp.operators.incremental_query import IncrementalQueryOperator
from campaign_cdp.operators.publication import PublishFilesOperator
from campaign_cdp.sensors.landing_check import LandingCheckSensor
from tests.chaos.steps import SKIPPED, Step, Steps, run_here, sensor_steps
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

    def steps(self, dag_run_id: str = "run1", **params: Any) -> Steps:
        """What happens in which process."""
        context = self.context(dag_run_id, **params)
        for n, partition in enumerate((yield self._step("incremental_query", IncrementalQueryOperator, context)), 1):
            yield self._step(f"data_extraction {n}", ExtractPartitionOperator, context, partition=partition)
        if (yield self._step("file_transfer", PublishFilesOperator, context)) != SKIPPED:
            yield from self._landing_check(context)
            yield self._step("end", EndExportOperator, context)

    def run(self, dag_run_id: str = "run1", **params: Any) -> dict[str, int]:
        """Run all tasks; returns the counts of the window."""
        results = run_here(self.steps(dag_run_id, **params))
        if "end" in results:
            return results["end"]
        ((counts,),) = self.sql("SELECT counts FROM cdp.export_window WHERE dag_run_id = %s", dag_run_id)
        return counts

    def landing_check(self, context: dict[str, Any]) -> Any:
        return list(run_here(self._landing_check(context)).values())[-1]

    def _landing_check(self, context: dict[str, Any]) -> Generator[Step, Any, Any]:
        return sensor_steps(lambda: LandingCheckSensor(task_id="landing_check", feed=self.feed), context)

    def _step(self, name: str, operator: Callable[..., Any], context: dict[str, Any], **fields: Any) -> Step:
        task_id = name.partition(" ")[0]
        return Step(name, lambda: operator(task_id=task_id, feed=self.feed, **fields).execute(context))

    def sql(self, query: str, *args: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as conn:
            cursor = conn.execute(query, args)
            return cursor.fetchall() if cursor.description else []

    def object_keys(self, prefix: str = "") -> list[str]:
        return list(self.place.sizes(prefix))

    def events(self, *folders: str) -> list[dict[str, Any]]:
        """All published events of all runs, CSV or JSON lines; those in AEP's folder, or in ``folders``."""
        found: list[dict[str, Any]] = []
        for key in [key for folder in folders or (self.feed.landing_zone.prefix,) for key in self.object_keys(folder)]:
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
