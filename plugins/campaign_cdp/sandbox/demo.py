"""The demonstration: AEP exports two audiences, Airflow carries them into Campaign, and the result is compared with
what the exports hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.feeds.loader import audience_feed
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.ledger.store import Ledger, Run
from campaign_cdp.sandbox.airflow_stack import airflow_server
from campaign_cdp.sandbox.campaign_database import add_list, seed
from campaign_cdp.sandbox.demo_view import DemoView, result_table
from campaign_cdp.sandbox.endpoints import Endpoints
from campaign_cdp.sandbox.feed_exports import audience_for, destination_for
from campaign_cdp.sandbox.platform import WrittenExport, export, s3_sink
from campaign_cdp.sandbox.stack import Sandbox

RECIPIENTS = 60_000


@dataclass(frozen=True)
class DemoExport:
    """What AEP exports for a feed.

    :param first: number of the first person; the two audiences do not overlap, so each result stands for itself.
    :param known: people beyond this number are new to Campaign.
    """

    lines: int
    max_rows: int
    first: int
    known: int


EXPORTS = {
    "loyalty_gold": DemoExport(lines=50_000, max_rows=30_000, first=1, known=RECIPIENTS),
    "cart_abandoners": DemoExport(lines=10_000, max_rows=30_000, first=50_001, known=RECIPIENTS + 20_000),
}
#: Members of the lists before the run; those outside the exports are the leavers.
MEMBERS = {"LOYALTY_GOLD": (30_001, 48_000), "CART_ABANDONERS": (50_001, 60_000)}


@dataclass(frozen=True)
class FeedResult:
    """One line of the report."""

    feed: str
    parts: int
    rows: int
    rejected: dict[str, int]
    inserted: int
    updated: int
    unchanged: int
    unmatched: int
    list_added: int
    list_removed: int
    seconds: float


class Demo:
    """Runs everything in the sandbox's folder, from nothing.

    :param report: file to write, JSON.
    """

    def __init__(self, box: Sandbox, report: Path, console: Console) -> None:
        self._box, self._report, self._view = box, report, DemoView(console)

    def run(self) -> list[FeedResult]:
        """Run the demonstration and return its results.

        :raises SandboxError: if something does not start, a Dag fails, or a result is not what the exports hold.
        """
        started = time.monotonic()
        try:
            with self._view:
                endpoints = self._servers()
                exports = self._exports(endpoints)
                self._run_dags(endpoints)
                results = self._results(endpoints)
                self._compare(results, exports)
        finally:
            self._box.down()
        seconds = round(time.monotonic() - started, 1)
        self._report.parent.mkdir(parents=True, exist_ok=True)
        self._report.write_text(json.dumps({"seconds": seconds, "runs": [asdict(r) for r in results]}, indent=2) + "\n")
        self._view.show(result_table(results), seconds, self._report)
        return results

    def _servers(self) -> Endpoints:
        """Airflow's tables take longest, so they are made while the others are being prepared."""
        if any(server.name == "airflow" and server.running for server in self._box.status()):
            raise SandboxError(
                "Airflow is running in the sandbox. Run `make down`; the demo starts from nothing."
            )
        with self._view.step("Starting PostgreSQL and S3"):
            self._box.down(purge=True)
            endpoints = self._box.up()
        with ThreadPoolExecutor(1) as pool:
            airflow = airflow_server(self._box, endpoints)
            prepared = pool.submit(airflow.prepare)
            with self._view.step(f"Filling Campaign with {RECIPIENTS:,} recipients"):
                self._campaign(endpoints)
            with self._view.step("Preparing Airflow"):
                prepared.result()
        self._box.remember(airflow.name, airflow.record)
        return endpoints

    def _campaign(self, endpoints: Endpoints) -> None:
        upgrade(endpoints.campaign_dsn)
        with psycopg.connect(endpoints.campaign_dsn) as conn:
            seed(conn, recipients=RECIPIENTS)
            for name, (first, last) in MEMBERS.items():
                add_list(conn, name, first=first, last=last)

    def _exports(self, endpoints: Endpoints) -> dict[str, WrittenExport]:
        written = {}
        client = self._box.s3().client()
        for feed_id, wanted in EXPORTS.items():
            feed = audience_feed(feed_id)
            with self._view.step(f"AEP exports {feed_id}: {wanted.lines:,} lines, {feed.export}"):
                written[feed_id] = export(
                    audience_for(feed, lines=wanted.lines, known=wanted.known, first=wanted.first),
                    destination_for(feed, max_rows=wanted.max_rows),
                    s3_sink(client, feed.landing_zone.bucket),
                    scheduled_at=datetime.now(UTC),
                )
        return written

    def _run_dags(self, endpoints: Endpoints) -> None:
        airflow = airflow_server(self._box, endpoints)
        dag_ids = [f"audience_import__{feed_id}" for feed_id in EXPORTS]
        command = [sys.executable, "-m", "campaign_cdp.sandbox.run_dags", *dag_ids]
        with airflow.log.open("ab") as log, self._view.dag_runs(list(EXPORTS)) as board:
            process = subprocess.Popen(command, env=os.environ | airflow.environment(), stdout=log, stderr=log)
            while process.poll() is None:
                with psycopg.connect(endpoints.campaign_dsn) as conn:
                    board.update({run.feed: (run, Ledger(conn).steps(run.run_id)) for run in Ledger(conn).runs()})
                time.sleep(0.3)
            with psycopg.connect(endpoints.campaign_dsn) as conn:
                board.update({run.feed: (run, Ledger(conn).steps(run.run_id)) for run in Ledger(conn).runs()})
        if process.returncode:
            lines = airflow.log.read_text(errors="replace").splitlines()[-25:]
            tail = "\n".join(line[:300] for line in lines)
            raise SandboxError(f"{process.returncode} of {len(EXPORTS)} Dags failed. The end of {airflow.log}:\n{tail}")

    def _results(self, endpoints: Endpoints) -> list[FeedResult]:
        with psycopg.connect(endpoints.campaign_dsn) as conn:
            ledger = Ledger(conn)
            return [_result(run, ledger) for run in reversed(ledger.runs())]

    def _compare(self, results: list[FeedResult], exports: dict[str, WrittenExport]) -> None:
        for result in results:
            expected = _expected(audience_feed(result.feed), exports[result.feed].truth)
            actual = {name: getattr(result, name) for name in expected}
            if actual != expected:
                raise SandboxError(f"{result.feed}: the export holds {expected}, but the import counted {actual}.")


def _result(run: Run, ledger: Ledger) -> FeedResult:
    files = [file for file in ledger.files(run.run_id) if file.part_no]
    rejected: dict[str, int] = {}
    for file in files:
        for code, count in file.reject_counts.items():
            rejected[code] = rejected.get(code, 0) + count
    names = ("rows", "inserted", "updated", "unchanged", "unmatched", "list_added", "list_removed")
    seconds = (run.updated_at - run.opened_at).total_seconds()
    counts = {name: run.counts[name] for name in names}
    return FeedResult(run.feed, len(files), rejected=rejected, seconds=round(seconds, 1), **counts)


def _expected(feed: AudienceFeed, truth: dict[str, Any]) -> dict[str, Any]:
    inserts = feed.profiles.mode == "insert_or_update"
    return {
        "rows": truth["lines"],
        "rejected": truth["rejected"],
        "inserted": truth["new"] if inserts else 0,
        "updated": truth["changed"],
        "unchanged": truth["unchanged"],
        "unmatched": 0 if inserts else truth["new"],
    }
