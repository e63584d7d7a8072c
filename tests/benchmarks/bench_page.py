"""``make bench-page``: how fast the Sync runs page answers with a large ledger behind it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from tests.benchmarks.page_stand import prepare_airflow, seeded_ledger, set_environment, write_feeds
from tests.benchmarks.stage import CONSOLE, FOLDER
from tests.benchmarks.way import REPO

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

_RESULT = REPO / "build" / "bench-page.json"
_LIMIT_MS = 300
_API = "/campaign-cdp/api"


@click.command()
@click.option("--runs", default=100_000, show_default=True, type=click.IntRange(1000), help="Runs in the ledger.")
@click.option("--windows", default=20_000, show_default=True, type=click.IntRange(1000), help="Export windows.")
@click.option("--rejects", default=1_000_000, show_default=True, type=click.IntRange(1000), help="Rejected lines.")
@click.option("--imports", default=40, show_default=True, type=click.IntRange(1), help="Feeds that share the runs.")
@click.option("--exports", default=10, show_default=True, type=click.IntRange(1), help="Feeds that share the windows.")
@click.option(
    "--days", default=90, show_default=True, type=click.IntRange(1), help="Days that the runs are spread over."
)
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(1), help="Requests of each route.")
@click.option("--json", "as_json", is_flag=True, help="Also write the result to standard output.")
@click.pass_context
def main(
    ctx: click.Context,
    runs: int,
    windows: int,
    rejects: int,
    imports: int,
    exports: int,
    days: int,
    rounds: int,
    as_json: bool,
) -> None:
    """Measure each route. Exit code 1: one of them needs more than 300 ms (95th percentile)."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    result: dict[str, Any] = {"runs": runs, "windows": windows, "rejects": rejects, "feeds": imports + exports}
    with TemporaryDirectory(prefix="page_", dir=FOLDER) as name:
        folder = Path(name)
        set_environment(folder)
        feeds = write_feeds(folder, imports, exports)
        CONSOLE.print(f"Writing {runs:,} runs, {windows:,} windows and {rejects:,} rejects ...")
        with seeded_ledger(folder, feeds, runs=runs, windows=windows, rejects=rejects, days=days) as (_, with_rejects):
            prepare_airflow(
                [*(f"audience_import__{one}" for one in feeds[0]), *(f"event_export__{one}" for one in feeds[1])]
            )
            with _client() as client:
                result["routes"] = {
                    path: _measured(client, path, rounds) for path in _paths(client, feeds, with_rejects[0])
                }
    _RESULT.parent.mkdir(exist_ok=True)
    _RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    CONSOLE.print(_table(result))
    if as_json:
        click.echo(json.dumps(result))
    ctx.exit(0 if all(route["p95_ms"] <= _LIMIT_MS for route in result["routes"].values()) else 1)


def _client() -> TestClient:
    from airflow.api_fastapi.app import create_app, get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi.testclient import TestClient

    client = TestClient(create_app(apps="core"))
    token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="admin", role="admin"))
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def _paths(client: TestClient, feeds: tuple[list[str], list[str]], run_id: int) -> list[str]:
    """Return what the page asks for, first and last pages included."""
    audience, events = feeds[0][0], feeds[1][0]
    deep = _deep(client, f"/feeds/{audience}/runs")
    rejects = f"/runs/{run_id}/rejects"
    window_id = client.get(f"{_API}/feeds/{events}/windows?limit=1").json()["windows"][0]["window_id"]
    return [
        "/feeds",
        "/limits",
        f"/feeds/{audience}/charts?days=30",
        f"/feeds/{audience}/charts?days=90",
        f"/feeds/{audience}/runs",
        f"/feeds/{audience}/runs?after={deep}",
        f"/feeds/{audience}/runs?state=quarantined",
        f"/feeds/{audience}/runs?state=superseded",
        f"/feeds/{audience}/runs?since=2020-01-01&until=2020-02-01",
        f"/runs/{run_id}",
        rejects,
        f"{rejects}?after={_deep(client, rejects)}",
        f"{rejects}?code=too_long",
        f"{rejects}?code=ambiguous_key",
        f"{rejects}?code=bad_date",
        f"/feeds/{events}/charts?days=90",
        f"/feeds/{events}/windows",
        f"/windows/{window_id}",
        f"/feeds/{events}/watermarks",
        "/errors/ACR-310",
    ]


def _deep(client: TestClient, path: str) -> str:
    """Return where the tenth page of 500 ends."""
    after: str | None = None
    for _ in range(10):
        page = client.get(_API + path, params={"limit": 500, **({"after": after} if after else {})}).json()
        if page["next"] is None:
            break
        after = page["next"]
    return after or ""


def _measured(client: TestClient, path: str, rounds: int) -> dict[str, float]:
    took = []
    client.get(_API + path)
    for _ in range(rounds):
        started = time.perf_counter()
        answer = client.get(_API + path)
        took.append((time.perf_counter() - started) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answered {answer.status_code}: {answer.text[:500]}")
    took.sort()
    return {
        "median_ms": round(took[len(took) // 2], 1),
        "p95_ms": round(took[min(len(took) - 1, int(len(took) * 0.95))], 1),
        "kilobytes": round(len(answer.content) / 1000, 1),
    }


def _table(result: dict[str, Any]) -> Table:
    table = Table("route", "median ms", "p95 ms", "KB", title=f"{result['runs']:,} runs, {result['rejects']:,} rejects")
    for path, route in result["routes"].items():
        style = None if route["p95_ms"] <= _LIMIT_MS else "red"
        table.add_row(path, f"{route['median_ms']}", f"{route['p95_ms']}", f"{route['kilobytes']}", style=style)
    return table


if __name__ == "__main__":
    main()
