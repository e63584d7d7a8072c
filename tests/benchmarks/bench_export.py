"""Measure an event export against its floor, itself in two partitions, and pandas, interleaved: ``make bench-export``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import click
from rich.progress import Progress

from tests.benchmarks import export_report, memory, report
from tests.benchmarks.event_logs import TABLES, EventLogs
from tests.benchmarks.export_memory import measured
from tests.benchmarks.export_ways import (
    FORMATS,
    ExportBench,
    ExportWay,
    FloorExport,
    OwnExport,
    OwnExportSideBySide,
    PandasExport,
    content,
)
from tests.benchmarks.stage import CONSOLE, Rows, progress_bars, running_servers, timed
from tests.benchmarks.way import REPO, TEMPLATE, RunResult

_RESULT: Final = REPO / "build" / "bench-export.json"
WAYS: Final[dict[str, type[ExportWay]]] = {
    way.name: way for way in (OwnExport, OwnExportSideBySide, FloorExport, PandasExport)
}
_COPY: Final = "bench_run"


@click.command(help=__doc__)
@click.option("--events", "--rows", type=Rows(), default=3_000_000, show_default=True, help="Rows of the logs.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="Runs of each way and format.")
@click.option("--slow-rounds", type=click.IntRange(1), default=1, show_default=True, help="Runs of pandas.")
@click.option("--ways", "names", default=",".join(WAYS), show_default=True, help="Ways to compare.")
@click.option("--formats", default=",".join(FORMATS), show_default=True, help="Formats to write.")
@click.option("--no-memory", is_flag=True, help="Do not measure memory.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def main(events: int, names: str, formats: str, no_memory: bool, as_json: bool, **rounds: int) -> None:
    """Run the benchmark."""
    chosen, kinds = _listed(names, WAYS), _listed(formats, FORMATS)
    logs = EventLogs(events)
    result: dict[str, Any] = {"rows": events, "recipients": logs.recipients, "deliveries": logs.deliveries}
    result |= {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": report.machine()}
    result |= {"settings": report.settings(), "ways": {}, "ratios": {}, "memory": {}}
    with progress_bars() as progress, running_servers() as servers:
        task = progress.add_task(f"Writing {events:,} rows of logs", total=1)
        exported = logs.create(servers.databases, TEMPLATE)
        progress.advance(task)
        bench = ExportBench(servers.folder, servers.databases, servers.landing, exported)
        result |= {"events": exported, "versions": export_report.versions(bench.databases.version())}
        ways = [WAYS[name](bench, kind) for kind in kinds for name in chosen if kind in WAYS[name].formats]
        _compare(progress, ways, rounds, result)
        if not no_memory:
            _measure_memory(progress, bench, events, kinds, result)
    CONSOLE.print(export_report.result_table(result))
    CONSOLE.print(f"Ratios: {result['ratios']}\nMemory: {result['memory']}\nAll of it: {_RESULT}")
    if as_json:
        click.echo(json.dumps(result))


def _listed(given: str, known: Iterable[str]) -> list[str]:
    names = given.split(",")
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise click.UsageError(f"There is no {', '.join(unknown)}. There are: {', '.join(known)}")
    return names


def _write(result: dict[str, Any]) -> None:
    _RESULT.parent.mkdir(exist_ok=True)
    _RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _compare(progress: Progress, ways: list[ExportWay], rounds: dict[str, int], result: dict[str, Any]) -> None:
    """Run the ways in turns, and see that they all write the same."""
    turns = {way: rounds["slow_rounds" if isinstance(way, PandasExport) else "rounds"] for way in ways}
    runs: dict[ExportWay, list[RunResult]] = {way: [] for way in ways}
    written: dict[str, tuple[int, int]] = {}
    task = progress.add_task("", total=sum(turns.values()))
    for turn in range(max(turns.values())):
        for way in (way for way in ways if turn < turns[way]):
            progress.update(task, description=f"Round {turn + 1}: {way.name}, {way.format}")
            with way.bench.databases.copy(TEMPLATE, _COPY, *TABLES) as dsn:
                runs[way].append(timed(way.bench, way, dsn))
            if turn == 0:
                _check(way, written)
            progress.console.print(
                f"  {way.name}, {way.format}: {runs[way][-1].seconds:.2f} s, processor {runs[way][-1].cpu_s}"
            )
            progress.advance(task)
            result["ways"] = export_report.ways_result(runs)
            result["ratios"] = export_report.ratios(result["ways"])
            _write(result)


def _check(way: ExportWay, written: dict[str, tuple[int, int]]) -> None:
    """:raises SystemExit: if a way wrote other lines than the ways before it."""
    found = content(way)
    if not found[0]:
        return
    way.require(found[0])
    if written.setdefault(way.format, found) != found:
        raise SystemExit(f"{way.name} wrote other lines than the ways before it: {found}, {written[way.format]}")


def _measure_memory(
    progress: Progress, bench: ExportBench, events: int, formats: list[str], result: dict[str, Any]
) -> None:
    task = progress.add_task("Memory of an idle task", total=len(formats))
    runs: dict[str, memory.MemoryRun] = {}
    idle = memory.idle_task_mb()
    for kind in formats:
        progress.update(task, description=f"Memory of each task, {kind}")
        with bench.databases.copy(TEMPLATE, "bench_memory", *TABLES) as dsn:
            runs[kind] = measured(bench, dsn, events, kind)
        progress.advance(task)
    result["memory"] = export_report.memory_result(idle, runs)
    _write(result)


if __name__ == "__main__":
    main()
