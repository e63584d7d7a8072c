"""Runs the tasks of an import Dag one after the other, as Airflow would, without Airflow's processes."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import psycopg

from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.operators.data_loading import LoadPartOperator
from campaign_cdp.operators.deduplication import DeduplicateOperator
from campaign_cdp.operators.end import EndImportOperator
from campaign_cdp.operators.reconciliation import ReconcileOperator
from campaign_cdp.operators.update_data import ApplyAudienceOperator
from campaign_cdp.sensors.file_set import FileSetSensor
from tests.chaos.steps import Step, Steps, run_here, sensor_steps
from tests.places import Place

HEADER = "email,crmId,firstName,city,optOut,segmentMembership.seg_namespace.seg_id.status"
FEED: dict[str, Any] = {
    "id": "gold",
    "direction": "audience_import",
    "owner": "o",
    "export": "full",
    "columns": {
        "email": {"from": "email"},
        "account": {"from": "crmId"},
        "firstName": {"from": "firstName"},
        "location/city": {"from": "city"},
        "blackListEmail": {"from": "optOut"},
    },
    "reconciliation_key": "email",
    "profiles": {"mode": "insert_or_update"},
    "list": {"name": "GOLD", "mode": "mirror"},
    "rejects": {"max_pct": 100},
    "volume_guard": {"max_removed_pct": 100},
    "alerts": {"late_after": "2s"},
}


def line(
    email: str,
    account: str = "null",
    name: str = "null",
    city: str = "null",
    opt_out: str = "null",
    status: str = "realized",
) -> str:
    return ",".join((email, account, name, city, opt_out, status))


class Import:
    """One feed with its storage and database.

    :param feed: as the feed file would have it; merged over :data:`FEED` one level deep.
    """

    def __init__(self, place: Place, dsn: str, **feed: Any) -> None:
        merged = {**FEED, **feed, "landing_zone": {**place.landing_zone, "prefix": "in/gold/"}}
        self.feed = AudienceFeed.model_validate(merged)
        self.place, self.dsn = place, dsn
        self.exports = 0

    # -- AEP's side ---------------------------------------------------------------------------------------------------

    def put(self, key: str, body: bytes) -> None:
        self.place.put(self.feed.landing_zone.prefix + key, body)

    def export(self, *parts: list[str] | bytes, header: str = HEADER, zipped: bool = False) -> None:
        """Write parts and their manifest; each export is scheduled an hour after the one before."""
        self.exports += 1
        results = []
        for n, part in enumerate(parts, start=1):
            body = part if isinstance(part, bytes) else ("\n".join([header, *part]) + "\n").encode()
            body = gzip.compress(body, mtime=0) if zipped else body
            name = f"export{self.exports}{f'_{n}' if n > 1 else ''}.csv{'.gz' if zipped else ''}"
            self.put(name, body)
            results.append({"sinkPath": "/in/gold", "name": name, "size": len(body)})
        run_id = str(uuid.UUID(int=self.exports))
        scheduled = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=self.exports)
        manifest = {"flowRunId": run_id, "scheduledTime": f"{scheduled:%Y-%m-%dT%H:%M:%SZ}", "exportResults": results}
        self.put(f"manifest-d-{run_id}.json", json.dumps(manifest).encode())

    # -- Airflow's side -----------------------------------------------------------------------------------------------

    def context(self, dag_run_id: str, **params: Any) -> dict[str, Any]:
        dag_run = SimpleNamespace(run_id=dag_run_id, start_date=datetime.now(UTC))
        events: dict[Any, Any] = {}
        return {
            "dag_run": dag_run,
            "params": {"preview": False, "replay_of": None, "replay_file": None, "accept_stale": False, **params},
            "outlet_events": _OutletEvents(events),
        }

    def file_transfer(self, context: dict[str, Any]) -> Any:
        return list(run_here(self._file_transfer(context)).values())[-1]

    def steps(self, dag_run_id: str = "run1", **params: Any) -> Steps:
        """What happens in which process."""
        context = self.context(dag_run_id, **params)
        for n, part in enumerate((yield from self._file_transfer(context)), start=1):
            yield self._step(f"data_loading {n}", LoadPartOperator, context, part=part)
        yield self._step("deduplication", DeduplicateOperator, context)
        yield self._step("reconciliation", ReconcileOperator, context)
        yield self._step("update_data", ApplyAudienceOperator, context)
        yield self._step("end", EndImportOperator, context)

    def run(self, dag_run_id: str = "run1", **params: Any) -> dict[str, int]:
        """Run all tasks; returns the counts of ``update_data``, or of ``reconciliation`` in a preview."""
        results = run_here(self.steps(dag_run_id, **params))
        return results.get("update_data", results["reconciliation"])

    def _file_transfer(self, context: dict[str, Any]) -> Generator[Step, Any, Any]:
        return sensor_steps(lambda: FileSetSensor(task_id="file_transfer", feed=self.feed), context)

    def _step(self, name: str, operator: Callable[..., Any], context: dict[str, Any], **fields: Any) -> Step:
        task_id = name.partition(" ")[0]
        return Step(name, lambda: operator(task_id=task_id, feed=self.feed, **fields).execute(context))

    # -- Campaign's side ----------------------------------------------------------------------------------------------

    def sql(self, query: str, *args: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as conn:
            cursor = conn.execute(query, args)
            return cursor.fetchall() if cursor.description else []

    def recipients(self, columns: str = "semail, sfirstname, scity") -> list[tuple[Any, ...]]:
        return self.sql(f"SELECT {columns} FROM nmsrecipient WHERE irecipientid <> 0 ORDER BY semail, irecipientid")

    def members(self, name: str = "GOLD") -> list[str]:
        rows = self.sql(
            "SELECT r.semail FROM nmsrcpgrprel m JOIN nmsgroup g USING (igroupid) JOIN nmsrecipient r USING (irecipientid) "
            "WHERE g.sname = %s ORDER BY 1",
            name,
        )
        return [email for (email,) in rows]

    def add_recipient(self, email: str, **columns: Any) -> int:
        names = ["semail", *columns]
        values = [email, *columns.values()]
        marks = ", ".join(["%s"] * len(values))
        ((recipient,),) = self.sql(
            f"INSERT INTO nmsrecipient (irecipientid, {', '.join(names)}) VALUES (nextval('xtknewid'), {marks}) RETURNING irecipientid",
            *values,
        )
        return recipient


class _OutletEvents:
    """Stands in for Airflow's accessor: remembers extras and alias events by name."""

    def __init__(self, events: dict[str, Any]) -> None:
        self.events = events

    def __getitem__(self, asset: Any) -> Any:
        return self.events.setdefault(asset.name, SimpleNamespace(extra=None, added=[], add=lambda *a, **k: None))
