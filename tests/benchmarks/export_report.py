"""The export benchmark's result: shaped like that of the import, with what differs by format below each way.

A way's own figures are those of CSV, or of the first format that was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.table import Table

from tests.benchmarks import report
from tests.benchmarks.export_ways import ExportWay
from tests.benchmarks.memory import MemoryRun
from tests.benchmarks.way import RunResult


def ways_result(runs: Mapping[ExportWay, list[RunResult]]) -> dict[str, Any]:
    """Medians and all single runs of each way."""
    ways: dict[str, dict[str, Any]] = {}
    for way, found in runs.items():
        if not found:
            continue
        one = report.way_result(way, found)
        if way.name in ways:
            ways[way.name].setdefault("formats", {})[way.format] = one
        else:
            ways[way.name] = {"format": way.format, **one}
    return ways


def ratios(ways: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Our time by the floor's, and the others' by ours; other formats by name. The floor of Parquet is that of CSV."""
    found: dict[str, Any] = report.ratios(ways)
    for file_format in ways.get(report.OWN, {}).get("formats", {}):
        found[file_format] = report.ratios(_of_format(ways, file_format))
    return found


def _of_format(ways: Mapping[str, Mapping[str, Any]], file_format: str) -> dict[str, Mapping[str, Any]]:
    chosen = {name: way.get("formats", {}).get(file_format) for name, way in ways.items()}
    if file_format == "parquet" and "floor" in ways:
        chosen["floor"] = ways["floor"]
    return {name: way for name, way in chosen.items() if way}


def memory_result(idle_mb: float, runs: Mapping[str, MemoryRun]) -> dict[str, Any]:
    """The first format's figures, and those of the others below ``formats``."""
    first, *others = runs
    found = report.memory_result(idle_mb, [runs[first]])
    if others:
        found["formats"] = {name: report.memory_result(idle_mb, [runs[name]]) for name in others}
    return found


def versions(postgres: str) -> dict[str, str]:
    return {**report.versions(postgres, Path()), "pyarrow": version("pyarrow")}


def result_table(result: Mapping[str, Any]) -> Table:
    """Show the ways by format, in the order in which they ran."""
    table = Table(title=f"Export of {result['events']:,} events from {result['rows']:,} rows of logs")
    for heading in ("format", "way", "seconds", "events a second", "peak MB", "compared with us"):
        table.add_column(heading, justify="left" if heading in {"format", "way"} else "right")
    for name, way in result["ways"].items():
        for kind, one in {way["format"]: way, **way.get("formats", {})}.items():
            own = _own_seconds(result["ways"], kind)
            seconds, peak = one["median_s"], one["peak_rss_mb"]
            table.add_row(
                *(kind, name, f"{seconds:.2f}", f"{result['events'] / seconds:,.0f}"),
                *(f"{peak:,.0f}" if peak else "", f"x {seconds / own:.2f}" if own else ""),
            )
    return table


def _own_seconds(ways: Mapping[str, Mapping[str, Any]], file_format: str) -> float | None:
    own = ways.get(report.OWN, {})
    one = own if own.get("format") == file_format else own.get("formats", {}).get(file_format, {})
    return one.get("median_s")
