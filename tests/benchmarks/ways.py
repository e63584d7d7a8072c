"""The ways that write Campaign's own tables: ours, the floor, and pandas."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from campaign_cdp.sandbox.postgres import bin_dir
from tests.benchmarks.measure import Finished, run
from tests.benchmarks.recorded_sql import bench_feed, recorded, session
from tests.benchmarks.segment_file import HEADER
from tests.benchmarks.way import REPO, TASKS, RunResult, Way, worker_result


class Own(Way):
    name = "campaign_cdp"

    def run(self, dsn: str) -> RunResult:
        config = self.bench.config("own", bucket=self.bench.landing.bucket, state=str(self.bench.folder / "parts.json"))
        env = self.bench.landing.airflow_environment(dsn)
        waited = worker_result(run_tasks(config, env, "file_transfer"))
        finished = run_tasks(config, env, *TASKS)
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
                conn.execute(statement)
        script = [r"\set ON_ERROR_STOP on", session() + ";"]
        for phase in ("load", "deduplicate", "plan", "apply"):
            script += [rf"\echo phase {phase}", r"\timing on", "BEGIN;"]
            script += [self._for_psql(statement) for statement in statements[phase]]
            script += ["COMMIT;", r"\timing off"]
        env = self.bench.databases.server.psql_environment(str(conninfo_to_dict(dsn)["dbname"]))
        finished = run([str(bin_dir() / "psql"), "-X", "-q", "-A", "-t"], env=env, given="\n".join(script) + "\n")
        return RunResult(finished.seconds, finished.peak_rss_mb, _psql_phases(finished.output))

    def _for_psql(self, statement: str) -> str:
        if not statement.startswith("COPY"):
            return statement.rstrip().removesuffix(";") + ";"
        from_file = statement.replace("FROM STDIN (", f"FROM '{self.bench.file.clean}' (HEADER true, ")
        return "\\" + from_file.replace("\n", " ").replace("COPY", "copy", 1)


class Pandas(Way):
    """The method that pandas' documentation proposes for many rows; with psycopg 3 it is the slower one."""

    name = "pandas_to_sql"
    lacks = "validation, rejects, ledger, limits: to_sql of the clean file, then the same statements"
    arguments: ClassVar[dict[str, Any]] = {"method": "multi", "chunksize": 1000}

    def run(self, dsn: str) -> RunResult:
        config = self.bench.config(
            "pandas",
            dsn=dsn,
            clean=str(self.bench.file.clean),
            session=session(),
            statements=recorded(dsn, bench_feed(""), HEADER),
            **self.arguments,
        )
        finished = run([sys.executable, "-m", "tests.benchmarks.pandas_way", config], cwd=REPO)
        result = worker_result(finished)
        return RunResult(result["total_s"], finished.peak_rss_mb, result["phases_s"])

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.arguments)


class PandasDefault(Pandas):
    """``to_sql`` as it comes."""

    name = "pandas_to_sql_default"
    arguments: ClassVar[dict[str, Any]] = {"method": None, "chunksize": None}


def run_tasks(config: str, env: dict[str, str], *tasks: str) -> Finished:
    """Run tasks in a process of their own."""
    return run([sys.executable, "-m", "tests.benchmarks.own_way", config, *tasks], env=env, cwd=REPO)


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
