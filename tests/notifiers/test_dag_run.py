"""Dag runs through Airflow's own task runner, and whom they tell."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from airflow.dag_processing.dagbag import DagBag

from tests.notifiers.conftest import NOTIFY, SECRET, Sinks
from tests.operators.importing import Import, line

PROJECT = Path(__file__).resolve().parents[2]
_RUN = """
import sys
from airflow.utils.db import initdb
initdb()
from airflow.models.pool import Pool
for name in ("campaign_db", "landing_zone_local"):
    Pool.create_or_update_pool(name, slots=4, description="", include_deferred=False)
from campaign_cdp.sandbox.run_dags import main
sys.exit(main(sys.argv[1:]))
"""


def run_dags(folder: Path, feeds: list[dict[str, Any]]) -> tuple[int, str]:
    """Run the Dags of import feeds in one process; returns how many failed, and the log."""
    (folder / "feeds").mkdir()
    for feed in feeds:
        (folder / "feeds" / f"{feed['id']}.yaml").write_text(yaml.safe_dump(feed))
    env = os.environ | {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "CDP_FEEDS_DIR": str(folder / "feeds"),
    }
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *(f"audience_import__{feed['id']}" for feed in feeds)],
        env=env,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=110,
    )
    return done.returncode, done.stdout + done.stderr


def written(imports: Import) -> dict[str, Any]:
    """The feed as its file has it."""
    feed = imports.feed.model_dump(mode="json", by_alias=True, exclude_none=True)
    return feed | {"columns": {name: {"from": column["from"]} for name, column in feed["columns"].items()}}


def test_a_failing_run_alerts_once_and_one_without_files_is_skipped_and_told_for_the_record(
    sinks: Sinks, alerting: Callable[..., Import], tmp_path: Path
) -> None:
    imports = alerting(rejects={"max_pct": 0})
    imports.export([line("ann@x.io", name="Ann"), line("bad")], [line("bob@x.io")])
    gold = written(imports)
    late = gold | {
        "id": "late",
        "list": {**gold["list"], "name": "LATE"},
        "alerts": {**gold["alerts"], "late_is": "skipped", "late_after": "1s"},
    }
    late["landing_zone"] = {**gold["landing_zone"], "prefix": "in/late/"}
    sinks.slack.status = 500

    failed, log = run_dags(tmp_path, [gold, late])

    assert failed == 1, log[-6000:]
    assert sinks.counts() == (2, 2, 2), "a channel that is broken changes nothing"
    body, skipped = sinks.bodies()
    run = imports.sql("SELECT run_id FROM cdp.sync_run")[0][0]
    assert (body["code"], body["kind"], body["numbers"]) == ("ACR-310", "failed", {"task": "reconciliation"})
    assert body["dag_id"] == "audience_import__gold"
    assert f"run_{run}.csv" in body["details"]
    assert (skipped["kind"], skipped["severity"]) == ("late", "info")
    assert "ACR-260 Channel slack:slack_alerts did not take campaign-cdp/failed/gold/ACR-310" in log
    told = str(sinks.webhook.posts) + str(sinks.slack.posts) + sinks.mail.mails[0][1].as_string()
    assert "ann" not in told.lower()
    assert SECRET not in log
    assert "slack-secret" not in log


def test_every_task_tells_and_the_last_one_ends_alerts(monkeypatch, tmp_path) -> None:
    for name in ("loyalty_gold", "delivery_events"):
        feed = yaml.safe_load((PROJECT / "include" / "feeds" / f"{name}.yaml").read_text())
        feed["alerts"] = {**feed.get("alerts", {}), "notify": NOTIFY, "done_within": "8h"}
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(feed))
    monkeypatch.setenv("CDP_FEEDS_DIR", str(tmp_path))

    for file in ("audience_import", "event_export"):
        bag = DagBag(PROJECT / "dags" / f"{file}.py")
        assert bag.import_errors == {}
        (dag,) = bag.dags.values()
        assert [type(callback).__name__ for task in dag.tasks for callback in task.on_failure_callback] == [
            "TaskFailedNotifier"
        ] * len(dag.tasks)
        assert [type(found).__name__ for found in dag.get_task("end").on_success_callback] == ["RunEndedNotifier"]
        assert len(dag.deadline) == 1
