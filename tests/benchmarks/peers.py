"""The peers, each with a table of its own: dlt and sling."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import ClassVar

from tests.benchmarks.measure import run
from tests.benchmarks.way import TEMPLATE, RunResult, Way, worker_result


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
    file_format: ClassVar[str] = "csv"
    tables = ("peer.people",)
    lacks = Sling.lacks.replace("upsert", "delete-insert merge").replace(" with one index", " without any index")

    def prepare(self) -> None:
        people = self.bench.folder / "people.csv"
        shutil.rmtree(self.bench.folder / "dlt", ignore_errors=True)
        self.bench.databases.export_people(TEMPLATE, people)
        self.bench.databases.create_empty(self.template)
        self._pipeline(self.bench.databases.server.dsn(self.template), people, "replace")
        self.bench.databases.settle(self.template)
        (self.bench.folder / "dlt").rename(self.bench.folder / self.template)

    def run(self, dsn: str) -> RunResult:
        shutil.rmtree(self.bench.folder / "dlt", ignore_errors=True)
        shutil.copytree(self.bench.folder / self.template, self.bench.folder / "dlt")
        return self._pipeline(dsn, self.bench.file.unique, "merge")

    def _pipeline(self, dsn: str, file: Path, disposition: str) -> RunResult:
        pipelines = self.bench.folder / "dlt"
        config = self.bench.config(
            "dlt",
            url=self.bench.databases.url(dsn),
            file=str(file),
            pipelines=str(pipelines),
            disposition=disposition,
            format=self.file_format,
        )
        python = self.bench.peers / "bin" / "python"
        env = {"HOME": str(self.bench.folder), "DLT_DATA_DIR": str(pipelines)}
        finished = run(
            [str(python), str(Path(__file__).with_name("dlt_way.py")), config], env=env, cwd=self.bench.folder
        )
        result = worker_result(finished)
        return RunResult(result["total_s"], finished.peak_rss_mb, result["phases_s"])


class DltAdbc(Dlt):
    """dlt's own recommendation for Arrow data: Parquet, loaded by Arrow's database driver."""

    name = "dlt_adbc"
    template = "dlt_adbc_template"
    file_format = "parquet"
