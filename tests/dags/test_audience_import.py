"""House rules of the import Dag, and one run of it through Airflow's own task runner."""

from __future__ import annotations

import itertools
import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag

from tests.operators.conftest import import_template, new_database, new_import  # noqa: F401  (fixtures)
from tests.operators.importing import line

PROJECT = Path(__file__).resolve().parents[2]
TASKS = ["file_transfer", "data_loading", "deduplication", "reconciliation", "update_data", "end"]
FEEDS = ["cart_abandoners", "loyalty_gold"]


@pytest.fixture(scope="module")
def dags():
    bag = DagBag(PROJECT / "dags" / "audience_import.py")
    assert bag.import_errors == {}
    return bag.dags


def test_every_feed_has_its_dag_and_nothing_else_does(dags):
    assert sorted(dags) == [f"audience_import__{feed}" for feed in FEEDS]


@pytest.mark.parametrize("feed", FEEDS)
def test_tasks_are_the_activities_of_the_campaign_workflow_in_order(dags, feed):
    dag = dags[f"audience_import__{feed}"]

    assert [task.task_id for task in dag.topological_sort()] == TASKS
    for before, after in itertools.pairwise(TASKS):
        assert after in dag.get_task(before).downstream_task_ids


@pytest.mark.parametrize("feed", FEEDS)
def test_house_rules(dags, feed):
    dag = dags[f"audience_import__{feed}"]

    assert dag.max_active_runs == 1, "file sets of one audience are applied in order"
    assert dag.params["preview"] is False
    for word in ("Safe to re-run", "Rejects", "Runbook", *TASKS):
        assert word in dag.doc_md
    for task in dag.tasks:
        assert task.owner == "crm-data@example.com"
        assert task.retry_policy is not None, "say which errors are worth another try"
        assert task.pool == ("landing_zone_s3" if task.task_id in TASKS[:2] else "campaign_db")


def test_parsing_imports_nothing_heavy():
    # boto3 is not asked for: Airflow's own asset handlers import it.
    script = "import sys; sys.argv=['x']; import runpy; runpy.run_path('dags/audience_import.py'); " + (
        "print([m for m in ('azure', 'pandas', 'asyncssh', 'alembic', 'campaign_cdp.sandbox') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, timeout=90)

    assert done.stdout.strip().splitlines()[-1] == "[]", done.stderr


@pytest.fixture
def statsd() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        yield receiver


_RUN = """
import sys
from airflow.utils.db import initdb
initdb()
from campaign_cdp.sandbox.run_dags import main
sys.exit(main(["audience_import__gold"]))
"""


def test_dag_runs_through_airflow_and_tells_lineage_metrics_and_assets(new_import, statsd, tmp_path):  # noqa: F811
    imports = new_import(historise={"prefix": "done/", "days": 30})
    imports.export([line("ann@x.io", name="Ann"), line("bad")], [line("bob@x.io")], zipped=True)
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    feed = imports.feed.model_dump(mode="json", by_alias=True, exclude_none=True)
    (feeds / "gold.yaml").write_text(
        yaml.safe_dump({**feed, "columns": {k: {"from": v["from"]} for k, v in feed["columns"].items()}})
    )
    lineage = tmp_path / "lineage.jsonl"
    env = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps({"type": "file", "log_file_path": str(lineage), "append": True}),
        "AIRFLOW__METRICS__STATSD_ON": "True",
        "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
        "AIRFLOW__METRICS__STATSD_PORT": str(statsd.getsockname()[1]),
        "CDP_FEEDS_DIR": str(feeds),
    }

    done = subprocess.run(
        [sys.executable, "-c", _RUN], env=env, cwd=PROJECT, capture_output=True, text=True, timeout=110
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert imports.members() == ["ann@x.io", "bob@x.io"]
    assert _metrics(statsd) >= {
        "campaign_cdp.update_data.gold.inserted:2|c",
        "campaign_cdp.data_loading.gold.rejected:1|c",
    }
    rows = _rows_written(lineage, "audience_import__gold.update_data")
    assert {name.rsplit(".", 1)[-1]: count for name, count in rows.items()} == {"nmsrecipient": 2, "nmsrcpgrprel": 2}
    ((run_id,),) = imports.sql("SELECT run_id FROM cdp.sync_run")
    assert _links(tmp_path / "airflow.db", "data_loading", 1) == {
        "_link_SyncRunLink": f"/plugin/sync-runs/runs/{run_id}",
        "_link_FileSetLink": f"/plugin/sync-runs/runs/{run_id}#files",
        "_link_RejectsLink": f"/plugin/sync-runs/runs/{run_id}#rejects",
    }
    assert _links(tmp_path / "airflow.db", "file_transfer", -1).keys() == {"_link_SyncRunLink", "_link_FileSetLink"}
    assert "ann" not in done.stdout + done.stderr + lineage.read_text(), "no personal data in logs or lineage"


def _links(database: Path, task_id: str, map_index: int) -> dict[str, str]:
    query = "SELECT key, value FROM xcom WHERE key LIKE '_link_%' AND task_id = ? AND map_index = ?"
    with closing(sqlite3.connect(database)) as conn:
        return {key: json.loads(value) for key, value in conn.execute(query, (task_id, map_index))}


def _metrics(receiver: socket.socket) -> set[str]:
    found = set()
    try:
        while True:
            found.add(receiver.recv(4096).decode().removeprefix("airflow."))
    except BlockingIOError:
        return found


def _rows_written(path: Path, job: str) -> dict[str, int]:
    events = [json.loads(text) for text in path.read_text().splitlines()]
    outputs = [o for e in events if e["eventType"] == "COMPLETE" and e["job"]["name"] == job for o in e["outputs"]]
    return {o["name"]: o["outputFacets"]["outputStatistics"]["rowCount"] for o in outputs}
