"""``make chaos``: kill and disturb tasks hundreds of times, and see whether anything is lost, doubled or stuck."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, as_completed
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from campaign_cdp.sandbox.hosts import ZONES
from tests.chaos import report
from tests.chaos.jobs import Jobs
from tests.chaos.matrix import Row, kills
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.stand import Prepared

REPO: Final = Path(__file__).resolve().parents[2]
_RESULT: Final = REPO / "build" / "chaos.json"
_CONSOLE: Final = Console(stderr=True)


class Names(click.ParamType):
    """Some of the given names, separated by commas."""

    name = "names"

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self.allowed = allowed

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        names = tuple(value.split(",")) if isinstance(value, str) else tuple(value)
        if unknown := set(names) - set(self.allowed):
            self.fail(f"{', '.join(sorted(unknown))}: not one of {', '.join(self.allowed)}", param, ctx)
        return names


@click.command()
@click.option("--kills", "count", default=240, show_default=True, type=click.IntRange(0), help="Processes to kill.")
@click.option("--zones", default="s3,azure_blob,sftp", show_default=True, type=Names(ZONES), help="Storages.")
@click.option("--directions", default="import,export", show_default=True, type=Names(tuple(SCENARIOS)))
@click.option("--seed", default=1, show_default=True, help="Another number draws other kills.")
@click.option("--only", type=click.IntRange(0), multiple=True, help="Do just this kill of the seed; may be repeated.")
@click.option("--disturbances/--no-disturbances", default=True, show_default=True, help="Restarts, resets, full disks.")
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1), help="Runs side by side.")
@click.option("--json", "as_json", is_flag=True, help="Also write the result to standard output.")
def main(
    count: int,
    zones: tuple[str, ...],
    directions: tuple[str, ...],
    seed: int,
    only: tuple[int, ...],
    disturbances: bool,
    jobs: int,
    as_json: bool,
) -> None:
    """Kill tasks at every point, retry them as Airflow does, and compare with an undisturbed run."""
    started, begun = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
    _RESULT.parent.mkdir(exist_ok=True)
    rows: list[Row] = []
    with TemporaryDirectory(prefix="cdp-chaos-", ignore_cleanup_errors=True) as folder, _progress() as progress:
        task = progress.add_task("preparing", total=len(only) or count, harm="")
        with Jobs(Path(folder), zones, jobs) as pool:
            prepared = pool.prepare(directions, zones)
            for row in _killed(pool, seed, only, count, prepared):
                rows.append(row)
                _show(progress, task, rows, row)
            if disturbances and not only:
                for future in as_completed(pool.disturb(seed, prepared)):
                    rows += future.result()
                    progress.update(task, total=len(rows))
                    _show(progress, task, rows, rows[-1])
    found = report.result(rows, seed=seed, started=started, seconds=time.monotonic() - begun)
    _RESULT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    chosen = f"--zones {','.join(zones)} --directions {','.join(directions)}"
    _tell(found, rows, f"python -m tests.chaos.run --seed {seed} {chosen}")
    if as_json:
        click.echo(json.dumps(found))
    sys.exit(1 if any(report.harms(rows).values()) else 0)


def _killed(pool: Jobs, seed: int, only: tuple[int, ...], count: int, prepared: tuple[Prepared, ...]) -> Iterator[Row]:
    """Yield rows until enough processes died: some end before their clock strikes, which shows nothing."""
    drawn = (each for each in kills(seed, prepared) if not only or each[0] in only)
    wanted = len(only) or count
    waiting: set[Future[Row]] = set()
    while wanted or waiting:
        while wanted and len(waiting) < 2 * pool.size:
            waiting.add(pool.strike(*next(drawn)))
            wanted -= 1
        future = next(as_completed(waiting))
        waiting.remove(future)
        row = future.result()
        wanted += row.outcome == "missed" and not only
        yield row


def _progress() -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TextColumn("{task.fields[harm]}"), TimeElapsedColumn(), console=_CONSOLE)


def _show(progress: Progress, task: Any, rows: list[Row], row: Row) -> None:
    harm = ", ".join(f"{count} {name}" for name, count in report.harms(rows).items())
    done = sum(row.outcome != "missed" for row in rows)
    progress.update(task, description=f"{row.direction} {row.zone} {row.task}", completed=done, harm=harm)
    if not _CONSOLE.is_terminal and len(rows) % 20 == 0:  # a log has no bar
        progress.console.print(f"{done} done: {harm}")


def _tell(found: dict[str, Any], rows: list[Row], again_with: str) -> None:
    _CONSOLE.print(report.kill_table(rows), report.disturbance_table(found))
    _CONSOLE.print(found["totals"], f"in {found['seconds']:.0f} s, seed {found['seed']}; rows are in {_RESULT}")
    for row in rows:
        if row.outcome == "harmed":
            again = (
                ""
                if row.disturbance
                else f" Again: python -m tests.chaos.run --seed {found['seed']} --only {row.number}"
            )
            _CONSOLE.print(f"[red]{row.direction} {row.zone} {row.task}, {row.instant}[/red]: {row.detail}.{again}")


if __name__ == "__main__":
    main()
