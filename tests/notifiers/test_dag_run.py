"""A Dag run that fails, through Airflow's own task runner: exactly one alert."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

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
sys.exit(main(["audience_import__gold"]))
"""


def run_dag(imports: Import, tmp_path: Path, *, fails: int) -> str:
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    feed = imports.feed.model_dump(mode="json", by_alias=True, exclude_none=True)
    columns = {name: {"from": column["from"]} for name, column in feed["columns"].items()}
    (feeds / "gold.yaml").write_text(yaml.safe_dump({**feed, "columns": columns}))
    env = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "CDP_FEEDS_DIR": str(feeds),
    }
    done = subprocess.run(
        [sys.executable, "-c", _RUN], env=env, cwd=PROJECT, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == fails, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def test_failing_dag_run_sends_one_alert_and_a_dead_server_changes_nothing(
    sinks: Sinks, alerting: Callable[..., Import], tmp_path: Path
) -> None:
    imports = alerting(rejects={"max_pct": 0})
    imports.export([line("ann@x.io", name="Ann"), line("bad")], [line("bob@x.io")])
    sinks.slack.status = 500

    log = run_dag(imports, tmp_path, fails=1)

    assert sinks.counts() == (1, 1, 1)
    (body,) = sinks.bodies()
    run = imports.sql("SELECT run_id FROM cdp.sync_run")[0][0]
    assert (body["code"], body["kind"], body["numbers"]) == ("ACR-310", "failed", {"task": "reconciliation"})
    assert body["dag_id"] == "audience_import__gold"
    assert f"run_{run}.csv" in body["details"]
    assert "ACR-260 Channel slack:slack_alerts did not take campaign-cdp/failed/gold/ACR-310" in log
    told = str(sinks.webhook.posts) + str(sinks.slack.posts) + sinks.mail.mails[0][1].as_string()
    assert "ann" not in told.lower()
    assert SECRET not in log
    assert "slack-secret" not in log


def test_run_without_files_is_skipped_to_its_end_and_told_for_the_record(
    sinks: Sinks, alerting: Callable[..., Import], tmp_path: Path
) -> None:
    run_dag(alerting({"late_is": "skipped", "late_after": "1s"}), tmp_path, fails=0)

    assert [(body["kind"], body["severity"]) for body in sinks.bodies()] == [("late", "info")]
    assert sinks.counts() == (1, 1, 1)


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
