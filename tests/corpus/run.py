"""``make corpus``: every case of the corpus through the product, on several storages; the result as a table."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click
from rich.table import Table

from campaign_cdp.sandbox.hosts import SERVED, ZONES, storage_server
from campaign_cdp.sandbox.local_folder import LocalFolder
from campaign_cdp.sandbox.postgres import NOT_DURABLE, PostgresServer
from campaign_cdp.sandbox.storages import StorageHost
from tests.benchmarks.page_stand import set_environment
from tests.benchmarks.stage import CONSOLE, FOLDER, progress_bars
from tests.benchmarks.way import REPO
from tests.corpus.cases import Case, cases

_RESULT: Final = REPO / "build" / "corpus.json"


@click.command()
@click.option("--zones", default="local,s3", show_default=True, help=f"Storages, of {','.join(ZONES)}.")
@click.option("--theme", default="", help="Only the cases of one theme.")
@click.option("--json", "as_json", is_flag=True, help="Also write the result to standard output.")
@click.pass_context
def main(ctx: click.Context, zones: str, theme: str, as_json: bool) -> None:
    """Run all cases. Exit code 1: one of them did not end as ``outcomes.csv`` says."""
    chosen = [case for case in cases() if theme in {"", case.theme}]
    FOLDER.mkdir(parents=True, exist_ok=True)
    result: dict[str, Any] = {"cases": 0, "as_expected": 0, "unexpected": [], "skipped": [], "zones": {}}
    with (
        TemporaryDirectory(prefix="corpus_", dir=FOLDER, ignore_cleanup_errors=True) as name,
        progress_bars() as progress,
    ):
        folder = Path(name)
        set_environment(folder)
        task = progress.add_task("", total=len(chosen) * len(zones.split(",")))
        with PostgresServer(folder / "postgres", settings=NOT_DURABLE) as postgres:
            for zone in zones.split(","):
                with _host(zone, folder) as host:
                    started = time.monotonic()
                    for _ in _run(postgres, zone, host, folder, chosen, result):
                        progress.update(task, description=zone, advance=1)
                    result["zones"][zone] = {"seconds": round(time.monotonic() - started, 1)}
    _RESULT.parent.mkdir(exist_ok=True)
    _RESULT.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    CONSOLE.print(_table(chosen, result))
    if as_json:
        click.echo(json.dumps(result))
    ctx.exit(1 if result["unexpected"] else 0)


def _run(
    postgres: PostgresServer, zone: str, host: StorageHost, folder: Path, chosen: list[Case], result: dict[str, Any]
) -> Iterator[None]:
    """Run the cases on one storage, and write down what became of them."""
    from tests.corpus.desk import is_as_expected  # Airflow reads its environment when it is first imported
    from tests.corpus.recipes import why_not
    from tests.corpus.stand import desk_at

    with desk_at(postgres, zone, host, folder, os.environ.__setitem__) as desk:
        for case in chosen:
            if reason := why_not(case, zone):
                result["skipped"].append({"case": case.name, "zone": zone, "reason": reason})
                yield
                continue
            outcome, wrong = desk.run(case)
            result["cases"] += 1
            if is_as_expected(case, outcome) and not wrong:
                result["as_expected"] += 1
            else:
                found = {"case": case.name, "zone": zone, "expected": str(case.expected), "became": str(outcome)}
                result["unexpected"].append({**found, "wrong": wrong})
            yield


@contextmanager
def _host(zone: str, folder: Path) -> Iterator[StorageHost]:
    if zone not in SERVED:
        (folder / zone).mkdir()
        yield LocalFolder(folder / zone)
        return
    server = storage_server(zone, folder, None).start()  # type: ignore[arg-type]  # one of SERVED
    try:
        yield server  # type: ignore[misc]  # start() returns what it is called on
    finally:
        server.stop()


def _table(chosen: list[Case], result: dict[str, Any]) -> Table:
    table = Table(title=f"{result['as_expected']:,} of {result['cases']:,} as expected on {', '.join(result['zones'])}")
    for column in ("theme", "cases", "unexpected"):
        table.add_column(column, justify="left" if column == "theme" else "right")
    bad = Counter(one["case"].split("/")[0] for one in result["unexpected"])
    for theme, count in Counter(case.theme for case in chosen).items():
        table.add_row(theme, str(count), str(bad[theme]))
    return table


if __name__ == "__main__":
    main()
