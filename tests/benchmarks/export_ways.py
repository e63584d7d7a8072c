"""The ways to export: ours, ours in two partitions, the floor, and pandas."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar, Final

from isal import igzip
from psycopg.conninfo import conninfo_to_dict

from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.sandbox.postgres import bin_dir
from tests.benchmarks.export_sql import headers, queries
from tests.benchmarks.measure import Finished, run
from tests.benchmarks.recorded_sql import session
from tests.benchmarks.way import REPO, RunResult, Servers, worker_result
from tests.operators.exporting import Export
from tests.places import Place

#: Tasks of the Dag, all of them measured.
TASKS: Final = ("incremental_query", "data_extraction", "file_transfer", "landing_check", "end")
FORMATS: Final = ("csv", "jsonl", "parquet")


@dataclass(frozen=True, slots=True)
class ExportBench(Servers):
    """What all ways work with.

    :param events: that the logs hold.
    """

    events: int

    def feed(self, dsn: str, file_format: str, **feed: Any) -> EventFeed:
        return Export(Place.named(self.landing.bucket), dsn, format=file_format, **feed).feed


class ExportWay(ABC):
    """One way to get the events out in one format."""

    name: ClassVar[str]
    formats: ClassVar[tuple[str, ...]] = FORMATS
    #: What this way does not do; empty if it does the whole job.
    lacks: ClassVar[str] = ""
    settings: ClassVar[dict[str, Any]] = {}

    def __init__(self, bench: ExportBench, file_format: str) -> None:
        self.bench, self.format = bench, file_format

    @abstractmethod
    def run(self, dsn: str) -> RunResult:
        """Do the job once.

        :raises SystemExit: if it did not write all events.
        """

    def lines(self) -> Iterator[bytes]:
        """Lines that the last run wrote, without headers; none if they are written in another manner."""
        return iter(())

    def require(self, rows: int) -> None:
        if rows != self.bench.events:
            raise SystemExit(f"{self.name} wrote {rows:,} events as {self.format}, expected {self.bench.events:,}")


class OwnExport(ExportWay):
    name = "campaign_cdp"
    processes: ClassVar[int] = 1

    def run(self, dsn: str) -> RunResult:
        self.bench.landing.empty()
        config, env = self.config(dsn)
        finished = run_tasks(config, env, *TASKS)
        result = worker_result(finished)
        self.require(result["counts"]["file_transfer"]["rows"])
        cpu, detail = {"client": result["processor_s"]}, {"import_s": result["import_s"]}
        return RunResult(result["total_s"], result["peak_rss_mb"], result["phases_s"], detail, cpu)

    def config(self, dsn: str) -> tuple[str, dict[str, str]]:
        """Return the worker's configuration and environment."""
        config = self.bench.config(
            "export",
            bucket=self.bench.landing.bucket,
            dsn=dsn,
            feed={"format": self.format, "parts": {"partitions": self.processes}},
            processes=self.processes,
            state=str(self.bench.folder / "partitions.json"),
        )
        return config, self.bench.landing.airflow_environment(dsn)

    def lines(self) -> Iterator[bytes]:
        if self.format == "parquet":
            return
        for body in self.bench.landing.bodies():
            with igzip.open(body) as file:
                if self.format == "csv":
                    next(file)
                yield from file


class OwnExportSideBySide(OwnExport):
    name = "campaign_cdp_2_partitions"
    processes = 2


class FloorExport(ExportWay):
    name = "floor"
    formats = ("csv", "jsonl")
    lacks = "ledger, upload, memory of what was exported, files of limited size: psql COPY | gzip -6 to local files"

    def run(self, dsn: str) -> RunResult:
        phases = {}
        env = self.bench.databases.server.psql_environment(str(conninfo_to_dict(dsn)["dbname"]))
        for log, (query, options) in self._queries(dsn).items():
            script = self.bench.folder / f"{log}.sql"
            script.write_text(f"{session()};\nCOPY ({query}) TO STDOUT ({options});\n", encoding="utf-8")
            command = 'set -o pipefail; "$1" -X -q -v ON_ERROR_STOP=1 -f "$2" | gzip -6 > "$3"'
            finished = run(
                ["bash", "-c", command, "floor", str(bin_dir() / "psql"), str(script), str(self._file(log))], env=env
            )
            phases[log] = finished.seconds
        return RunResult(sum(phases.values()), None, phases)

    def lines(self) -> Iterator[bytes]:
        for log in ("delivery", "tracking"):
            with igzip.open(self._file(log)) as file:
                yield from file

    def _queries(self, dsn: str) -> dict[str, tuple[str, str]]:
        return queries(dsn, self.bench.feed(dsn, self.format), as_json=self.format == "jsonl")

    def _file(self, log: str) -> Path:
        return self.bench.folder / f"floor_{log}.{self.format}.gz"


class PandasExport(ExportWay):
    name = "pandas"
    lacks = (
        "ledger, upload, memory of what was exported, files of limited size, XDM's shape, types: read_sql of the same "
        "query and to_csv, to_json or to_parquet, one log at a time"
    )

    def run(self, dsn: str) -> RunResult:
        feed = self.bench.feed(dsn, self.format)
        config = self.bench.config(
            "pandas",
            url=self.bench.databases.url(dsn).replace("postgresql://", "postgresql+psycopg://"),
            queries={log: query for log, (query, _) in queries(dsn, feed, as_json=False).items()},
            headers=headers(feed),
            format=self.format,
            folder=str(self.bench.folder),
        )
        finished = run([sys.executable, "-m", "tests.benchmarks.export_pandas_way", config], cwd=REPO)
        result = worker_result(finished)
        self.require(result["rows"])
        cpu = {"client": result["processor_s"]}
        return RunResult(result["total_s"], finished.peak_rss_mb, result["phases_s"], cpu_s=cpu)


def run_tasks(config: str, env: dict[str, str], *tasks: str) -> Finished:
    """Run tasks in a process of their own."""
    return run([sys.executable, "-m", "tests.benchmarks.export_own_way", config, *tasks], env=env, cwd=REPO)


def content(way: ExportWay) -> tuple[int, int]:
    """Count and checksum of the lines, in whatever order they are."""
    count = total = 0
    for line in way.lines():
        count += 1
        total += int.from_bytes(blake2b(line, digest_size=8).digest())
    return count, total % 2**64
