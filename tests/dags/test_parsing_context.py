from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from campaign_cdp.exceptions import FeedConfigError

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped feeds, and a copy of one that clashes with it."""
    for path in (REPO / "include" / "feeds").glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    clash = (tmp_path / "loyalty_gold.yaml").read_text().replace("id: loyalty_gold", "id: zweite")
    (tmp_path / "zweite.yaml").write_text(clash)
    monkeypatch.setenv("CDP_FEEDS_DIR", str(tmp_path))
    return tmp_path


def dags_of(name: str) -> set[str]:
    return {key for key in runpy.run_path(str(REPO / "dags" / f"{name}.py")) if "__" in key.strip("_")}


def run_for(dag_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Airflow does before a task's process parses the Dag file."""
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", dag_id)


@pytest.mark.parametrize(
    ("dag_file", "dag_id"),
    [("audience_import", "audience_import__cart_abandoners"), ("event_export", "event_export__delivery_events")],
)
def test_task_process_reads_the_file_of_its_own_feed_only(
    feeds: Path, monkeypatch: pytest.MonkeyPatch, dag_file: str, dag_id: str
) -> None:
    run_for(dag_id, monkeypatch)

    assert dags_of(dag_file) == {dag_id}


def test_dag_processor_reads_all_feeds(feeds: Path) -> None:
    assert dags_of("audience_import") == {"audience_import__cart_abandoners", "audience_import__loyalty_gold"}
    assert dags_of("event_export") == {"event_export__delivery_events", "event_export__delivery_events_json"}


def test_clash_is_reported_whoever_parses(feeds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_for("audience_import__zweite", monkeypatch)

    with pytest.raises(FeedConfigError, match=r"zweite\.yaml:.*overlaps 'audiences/loyalty_gold/'"):
        dags_of("feed_check")
