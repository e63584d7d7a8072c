"""What both benchmarks stand on: servers, progress, and the measuring of one run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from campaign_cdp.sandbox.postgres import PostgresServer
from campaign_cdp.sandbox.s3 import S3Server
from campaign_cdp.sandbox.server import EmbeddedServer
from tests.benchmarks.cpu import client_seconds, server_seconds
from tests.benchmarks.database import SETTINGS, Databases
from tests.benchmarks.landing import LandingZone
from tests.benchmarks.way import REPO, RunResult, Servers

FOLDER: Final = REPO / "build" / "bench"
CONSOLE: Final = Console(stderr=True)


class Rows(click.ParamType):
    name = "rows"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        number = int(str(value).replace("_", "").replace(",", ""))
        if number % 1000 or number < 1000:
            self.fail(f"{value} is not a multiple of 1000", param, ctx)
        return number


class Runnable(Protocol):
    def run(self, dsn: str) -> RunResult: ...


@contextmanager
def progress_bars() -> Iterator[Progress]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=CONSOLE) as progress:
        yield progress


@contextmanager
def running_servers() -> Iterator[Servers]:
    """Start PostgreSQL and S3 with nothing in them; the folder is removed at the end."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="run_", dir=FOLDER, ignore_cleanup_errors=True)))
        postgres = stack.enter_context(PostgresServer(folder / "postgres", settings=SETTINGS))
        s3 = stack.enter_context(S3Server(folder / "s3"))
        (folder / "airflow").mkdir()
        yield Servers(folder, Databases(postgres), LandingZone(s3, "bench", folder / "airflow"))


def timed(servers: Servers, way: Runnable, dsn: str) -> RunResult:
    """Run a way once and count processor time; what the way counted itself stands."""
    programs = {"postgresql": servers.databases.server, "s3": servers.landing.server}
    pids = {name: _pid(server) for name, server in programs.items()}
    client, before = client_seconds(), {name: server_seconds(pid) for name, pid in pids.items()}
    run = way.run(dsn)
    used = {name: server_seconds(pid) - before[name] for name, pid in pids.items()}
    used = {"client": client_seconds() - client} | used | run.cpu_s
    return replace(run, cpu_s={name: round(seconds, 2) for name, seconds in used.items()})


def _pid(server: EmbeddedServer) -> int:
    return server.record.process.pid if server.record.process else 0
