"""``make soak``: hours compressed into small file sets, crowded folders, many feeds, and the memory of exports."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, get_args

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from campaign_cdp.sandbox.hosts import Zone
from campaign_cdp.sandbox.postgres import PostgresServer
from tests.benchmarks.report import machine
from tests.soak.environment import FOLDER, REPO, airflow_environment
from tests.soak.report import tables

_RESULT: Final = REPO / "build" / "soak.json"
_CONSOLE: Final = Console(stderr=True)
_PARTS: Final = ("soak", "sensor", "parse", "memory")
_RATES: Final = {"cluster": 6.0, "tasks": 40.0}
_MANY = click.IntRange(1)


@click.command()
@click.option("--feeds", default=50, show_default=True, type=_MANY, help="Generated feeds; one in 25 exports events.")
@click.option("--sets", default=500, show_default=True, type=_MANY, help="File sets that arrive.")
@click.option("--rows", default=1000, show_default=True, type=click.IntRange(20), help="Lines of a file set.")
@click.option("--workers", default=2, show_default=True, type=_MANY, help="Celery workers, with two slots each.")
@click.option(
    "--engine",
    default="cluster",
    show_default=True,
    type=click.Choice(sorted(_RATES)),
    help="cluster: Airflow with Celery workers. tasks: all tasks in one process, in minutes instead of hours.",
)
@click.option("--rate", type=float, help="File sets a minute; 0: all at once.  [default: 6, 40 with --engine tasks]")
@click.option("--keys", default=100_000, show_default=True, type=click.IntRange(200), help="Files of a crowded folder.")
@click.option(
    "--zones", default="s3,azure_blob,sftp,local", show_default=True, help="Storages that have a crowded folder."
)
@click.option("--parsed", default=200, show_default=True, type=_MANY, help="Feeds whose Dags are parsed.")
@click.option(
    "--logs", default=1_000_000, show_default=True, type=_MANY, help="Tracking logs that an export remembers."
)
@click.option("--only", type=click.Choice(_PARTS), multiple=True, help="Measure only this part; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Also write the result to standard output.")
@click.pass_context
def main(ctx: click.Context, only: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Soak and scale. Exit code 1: something leaked, or a file set was lost, doubled or applied wrongly.

    Results are kept in build/soak.json by part: a run of some parts leaves the others as they were.
    """
    result = json.loads(_RESULT.read_text(encoding="utf-8")) if _RESULT.exists() else {}
    os.environ.update(airflow_environment({}))
    for part in only or _PARTS:
        with _folder() as folder, _progress() as bars:
            result |= _MEASURES[part](folder, bars, options)
        _RESULT.parent.mkdir(exist_ok=True)
        _RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for table in tables(result, only or _PARTS, options["engine"]):
        _CONSOLE.print(table)
    if as_json:
        click.echo(json.dumps(result))
    ctx.exit(0 if _is_good(result, options["engine"]) else 1)


def _soak(folder: Path, bars: Progress, options: dict[str, Any]) -> dict[str, Any]:
    from tests.soak.soaking import Soak, soaked
    from tests.soak.stand import started

    engine, rate = options["engine"], options["rate"]
    soak = Soak(
        feeds=options["feeds"],
        sets=options["sets"],
        rows=options["rows"],
        workers=options["workers"],
        per_minute=_RATES[engine] if rate is None else rate,
        engine=engine,
    )
    arrived = bars.add_task("file sets arrived", total=soak.sets)
    applied = bars.add_task("file sets applied", total=soak.sets)

    def told(written: int, done: int) -> None:
        bars.update(arrived, completed=written)
        bars.update(applied, completed=done)

    settings = {"feeds": soak.feeds, "sets": soak.sets, "rows": soak.rows, "workers": soak.workers}
    about = {"engine": engine, **settings, "per_minute": soak.per_minute, "machine": machine()}
    with started(folder / "stand") as stand:
        try:
            return {f"soak_{engine}": {**about, **soaked(soak, stand, told)}}
        except BaseException:
            _keep_logs(stand.folder)
            raise


def _sensor(folder: Path, bars: Progress, options: dict[str, Any]) -> dict[str, Any]:
    from tests.soak.sensor import measured

    found: dict[str, Any] = {"keys": options["keys"]}
    with PostgresServer(folder / "postgres") as postgres:
        for zone in _zones(options["zones"]):
            bar = bars.add_task(f"exports in {zone}", total=options["keys"] // 2 + 1)
            found[zone] = measured(folder, postgres, zone, options["keys"], lambda _, bar=bar: bars.advance(bar))
    return {"sensor": found}


def _parse(folder: Path, bars: Progress, options: dict[str, Any]) -> dict[str, Any]:
    from tests.soak.parse import measured

    bar = bars.add_task(f"parsing {options['parsed']} feeds", total=1)
    found = measured(folder / "feeds", options["parsed"])
    bars.advance(bar)
    return {"parse": found}


def _memory(folder: Path, bars: Progress, options: dict[str, Any]) -> dict[str, Any]:
    from tests.soak.sizes import measured
    from tests.soak.stand import started

    bar = bars.add_task("memory of exports", total=3)
    with started(folder / "stand") as stand:
        return {"memory_of_exports": measured(stand, options["logs"], lambda _: bars.advance(bar))}


_MEASURES: Final[dict[str, Callable[[Path, Progress, dict[str, Any]], dict[str, Any]]]] = {
    "soak": _soak,
    "sensor": _sensor,
    "parse": _parse,
    "memory": _memory,
}


def _zones(text: str) -> list[Zone]:
    wanted = [name.strip() for name in text.split(",")]
    unknown = set(wanted) - set(get_args(Zone))
    if unknown:
        raise click.BadParameter(f"{', '.join(sorted(unknown))}; known are {', '.join(get_args(Zone))}")
    return wanted  # type: ignore[return-value]


def _keep_logs(folder: Path) -> None:
    kept = FOLDER / f"logs_{time.strftime('%H%M%S')}"
    for path in [*folder.glob("*.log"), *folder.glob("*/*.log"), *folder.glob("airflow/logs/components/*.log")]:
        target = kept / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    _CONSOLE.print(f"Logs are kept in {kept}.")


@contextmanager
def _folder() -> Iterator[Path]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run_", dir=FOLDER, ignore_cleanup_errors=True) as name:
        yield Path(name)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=_CONSOLE)


def _is_good(result: dict[str, Any], engine: str) -> bool:
    soak = result.get(f"soak_{engine}", {})
    return not any(soak.get(name) for name in ("lost", "doubled", "wrong", "leaks")) and not soak.get("events", {}).get(
        "wrong"
    )


if __name__ == "__main__":
    main()
