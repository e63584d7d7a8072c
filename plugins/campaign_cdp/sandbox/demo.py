"""The demonstration: audiences into Campaign, events back to AEP, and every count compared with what was sent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.feeds.loader import audience_feed
from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.sandbox import demo_export, demo_import
from campaign_cdp.sandbox.airflow_stack import airflow_server
from campaign_cdp.sandbox.demo_view import DemoView, event_table, result_table
from campaign_cdp.sandbox.endpoints import Endpoints
from campaign_cdp.sandbox.hosts import Zone
from campaign_cdp.sandbox.stack import Sandbox
from campaign_cdp.sandbox.zone_feeds import use_feeds_on

DAGS = (
    *(f"audience_import__{feed_id}" for feed_id in demo_import.EXPORTS),
    *(f"event_export__{feed_id}" for feed_id in demo_export.FEEDS),
)
_NAMES = {"s3": "S3", "azure_blob": "Azure Blob", "sftp": "SFTP", "local": "a folder"}


class Demo:
    """Runs everything in the sandbox's folder, from nothing.

    :param report: file to write, JSON.
    :param zone: kind of storage in which the files are exchanged.
    """

    def __init__(self, box: Sandbox, report: Path, console: Console, zone: Zone = "s3") -> None:
        self._box, self._report, self._view, self._zone = box, report, DemoView(console), zone

    def run(self) -> None:
        """Run the demonstration, show and write its results.

        :raises SandboxError: if something does not start, a Dag fails, or a count is not what was sent.
        """
        started = time.monotonic()
        try:
            with self._view:
                tables, report = self._play(self._servers())
        finally:
            self._box.down()
        seconds = round(time.monotonic() - started, 1)
        self._report.parent.mkdir(parents=True, exist_ok=True)
        self._report.write_text(json.dumps({"seconds": seconds, "zone": self._zone, **report}, indent=2) + "\n")
        self._view.show(tables, seconds, self._report)

    def _servers(self) -> Endpoints:
        """Airflow's tables take longest, so they are made while the others are being prepared."""
        if any(server.name == "airflow" and server.running for server in self._box.status()):
            raise SandboxError("Airflow is running in the sandbox. Run `make down`; the demo starts from nothing.")
        with self._view.step(f"Starting PostgreSQL and {_NAMES[self._zone]}"):
            self._box.down(purge=True)
            endpoints = self._box.up(zone=self._zone)
        use_feeds_on(self._zone, self._box.folder)
        with ThreadPoolExecutor(1) as pool:
            airflow = airflow_server(self._box, endpoints)
            prepared = pool.submit(airflow.prepare)
            with self._view.step(f"Filling Campaign with {demo_import.RECIPIENTS:,} recipients"):
                upgrade(endpoints.campaign_dsn)
                demo_import.fill(endpoints)
            with self._view.step("Preparing Airflow"):
                prepared.result()
        self._box.remember(airflow.name, airflow.record)
        return endpoints

    def _play(self, endpoints: Endpoints) -> tuple[list[Any], dict[str, Any]]:
        exports = {}
        for feed_id, wanted in demo_import.EXPORTS.items():
            with self._view.step(f"AEP exports {feed_id}: {wanted.lines:,} lines, {audience_feed(feed_id).export}"):
                exports[feed_id] = demo_import.write(self._box, feed_id)
        with self._view.step("Campaign sends deliveries, people open and click"):
            sent = demo_export.send(self._box, endpoints)
        self._run_dags(endpoints)
        with self._view.step("AEP takes the event files"):
            taken = demo_export.ingest(self._box)
        imported, exported = demo_import.results(endpoints), demo_export.results(endpoints)
        demo_import.compare(imported, exports)
        demo_export.compare(exported, taken, sent)
        report = {"runs": [asdict(result) for result in imported], **demo_export.report(exported, taken)}
        return [result_table(imported), event_table(exported, taken)], report

    def _run_dags(self, endpoints: Endpoints) -> None:
        airflow = airflow_server(self._box, endpoints)
        command = [sys.executable, "-m", "campaign_cdp.sandbox.run_dags", *DAGS]
        with airflow.log.open("ab") as log, self._view.dag_runs(DAGS) as board:
            process = subprocess.Popen(command, env=os.environ | airflow.environment(), stdout=log, stderr=log)
            running = True
            while running:
                running = process.poll() is None
                with psycopg.connect(endpoints.campaign_dsn) as conn:
                    board.update(_done(Ledger(conn)))
                time.sleep(0.3)
        if process.returncode:
            lines = airflow.log.read_text(errors="replace").splitlines()[-25:]
            tail = "\n".join(line[:300] for line in lines)
            raise SandboxError(f"{process.returncode} of {len(DAGS)} Dags failed. The end of {airflow.log}:\n{tail}")


def _done(ledger: Ledger) -> dict[str, list[str]]:
    """Dag -> steps that are written down, ``end`` if it is through."""
    done = {}
    for run in ledger.runs():
        done[f"audience_import__{run.feed}"] = [*ledger.steps(run.run_id), *(["end"] if run.state == "ended" else [])]
    for window in ledger.windows():
        steps = [*ledger.window_steps(window.window_id), *(["end"] if window.state == "done" else [])]
        done[f"event_export__{window.feed}"] = steps
    return done
