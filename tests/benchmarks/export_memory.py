"""Peak memory of each task of an export in a process of its own."""

from __future__ import annotations

from tests.benchmarks.export_ways import TASKS, ExportBench, OwnExport, run_tasks
from tests.benchmarks.memory import MemoryRun
from tests.benchmarks.way import worker_result


def measured(bench: ExportBench, dsn: str, events: int, file_format: str) -> MemoryRun:
    """Export once, each task in a process of its own."""
    bench.landing.empty()
    config, env = OwnExport(bench, file_format).config(dsn)
    peaks, seconds = {}, {}
    for task in TASKS:
        finished = run_tasks(config, env, task)
        peaks[task], seconds[task] = finished.peak_rss_mb or 0.0, worker_result(finished)["total_s"]
    return MemoryRun(events, peaks, seconds)
