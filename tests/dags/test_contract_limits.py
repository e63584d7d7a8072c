"""House rules of the Dag that keeps the trend of the limits, and one run of it through Airflow's own task runner."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag

from tests.operators.conftest import import_template, local_folder, new_database, new_import  # noqa: F401  (fixtures)

PROJECT = Path(__file__).resolve().parents[2]
_RUN = """
import sys
from airflow.utils.db import initdb
initdb()
from airflow.models.pool import Pool
for name in ("campaign_db", "landing_zone_local"):
    Pool.create_or_update_pool(name, slots=4, description="", include_deferred=False)
from campaign_cdp.sandbox.run_dags import main
failed = main(["contract_limits"])
from airflow.utils.session import create_session
from airflow.models.asset import AssetEvent
with create_session() as session:
    for event in session.query(AssetEvent):
        print("EVENT", event.asset.uri, sorted(event.extra.items()))
sys.exit(failed)
"""


@pytest.fixture
def statsd() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        yield receiver


def feeds_folder(folder: Path, **zone: str) -> Path:
    """Two feeds of one Campaign on the same landing zone."""
    folder.mkdir()
    for name in ("cart_abandoners", "loyalty_gold"):
        feed = yaml.safe_load((PROJECT / "include" / "feeds" / f"{name}.yaml").read_text())
        feed["landing_zone"] = {**zone, "prefix": feed["landing_zone"]["prefix"]}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(feed))
    return folder


def dags() -> Any:
    bag = DagBag(PROJECT / "dags" / "contract_limits.py")
    assert bag.import_errors == {}
    return bag.dags


def test_shipped_feeds_have_one_database_and_no_storage_of_a_fixed_size() -> None:
    (dag,) = dags().values()

    assert [task.task_id for task in dag.tasks] == ["campaign__campaign_db"]


def test_house_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = feeds_folder(tmp_path / "feeds", type="sftp", connection="landing_zone_sftp", path="/up/load")
    monkeypatch.setenv("CDP_FEEDS_DIR", str(folder))

    dag = dags()["contract_limits"]

    pools = {task.task_id: task.pool for task in dag.tasks}
    assert pools == {
        "campaign__campaign_db": "campaign_db",
        "storage__landing_zone_sftp--up-load": "landing_zone_sftp",
    }
    assert (dag.max_active_runs, dag.catchup) == (1, False)
    for word in ("campaign__", "storage__", "Safe to re-run", "Runbook", "include/limits.yaml"):
        assert word in dag.doc_md
    for task in dag.tasks:
        assert task.owner == "campaign-cdp"
        assert task.retry_policy is not None
        assert [asset.uri for asset in task.outlets] == ["campaign-cdp://limits/"], "as Airflow writes it"


def test_without_feeds_there_is_no_dag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDP_FEEDS_DIR", str(tmp_path))

    assert dags() == {}


def test_run_records_everything_once_and_stays_green_above_a_limit(new_import, statsd, tmp_path):  # noqa: F811
    imports = new_import(zone="local")
    imports.place.put("in/a.csv", b"x" * 1_000)
    imports.sql(
        "INSERT INTO cdp.limit_reading (at, limit_name, scope, used, projected, verdict) VALUES "
        "(now() - interval '401 days', 'sftp_storage', 'old', 1, 1, 'ok')"
    )
    include = tmp_path / "include"
    include.mkdir()
    for path in (PROJECT / "include").iterdir():
        if path.name != "limits.yaml":
            (include / path.name).symlink_to(path)
    (include / "limits.yaml").write_text("sftp_storage: {contract: 800}\nactive_profiles: {contract: 10}\n")
    zone = imports.place.landing_zone
    env = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "AIRFLOW__METRICS__STATSD_ON": "True",
        "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
        "AIRFLOW__METRICS__STATSD_PORT": str(statsd.getsockname()[1]),
        "CDP_INCLUDE_DIR": str(include),
        "CDP_FEEDS_DIR": str(feeds_folder(tmp_path / "feeds", **zone)),
    }

    done = subprocess.run(
        [sys.executable, "-c", _RUN], env=env, cwd=PROJECT, capture_output=True, text=True, timeout=110
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    scope = f"landing_zone_local:{zone['path']}"
    found = imports.sql("SELECT limit_name, scope, used, verdict FROM cdp.limit_reading ORDER BY limit_name")
    assert [(name, where, verdict) for name, where, _, verdict in found] == [
        ("active_profiles", "campaign_db", "ok"),
        ("batches_per_day", "campaign_db", "ok"),
        ("database_storage", "campaign_db", "ok"),
        ("exports_per_day", "campaign_db", "ok"),
        ("sftp_file_age", scope, "ok"),
        ("sftp_storage", scope, "stop"),
    ], "and what is older than 400 days is gone"
    assert found[-1][2] == 1_000
    text = done.stdout + done.stderr
    assert "1.0 KB used, contract 800 bytes: 125.0 %" in text
    assert f"('sftp_storage {scope}', 'stop')" in text
    assert text.count("EVENT campaign-cdp://limits") == 2
    gauge = f"campaign_cdp.limits.sftp_storage.{scope.replace(':', '_')}"
    assert _metrics(statsd) >= {f"{gauge}.used:1000|g", f"{gauge}.used_pct:125.0|g"}


def _metrics(receiver: socket.socket) -> set[str]:
    found = set()
    try:
        while True:
            found.add(receiver.recv(4096).decode().removeprefix("airflow."))
    except BlockingIOError:
        return found
