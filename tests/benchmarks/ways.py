"""The ways that are compared. Each prepares its template once; a run works on a fresh copy of it."""

from __future__ import annotations

import json
import shutil
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from campaign_cdp.sandbox.postgres import bin_dir
from tests.benchmarks.database import Databases
from tests.benchmarks.landing import LandingZone
from tests.benchmarks.measure import run
from tests.benchmarks.recorded_sql import bench_feed, recorded, session
from tests.benchmarks.segment_file import HEADER, SegmentFile

TEMPLATE: Final = "campaign_template"
REPO: Final = Path(__file__).resolve().parents[2]
#: Tasks of the Dag that are measured; ``file_transfer`` waits for files and opens the run before them.
TASKS: Final = ("data_loading", "deduplication", "reconciliation", "update_data")


@dataclass(frozen=True, slots=True)
class RunResult:
    """One measured run.

    :param seconds: without the start of Python and its imports.
    """

    seconds: float
    peak_rss_mb: float | None
    phases_s: dict[str, float]
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bench:
    """What all ways work with.

    :param folder: for files of this benchmark.
    :param peers: folder of the peers' virtual environment.
    """

    folder: Path
    databases: Databases
    landing: LandingZone
    file: SegmentFile
    peers: Path

    def config(self, name: str, **values: Any) -> str:
        """Write a worker's configuration, which holds passwords, and return its path."""
        path = self.folder / f"{name}.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(values), encoding="utf-8")
        return str(path)


class Way(ABC):
    """One way to bring the file into the database."""

    name: ClassVar[str]
    template: ClassVar[str] = TEMPLATE
    tables: ClassVar[tuple[str, ...]] = ("nmsrecipient", "nmsrcpgrprel")
    #: What this way does not do; empty if it does the whole job on the clean file.
    lacks: ClassVar[str] = ""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def prepare(self) -> None:  # noqa: B027  # most ways need nothing
        """Make the template and choose options; not measured."""

    @abstractmethod
    def run(self, dsn: str) -> RunResult:
        """Do the job on a fresh database."""

    @property
    def settings(self) -> dict[str, Any]:
        return {}


class Own(Way):
    name = "campaign_cdp"

    def run(self, dsn: str) -> RunResult:
        config = self.bench.config("own", bucket=self.bench.landing.bucket, state=str(self.bench.folder / "parts.json"))
        env = self.bench.landing.airflow_environment(dsn)
        waited = worker_result(_own(config, env, "file_transfer"))
        finished = _own(config, env, *TASKS)
        result = worker_result(finished)
        self._check(result["counts"]["update_data"])
        detail = {"file_transfer_s": waited["total_s"], "import_s": result["import_s"]}
        return RunResult(result["total_s"], finished.peak_rss_mb, result["phases_s"], detail)

    def _check(self, counts: dict[str, int]) -> None:
        expected = {name: self.bench.file.expected[name] for name in counts if name in self.bench.file.expected}
        found = {name: counts[name] for name in expected}
        if found != expected or len(expected) < 8:
            raise SystemExit(f"The import came to {counts}, expected {expected}")


class Floor(Way):
    name = "floor"
    lacks = "validation, rejects, decompression, ledger, limits: COPY of the clean file and the same statements"

    def run(self, dsn: str) -> RunResult:
        statements = recorded(dsn, bench_feed(""), HEADER)
        with psycopg.connect(dsn, autocommit=True) as conn:
            for statement in statements["create"]:
                conn.execute(statement)  # type: ignore[call-overload]
        script = [r"\set ON_ERROR_STOP on", session() + ";"]
        for phase in ("load", "deduplicate", "plan", "apply"):
            script += [rf"\echo phase {phase}", r"\timing on", "BEGIN;"]
            script += [self._for_psql(statement) for statement in statements[phase]]
            script += ["COMMIT;", r"\timing off"]
        env = self.bench.databases.server.psql_environment(conninfo_to_dict(dsn)["dbname"])
        finished = run([str(bin_dir() / "psql"), "-X", "-q", "-A", "-t"], env=env, given="\n".join(script) + "\n")
        return RunResult(finished.seconds, finished.peak_rss_mb, _psql_phases(finished.output))

    def _for_psql(self, statement: str) -> str:
        if not statement.startswith("COPY"):
            return statement.rstrip().removesuffix(";") + ";"
        from_file = statement.replace("FROM STDIN (", f"FROM '{self.bench.file.clean}' (HEADER true, ")
        return "\\" + from_file.replace("\n", " ").replace("COPY", "copy", 1)


