"""Measure an audience import against its floor and its peers, interleaved: ``make bench-import``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.progress import Progress

from tests.benchmarks import memory, report
from tests.benchmarks.database import campaign_sum, profiles_sum
from tests.benchmarks.peers import Dlt, DltAdbc, Sling
from tests.benchmarks.segment_file import SegmentFile, Shape, segment_file
from tests.benchmarks.stage import CONSOLE, FOLDER, Rows, progress_bars, running_servers, timed
from tests.benchmarks.way import REPO, TEMPLATE, Bench, RunResult, Way
from tests.benchmarks.ways import Floor, Own, Pandas, PandasDefault

_RESULT: Final = REPO / "build" / "bench-import.json"
WAYS: Final[dict[str, type[Way]]] = {way.name: way for way in (Own, Floor, Pandas, PandasDefault, Dlt, DltAdbc, Sling)}
_DEFAULT: Final = ",".join(WAYS)
_COPY: Final = "bench_run"


@click.command(help=__doc__)
@click.option("--rows", type=Rows(), default=1_000_000, show_default=True, help="Lines of the file.")
@click.option("--recipients", type=Rows(), help="Recipients before the import.  [default: as many]")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="Runs of each way.")
@click.option("--slow-rounds", type=click.IntRange(1), default=1, show_default=True, help="Runs of pandas_to_sql.")
@click.option("--memory-rows", type=Rows(), default=5_000_000, show_default=True, help="Lines of the larger file.")
@click.option("--no-memory", is_flag=True, help="Do not measure memory.")
@click.option("--ways", "names", default=_DEFAULT, show_default=True, help=f"Of {', '.join(WAYS)}.")
@click.option(
    "--peers", type=click.Path(path_type=Path), default=REPO / ".venv-bench", help="Environment of the peers."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def main(rows: int, recipients: int | None, memory_rows: int, names: str, as_json: bool, **options: Any) -> None:
    """Run the benchmark."""
    chosen = names.split(",")
    unknown = sorted(set(chosen) - set(WAYS))
    if unknown:
        raise click.UsageError(f"No such way: {', '.join(unknown)}. There are: {', '.join(WAYS)}")
    if set(chosen) & {Dlt.name, DltAdbc.name, Sling.name} and not options["peers"].exists():
        raise click.UsageError(f"The peers are not installed in {options['peers']}. Run: make bench-import")
    shape = Shape(rows, recipients or rows)
    result = {"rows": rows, "recipients": shape.recipients, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    result |= {"machine": report.machine(), "settings": report.settings(), "ways": {}, "ratios": {}, "memory": {}}
    with progress_bars() as progress, running_servers() as servers:
        file = _generated(progress, shape, with_clean=True)
        bench = Bench(servers.folder, servers.databases, servers.landing, file, options["peers"])
        result["versions"] = report.versions(bench.databases.version(), bench.peers)
        _compare(progress, bench, [WAYS[name](bench) for name in chosen], options, result)
        _write(result)
        if not options["no_memory"]:
            _measure_memory(progress, bench, Shape(memory_rows, shape.recipients), result)
            _write(result)
    CONSOLE.print(report.result_table(result))
    CONSOLE.print(f"Ratios: {result['ratios']}\nMemory: {result['memory']}\nAll of it: {_RESULT}")
    if as_json:
        click.echo(json.dumps(result))


def _write(result: dict[str, Any]) -> None:
    _RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _generated(progress: Progress, shape: Shape, *, with_clean: bool) -> SegmentFile:
    task = progress.add_task(f"Writing {shape.rows:,} lines", total=shape.rows)
    file = segment_file(FOLDER, shape, with_clean=with_clean, advance=lambda n: progress.advance(task, n))
    progress.update(task, completed=shape.rows)
    return file


def _compare(
    progress: Progress, bench: Bench, ways: list[Way], options: dict[str, Any], result: dict[str, Any]
) -> None:
    """Prepare the ways, then run them in turns and see that they all end in the same state."""
    rounds = {way.name: options["slow_rounds"] if isinstance(way, Pandas) else options["rounds"] for way in ways}
    task = progress.add_task("Preparing databases", total=len(ways) + 1)
    bench.landing.put(bench.file)
    bench.databases.create_campaign(TEMPLATE, bench.file.shape)
    for way in ways:
        progress.advance(task)
        progress.update(task, description=f"Preparing {way.name}")
        way.prepare()
    progress.update(task, description="Databases are ready", completed=len(ways) + 1)
    runs: dict[str, list[RunResult]] = {way.name: [] for way in ways}
    states: dict[str, dict[str, Any]] = {}
    task = progress.add_task("", total=sum(rounds.values()))
    for turn in range(max(rounds.values())):
        for way in (way for way in ways if turn < rounds[way.name]):
            progress.update(task, description=f"Round {turn + 1}: {way.name}")
            with bench.databases.copy(way.template, _COPY, *way.tables) as dsn:
                run = timed(bench, way, dsn)
                _check(states, way, dsn)
            runs[way.name].append(run)
            progress.console.print(f"  {way.name}: {run.seconds:.2f} s, processor {run.cpu_s}")
            progress.advance(task)
            result["ways"][way.name] = report.way_result(way, runs[way.name])
    result["ratios"] = report.ratios(result["ways"])
    result["ratios_of_loading"] = report.loading_ratio(result["ways"])
    result["end_state"] = next(iter(states.values()), {})


def _check(states: dict[str, dict[str, Any]], way: Way, dsn: str) -> None:
    """:raises SystemExit: if a way ended in another state than the ways before it."""
    state: dict[str, Any] = {"profiles": profiles_sum(dsn, way.tables[0])}
    if way.template == TEMPLATE:
        state |= {"campaign": campaign_sum(dsn)}
    for name, other in states.items():
        common = state.keys() & other.keys()
        if any(state[key] != other[key] for key in common):
            raise SystemExit(f"{way.name} ended in another state than {name}: {state} and {other}")
    states[way.name] = state


def _measure_memory(progress: Progress, bench: Bench, larger: Shape, result: dict[str, Any]) -> None:
    files = [bench.file, _generated(progress, larger, with_clean=False)]
    task, runs = progress.add_task("Memory of an idle task", total=len(files)), []
    idle = memory.idle_task_mb()
    for file in files:
        progress.update(task, description=f"Memory with {file.shape.rows:,} lines")
        runs.append(memory.measured(bench, file, TEMPLATE))
        progress.advance(task)
    result["memory"] = report.memory_result(idle, runs)


if __name__ == "__main__":
    main()
