"""How long one worker and two take to stage the parts of one file set."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any, Final

from tests.benchmarks.cluster_stand import ClusterStand
from tests.benchmarks.segment_file import SegmentFile

PARTS: Final = 8
SECOND: Final = "worker-2"


@dataclass(frozen=True, slots=True)
class Staging:
    """One measured run.

    :param seconds: from the first start of ``data_loading`` to its last end.
    :param cpu_s: processor time from its trigger to the end of the loading, by component.
    """

    workers: int
    seconds: float
    cpu_s: dict[str, float]


def put_parts(stand: ClusterStand, name: str, file: SegmentFile) -> int:
    """Put a file set of eight equal parts into a feed's landing zone; returns its bytes."""
    prefix, results = stand.feed(name).landing_zone.prefix, []
    for part in range(1, PARTS + 1):
        key = f"export{f'_{part}' if part > 1 else ''}.csv.gz"
        stand.storage.put(prefix + key, file.part)
        results.append({"sinkPath": f"/{prefix}", "name": key, "size": file.part.stat().st_size})
    manifest = {"flowRunId": str(uuid.uuid4()), "scheduledTime": "2026-01-02T03:00:00Z", "exportResults": results}
    path = file.part.with_name("manifest.json")
    path.write_text(json.dumps(manifest), encoding="utf-8")
    stand.storage.put(f"{prefix}manifest-bench-{manifest['flowRunId']}.json", path)
    return PARTS * file.part.stat().st_size


def stage(stand: ClusterStand, name: str, workers: int) -> Staging:
    """Run a preview: it loads all parts and leaves the file set for the next one.

    :raises SystemExit: if the run fails.
    """
    if SECOND in stand.cluster.components and workers == 1:
        stand.cluster.components[SECOND].stop()
    elif workers == 2 and not stand.cluster.components[SECOND].is_running:
        stand.cluster.restart(SECOND)
    dag_id = f"audience_import__{name}"
    before = stand.cpu_seconds()
    run_id = stand.cluster.trigger(dag_id, {"preview": True})
    _await(lambda: _loaded(stand, dag_id, run_id), 900)
    used = {part: seconds - before.get(part, 0.0) for part, seconds in stand.cpu_seconds().items()}
    _await(lambda: stand.cluster.state(dag_id, run_id) in {"success", "failed"}, 600)
    tasks = stand.tasks(dag_id, run_id, "data_loading")
    if len(tasks) != PARTS or any(task["state"] != "success" for task in tasks):
        raise SystemExit(f"{dag_id} {run_id}: {[task['state'] for task in tasks]}. Nothing was measured.")
    if len({task["hostname"] for task in tasks}) != workers:
        raise SystemExit(f"{dag_id} {run_id} ran on other workers than the {workers} that were asked for.")
    start, end = (datetime.fromisoformat(pick(task[f"{at}_date"] for task in tasks)) for at, pick in _EDGES)
    return Staging(workers, (end - start).total_seconds(), {part: round(seconds, 1) for part, seconds in used.items()})


_EDGES: Final[tuple[tuple[str, Callable[..., str]], ...]] = (("start", min), ("end", max))


def summary(runs: list[Staging], lines: int, size: int) -> dict[str, Any]:
    """Medians, their ratio, and where the processor's time went."""
    by_workers = {workers: [run for run in runs if run.workers == workers] for workers in (1, 2)}
    seconds = {workers: median(run.seconds for run in found) for workers, found in by_workers.items()}
    return {
        "lines": lines,
        "bytes": size,
        "one_worker_s": round(seconds[1], 2),
        "two_workers_s": round(seconds[2], 2),
        "ratio": round(seconds[1] / seconds[2], 2),
        "runs_s": {str(workers): [round(run.seconds, 2) for run in found] for workers, found in by_workers.items()},
        "cpu_s": {
            str(workers): {part: round(median(run.cpu_s.get(part, 0.0) for run in found), 1) for part in found[0].cpu_s}
            for workers, found in by_workers.items()
        },
    }


def _loaded(stand: ClusterStand, dag_id: str, run_id: str) -> bool:
    ended = {"success", "failed"}
    tasks = stand.tasks(dag_id, run_id, "data_loading")
    return (len(tasks) == PARTS and all(task["state"] in ended for task in tasks)) or stand.cluster.state(
        dag_id, run_id
    ) in ended


def _await(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"Nothing within {seconds:.0f} s; nothing was measured.")
        time.sleep(1)
