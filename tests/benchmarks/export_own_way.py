"""Worker: runs tasks of the export as Airflow's task process would, without Airflow's processes around it.

``python -m tests.benchmarks.export_own_way CONFIG TASK...`` with a JSON file that holds ``bucket``, ``dsn``, ``feed``
(what differs from the tests' feed), ``processes`` that extract side by side, and ``state`` (a file in which
``incremental_query`` leaves the partitions for workers of the other tasks).
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_IMPORT_STARTED = time.perf_counter()
import airflow.providers.amazon.aws.hooks.s3  # noqa: E402
import airflow.providers.postgres.hooks.postgres  # noqa: E402
import airflow.sdk.execution_time.task_runner  # noqa: E402, F401  # every task process holds it

from tests.operators.exporting import (  # noqa: E402
    EndExportOperator,
    Export,
    ExtractPartitionOperator,
    IncrementalQueryOperator,
    PublishFilesOperator,
)
from tests.places import Place  # noqa: E402

_RUN = "bench"
Extract = Callable[[list[dict[str, Any]]], list[dict[str, float]]]


def main(config: dict[str, Any], tasks: list[str]) -> dict[str, Any]:
    export, state = _export(config), Path(config["state"])
    context = export.context(_RUN)
    phases, counts = {}, {}
    with _extractors(config) as extract:
        imported = time.perf_counter() - _IMPORT_STARTED
        used = time.process_time()
        for name in tasks:
            started = time.perf_counter()
            counts[name] = _run(name, export, context, state, extract)
            phases[name] = time.perf_counter() - started
        used = time.process_time() - used
    others = [other for other in counts.get("data_extraction", ()) if other["pid"] != os.getpid()]
    return {
        "total_s": sum(phases.values()),
        "phases_s": phases,
        "counts": counts,
        "import_s": imported,
        "processor_s": used + sum(other["processor_s"] for other in others),
        "peak_rss_mb": max([_peak_rss_mb(), *(other["peak_rss_mb"] for other in others)]),
    }


def _export(config: dict[str, Any]) -> Export:
    return Export(Place.named(config["bucket"]), config["dsn"], **config["feed"])


def _run(name: str, export: Export, context: dict[str, Any], state: Path, extract: Extract) -> Any:
    if name == "incremental_query":
        partitions = IncrementalQueryOperator(task_id=name, feed=export.feed).execute(context)
        state.write_text(json.dumps(partitions), encoding="utf-8")
        return len(partitions)
    if name == "data_extraction":
        return extract(json.loads(state.read_text(encoding="utf-8")))
    if name == "file_transfer":
        return PublishFilesOperator(task_id=name, feed=export.feed).execute(context)
    if name == "landing_check":
        return bool(export.landing_check(context))
    return EndExportOperator(task_id=name, feed=export.feed).execute(context)


@contextmanager
def _extractors(config: dict[str, Any]) -> Iterator[Extract]:
    """Yield what extracts partitions: one after the other, or in so many processes, which are ready by then."""
    processes = config["processes"]
    if processes == 1:
        yield lambda partitions: [_extract(config, partition) for partition in partitions]
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, _remember, (spawn.Barrier(processes),)) as pool:
        list(pool.map(_wait, range(processes)))
        yield lambda partitions: list(pool.map(_extract, [config] * len(partitions), partitions))


def _remember(together: Any) -> None:
    global _together
    _together = together


def _wait(_: int) -> None:
    _together.wait()


def _extract(config: dict[str, Any], partition: dict[str, Any]) -> dict[str, float]:
    export, used = _export(config), time.process_time()
    operator = ExtractPartitionOperator(task_id="data_extraction", feed=export.feed, partition=partition)
    counts = operator.execute(export.context(_RUN))
    used = time.process_time() - used
    return {**counts, "pid": os.getpid(), "processor_s": used, "peak_rss_mb": _peak_rss_mb()}


def _peak_rss_mb() -> float:
    """Read the kernel's mark of this process; ``getrusage`` would count the process that started it, too."""
    status = Path("/proc/self/status")
    mark = status.read_text(encoding="ascii", errors="replace").partition("VmHWM:")[2] if status.exists() else ""
    return int(mark.split(maxsplit=1)[0]) / 1024 if mark else 0.0


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), sys.argv[2:])))
