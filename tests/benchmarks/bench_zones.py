"""``make bench-zones``: a file through each landing zone and through the storage's own client, in turns."""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from rich.table import Table

from campaign_cdp.sandbox.hosts import SERVED, ZONES, storage_server
from campaign_cdp.sandbox.local_folder import LocalFolder
from campaign_cdp.sandbox.storages import StorageHost
from tests.benchmarks import memory
from tests.benchmarks.measure import run
from tests.benchmarks.stage import CONSOLE, FOLDER, progress_bars
from tests.benchmarks.way import REPO
from tests.benchmarks.zone_copy import ROOT

_RESULT = REPO / "build" / "bench-zones.json"
_TURNS = tuple((way, direction) for direction in ("up", "down") for way in ("own", "plain"))


@click.command()
@click.option("--mb", default=1000, show_default=True, type=click.IntRange(1), help="Size of the file.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Runs of each; the median counts.")
@click.option("--zones", default=",".join(ZONES), show_default=True, help="Which storages.")
@click.option("--json", "as_json", is_flag=True, help="Also write the result to standard output.")
def main(mb: int, rounds: int, zones: str, as_json: bool) -> None:
    """Compare landing zones with plain copies. What counts are the ratios within one storage."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    result: dict[str, Any] = {"megabytes": mb, "idle_mb": round(memory.idle_task_mb()), "zones": {}}
    with TemporaryDirectory(prefix="zones_", dir=FOLDER) as folder, progress_bars() as progress:
        file = _file(Path(folder) / "file.bin", mb)
        kinds = zones.split(",")
        task = progress.add_task("", total=len(kinds) * rounds * len(_TURNS))
        for kind in kinds:
            runs: dict[tuple[str, str], list[tuple[float, float]]] = {turn: [] for turn in _TURNS}
            with _host(kind, Path(folder)) as host:
                host.storage(ROOT)
                for _ in range(rounds):
                    for turn in _TURNS:
                        progress.update(task, description=f"{kind}: {turn[0]} {turn[1]}")
                        runs[turn].append(_copy(kind, turn, file, host, Path(folder)))
                        progress.advance(task)
            result["zones"][kind] = _summary(runs, result["idle_mb"])
    _RESULT.parent.mkdir(exist_ok=True)
    _RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    CONSOLE.print(_table(result))
    if as_json:
        click.echo(json.dumps(result))


@contextmanager
def _host(kind: str, folder: Path) -> Iterator[StorageHost]:
    if kind not in SERVED:
        yield LocalFolder(folder / kind)
        return
    with storage_server(kind, folder, None) as server:
        yield server


def _copy(kind: str, turn: tuple[str, str], file: Path, host: StorageHost, folder: Path) -> tuple[float, float]:
    """Return seconds and the peak memory in MB of one copy; what came down must be what went up."""
    way, direction = turn
    target = file if direction == "up" else folder / "down.bin"
    command = [sys.executable, "-m", "tests.benchmarks.zone_copy", kind, way, direction, str(target)]
    finished = run(command, env=host.connections(), cwd=REPO)
    if direction == "down":
        run(["cmp", str(file), str(target)])
        target.unlink()
    return json.loads(finished.output.splitlines()[-1])["seconds"], finished.peak_rss_mb or 0.0


def _summary(runs: dict[tuple[str, str], list[tuple[float, float]]], idle_mb: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for direction in ("up", "down"):
        own, plain = (statistics.median(s for s, _ in runs[way, direction]) for way in ("own", "plain"))
        found[direction] = {"own_s": round(own, 2), "plain_s": round(plain, 2), "ratio": round(own / plain, 2)}
    peak = max(mb for direction in ("up", "down") for _, mb in runs["own", direction])
    return found | {"over_idle_mb": round(peak - idle_mb)}


def _file(path: Path, mb: int) -> Path:
    with path.open("wb") as file:
        for _ in range(mb):
            file.write(os.urandom(1_000_000))
    return path


def _table(result: dict[str, Any]) -> Table:
    table = Table("storage", "up s", "plain s", "ratio", "down s", "plain s", "ratio", "MB over idle")
    for kind, found in result["zones"].items():
        figures = [found[direction][name] for direction in ("up", "down") for name in ("own_s", "plain_s", "ratio")]
        table.add_row(kind, *map(str, figures), str(found["over_idle_mb"]))
    return table


if __name__ == "__main__":
    main()
