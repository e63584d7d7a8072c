"""House rules of the export Dag."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

PROJECT = Path(__file__).resolve().parents[2]
TASKS = ["incremental_query", "data_extraction", "file_transfer", "landing_check", "end"]
FEEDS = ["delivery_events", "delivery_events_json"]


@pytest.fixture(scope="module")
def dags():
    bag = DagBag(PROJECT / "dags" / "event_export.py")
    assert bag.import_errors == {}
    return bag.dags


def test_every_event_feed_has_its_dag_and_nothing_else_does(dags):
    assert sorted(dags) == [f"event_export__{feed}" for feed in FEEDS]


@pytest.mark.parametrize("feed", FEEDS)
def test_tasks_are_the_activities_of_the_campaign_workflow_in_order(dags, feed):
    dag = dags[f"event_export__{feed}"]

    assert [task.task_id for task in dag.topological_sort()] == TASKS
    for before, after in itertools.pairwise(TASKS):
        assert after in dag.get_task(before).downstream_task_ids


@pytest.mark.parametrize("feed", FEEDS)
def test_house_rules(dags, feed):
    dag = dags[f"event_export__{feed}"]

    assert dag.max_active_runs == 1, "windows of one feed follow each other"
    assert dict(dag.params) == {"preview": False, "backfill_from": None, "backfill_to": None, "accept_gap": False}
    for word in ("Safe to re-run", "Backfill", "Preview", "Runbook", *TASKS):
        assert word in dag.doc_md
    for task in dag.tasks:
        assert task.owner == "crm-data@example.com"
        assert task.retry_policy is not None, "say which errors are worth another try"
        assert task.pool == ("campaign_db" if task.task_id in {"incremental_query", "end"} else "landing_zone_s3")
