"""Peak memory of each task in a process of its own, over a task process that does nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.benchmarks.segment_file import SegmentFile
from tests.benchmarks.way import TASKS, Bench, worker_result
from tests.benchmarks.ways import Own, run_tasks


@dataclass(frozen=True, slots=True)
class MemoryRun:
    """What the tasks of one import needed.

    :param peaks_mb: by task.
    :param seconds: by task.
    """

    rows: int
    peaks_mb: dict[str, float]
    seconds: dict[str, float]

    @property
    def label(self) -> str:
        return f"{self.rows // 1_000_000}m" if self.rows % 1_000_000 == 0 else f"{self.rows // 1000}k"

    @property
    def peak_mb(self) -> float:
        return max(self.peaks_mb.values(), default=0.0)


def idle_task_mb() -> float:
    """Peak of a task process that imports what Airflow's does and runs an operator that does nothing."""
    return _worker({}, "", "idle")[0]


def measured(bench: Bench, file: SegmentFile, template: str) -> MemoryRun:
    """Import a file once, each task in a process of its own."""
    landing = bench.landing
    landing.put(file)
    peaks: dict[str, float] = {}
    seconds: dict[str, float] = {}
    with bench.databases.copy(template, "bench_memory", *Own.tables) as dsn:
        config = bench.config("memory", bucket=landing.bucket, state=str(bench.folder / "parts.json"))
        env = landing.airflow_environment(dsn)
        for task in ("file_transfer", *TASKS):
            peak, result = _worker(env, config, task)
            if task in TASKS:
                peaks[task], seconds[task] = peak, result["total_s"]
    return MemoryRun(file.shape.rows, peaks, seconds)


def _worker(env: dict[str, str], config: str, task: str) -> tuple[float, dict[str, Any]]:
    finished = run_tasks(config, env, task)
    return finished.peak_rss_mb or 0.0, worker_result(finished)
