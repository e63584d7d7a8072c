"""Worker: runs tasks of the import as Airflow's task process would, without Airflow's processes around it.

``python -m tests.benchmarks.own_way CONFIG TASK...`` with a JSON file that holds ``bucket`` and ``state`` (a file in
which the worker of ``file_transfer`` leaves the parts for those of the other tasks). The task ``idle`` does nothing.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_IMPORT_STARTED = time.perf_counter()
import airflow.sdk.execution_time.task_runner  # noqa: E402, F401  # every task process holds it
from airflow.sdk import BaseOperator  # noqa: E402


class IdleOperator(BaseOperator):
    def execute(self, context: Any) -> None:
        return None


def main(config_file: str, tasks: list[str]) -> dict[str, Any]:
    if tasks == ["idle"]:
        IdleOperator(task_id="idle").execute({})
        return {}
    config = json.loads(Path(config_file).read_text(encoding="utf-8"))
    from tests.benchmarks.recorded_sql import bench_feed

    feed, state = bench_feed(config["bucket"]), Path(config["state"])
    context: Any = {
        "dag_run": SimpleNamespace(run_id="bench", start_date=datetime.now(UTC)),
        "params": {"preview": False},
        "outlet_events": {},
    }
    operators = {name: _operator(name, feed, state) for name in tasks}
    import airflow.providers.amazon.aws.hooks.s3
    import airflow.providers.postgres.hooks.postgres  # noqa: F401  # like Airflow itself not counted

    imported = time.perf_counter() - _IMPORT_STARTED
    phases, counts = {}, {}
    for name, operator in operators.items():
        started = time.perf_counter()
        counts[name] = operator(context)
        phases[name] = time.perf_counter() - started
    return {"total_s": sum(phases.values()), "phases_s": phases, "counts": counts, "import_s": imported}


def _operator(name: str, feed: Any, state: Path) -> Any:
    """Import only what the one task needs, as its own process would."""
    if name == "file_transfer":
        return _transfer(feed, state)
    if name == "data_loading":
        from campaign_cdp.operators.data_loading import LoadPartOperator

        (part,) = json.loads(state.read_text(encoding="utf-8"))
        return LoadPartOperator(task_id=name, feed=feed, part=part).execute
    if name == "deduplication":
        from campaign_cdp.operators.deduplication import DeduplicateOperator

        return DeduplicateOperator(task_id=name, feed=feed).execute
    if name == "reconciliation":
        from campaign_cdp.operators.reconciliation import ReconcileOperator

        return ReconcileOperator(task_id=name, feed=feed).execute
    from campaign_cdp.operators.update_data import ApplyAudienceOperator

    return ApplyAudienceOperator(task_id=name, feed=feed).execute


def _transfer(feed: Any, state: Path) -> Any:
    import asyncio

    from airflow.sdk.exceptions import TaskDeferred

    from campaign_cdp.sensors.file_set import FileSetSensor

    async def first_event(trigger: Any) -> Any:
        return (await anext(trigger.run())).payload

    def wait(context: Any) -> int:
        sensor = FileSetSensor(task_id="file_transfer", feed=feed)
        try:
            parts = sensor.execute(context)
        except TaskDeferred as deferred:
            parts = getattr(sensor, deferred.method_name)(context, asyncio.run(first_event(deferred.trigger)))
        state.write_text(json.dumps(parts), encoding="utf-8")
        return len(parts)

    return wait


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2:])))
