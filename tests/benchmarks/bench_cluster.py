"""Measure Airflow on Celery workers: one worker against two, and the way of a small file: ``make bench-cluster``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

import click
from rich.progress import Progress

from tests.benchmarks import cluster_latency, cluster_staging, report
from tests.benchmarks.cluster_stand import RECIPIENTS, ClusterStand, cluster_stand
from tests.benchmarks.segment_file import SegmentFile, Shape, segment_file
from tests.benchmarks.stage import CONSOLE, FOLDER, Rows, progress_bars
from tests.benchmarks.way import REPO

_RESULT: Final = REPO / "build" / "bench-cluster.json"
_FROM: Final = {"near": "storage on this machine", "far": "storage over a link of {:.0f} Mbit/s a connection"}
_WANTED: Final = {"staging_ratio": 1.6, "latency_median_s": 20.0}


@click.command(help=__doc__)
@click.option("--rows", type=Rows(), default=250_000, show_default=True, help="Lines of each of the eight parts.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="Stagings with each worker count.")
@click.option("--storages", default="near,far", show_default=True, help="Where the parts come from.")
@click.option("--mbit", type=click.FloatRange(1), default=40, show_default=True, help="Of a connection to far storage.")
@click.option("--file-sets", type=click.IntRange(0), default=10, show_default=True, help="Small ones, for the latency.")
@click.option("--set", "variables", multiple=True, metavar="NAME=VALUE", help="A variable of Airflow, to try it.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def main(
    rows: int, rounds: int, storages: str, mbit: float, file_sets: int, variables: tuple[str, ...], as_json: bool
) -> None:
    """Run the benchmark."""
    result: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": report.machine()}
    result |= {"wanted": _WANTED, "mbit": mbit, "staging": {}, "latency": {}}
    settings = dict(variable.split("=", 1) for variable in variables)
    with progress_bars() as progress:
        file = _file(progress, rows)
        task = progress.add_task("Starting Airflow and its servers", total=1)
        with cluster_stand(mbit * 1e6 / 8, settings=settings) as stand:
            progress.advance(task)
            if file_sets:
                result["latency"] = _latency(progress, stand, file_sets)
            for name in storages.split(",") if storages else ():
                result["staging"][name] = _staging(progress, stand, name, file, rounds, mbit)
                _write(result)
    _write(result)
    CONSOLE.print_json(data=result)
    CONSOLE.print(f"All of it: {_RESULT}")
    if as_json:
        click.echo(json.dumps(result))


def _file(progress: Progress, rows: int) -> SegmentFile:
    task = progress.add_task(f"Writing a part of {rows:,} lines", total=rows)
    shape = Shape(rows, RECIPIENTS)
    file = segment_file(FOLDER, shape, with_clean=False, advance=lambda lines: progress.advance(task, lines))
    progress.update(task, completed=rows)
    return file


def _staging(
    progress: Progress, stand: ClusterStand, name: str, file: SegmentFile, rounds: int, mbit: float
) -> dict[str, Any]:
    """One worker and two in turns; each round begins with the other one, so that the second starts seldom."""
    size = cluster_staging.put_parts(stand, name, file)
    task = progress.add_task("", total=2 * rounds)
    runs = []
    for number in range(rounds):
        for workers in (1, 2) if number % 2 else (2, 1):
            progress.update(task, description=f"{_FROM[name].format(mbit)}: {workers} worker(s)")
            runs.append(cluster_staging.stage(stand, name, workers))
            progress.console.print(f"  {name}, {workers} worker(s): {runs[-1].seconds:.1f} s, {runs[-1].cpu_s}")
            progress.advance(task)
    found = cluster_staging.summary(runs, cluster_staging.PARTS * file.shape.rows, size)
    return {"storage": _FROM[name].format(mbit), **found}


def _latency(progress: Progress, stand: ClusterStand, file_sets: int) -> dict[str, Any]:
    task = progress.add_task("Small file sets", total=file_sets)
    cluster_latency.latency(stand, file_sets)  # the first one after a start is slower, and not of interest
    runs = []
    for number in range(file_sets):
        runs.append(cluster_latency.latency(stand, file_sets + 1 + number))
        progress.console.print(f"  small file set {number + 1}: {runs[-1]:.1f} s")
        progress.advance(task)
    return cluster_latency.summary(runs, stand.feed("small").poll_interval.total_seconds())


def _write(result: dict[str, Any]) -> None:
    _RESULT.parent.mkdir(exist_ok=True)
    _RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