class Pandas(Way):
    name = "pandas_to_sql"
    lacks = "validation, rejects, ledger, limits: to_sql of the clean file, then the same statements"
    methods: ClassVar[dict[str, dict[str, Any]]] = {
        "default": {"method": None, "chunksize": None},
        "multi, chunksize 1000": {"method": "multi", "chunksize": 1000},
    }
    trial_rows: ClassVar[int] = 100_000

    def prepare(self) -> None:
        """Choose the quicker of the two methods by loading the first lines with both."""
        head = self.bench.folder / "pandas_trial.csv"
        with self.bench.file.clean.open("rb") as source, head.open("wb") as out:
            out.writelines(islice(source, self.trial_rows + 1))
        self.trial_s: dict[str, float] = {}
        for method in self.methods:
            with self.bench.databases.copy(TEMPLATE, "bench_trial") as dsn:
                self.trial_s[method] = round(self.load(dsn, method, str(head)).phases_s["to_sql"], 3)
        self.chosen = min(self.trial_s, key=lambda method: self.trial_s[method])

    def run(self, dsn: str) -> RunResult:
        return self.load(dsn, self.chosen, str(self.bench.file.clean))

    def load(self, dsn: str, method: str, clean: str) -> RunResult:
        config = self.bench.config(
            "pandas",
            dsn=dsn,
            clean=clean,
            session=session(),
            statements=recorded(dsn, bench_feed(""), HEADER),
            **self.methods[method],
        )
        finished = run([sys.executable, "-m", "tests.benchmarks.pandas_way", config], cwd=REPO)
        result = worker_result(finished)
        return RunResult(result["total_s"], finished.peak_rss_mb, result["phases_s"])

    @property
    def settings(self) -> dict[str, Any]:
        return {"method": self.chosen, "trial_rows": self.trial_rows, "trial_to_sql_s": self.trial_s}


def _own(config: str, env: dict[str, str], *tasks: str) -> Any:
    return run([sys.executable, "-m", "tests.benchmarks.own_way", config, *tasks], env=env, cwd=REPO)


def worker_result(finished: Any) -> dict[str, Any]:
    """Read the last line of a worker's output."""
    return json.loads(finished.output.strip().rsplit("\n", 1)[-1])


def _psql_phases(output: str) -> dict[str, float]:
    phases: dict[str, float] = {}
    phase = ""
    for line in output.splitlines():
        if line.startswith("phase "):
            phase = line.removeprefix("phase ")
            phases[phase] = 0.0
        elif line.startswith("Time: "):
            phases[phase] += float(line.split()[1]) / 1000
    return phases


class Sling(Way):
    name = "sling"
    template = "sling_template"
    tables = ("people",)
    lacks = (
        "validation, rejects, duplicates in the file, the list, Campaign's table and keys: upsert of the clean, "
        "duplicate-free file into a table of its own with one index"
    )

    def prepare(self) -> None:
        self.bench.databases.create_people(self.template, TEMPLATE)

    def run(self, dsn: str) -> RunResult:
        home = self.bench.folder / "sling"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        env = {
            "HOME": str(home),
            "SLING_HOME_DIR": str(home),
            "SLING_DISABLE_TELEMETRY": "true",
            "SLING_LOADED_AT_COLUMN": "false",
            "TARGET": self.bench.databases.url(dsn),
        }
        finished = run(
            [
                str(self._program()),
                "run",
                *("--src-stream", f"file://{self.bench.file.unique}"),
                *("--tgt-conn", "TARGET", "--tgt-object", "public.people"),
                *("--mode", "incremental", "--primary-key", "semail"),
                *("--columns", '{"smobilephone": "string"}'),  # else it takes +49 151 ... for a number
            ],
            env=env,
        )
        return RunResult(finished.seconds, finished.peak_rss_mb, {"run": finished.seconds})

    def _program(self) -> Path:
        return next(self.bench.peers.glob("lib/python*/site-packages/sling_*/bin/sling-*"))


class Dlt(Way):
    name = "dlt"
    template = "dlt_template"
    tables = ("peer.people",)
    lacks = Sling.lacks.replace("upsert", "delete-insert merge").replace(" with one index", " with dlt's own columns")

    def prepare(self) -> None:
        people = self.bench.folder / "people.csv"
        self.bench.databases.export_people(TEMPLATE, people)
        self.bench.databases.create_empty(self.template)
        self._pipeline(self.bench.databases.server.dsn(self.template), people, "replace")
        self.bench.databases.settle(self.template)
        shutil.rmtree(self.bench.folder / "dlt_prepared", ignore_errors=True)
        (self.bench.folder / "dlt").rename(self.bench.folder / "dlt_prepared")

    def run(self, dsn: str) -> RunResult:
        shutil.copytree(self.bench.folder / "dlt_prepared", self.bench.folder / "dlt")
        return self._pipeline(dsn, self.bench.file.unique, "merge")

    def _pipeline(self, dsn: str, file: Path | None, disposition: str) -> RunResult:
        pipelines = self.bench.folder / "dlt"
        config = self.bench.config(
            "dlt", url=self.bench.databases.url(dsn), file=str(file), pipelines=str(pipelines), disposition=disposition
        )
        python = self.bench.peers / "bin" / "python"
        env = {"HOME": str(self.bench.folder), "DLT_DATA_DIR": str(pipelines)}
        finished = run(
            [str(python), str(Path(__file__).with_name("dlt_way.py")), config], env=env, cwd=self.bench.folder
        )
        result = worker_result(finished)
        return RunResult(result["total_s"], finished.peak_rss_mb, result["phases_s"])


WAYS: Final[dict[str, type[Way]]] = {way.name: way for way in (Own, Floor, Pandas, Dlt, Sling)}
