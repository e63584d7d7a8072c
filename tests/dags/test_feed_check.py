from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
_DAG_BAG = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
print("RESULT" + json.dumps({"errors": bag.import_errors, "dags": sorted(bag.dags)}))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Feeds folder with one good and one broken file."""
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    good = (PROJECT / "include" / "feeds" / "loyalty_gold.yaml").read_text()
    (feeds / "loyalty_gold.yaml").write_text(good)
    broken = good.replace("loyalty_gold", "broken").replace("LOYALTY_GOLD", "BROKEN").replace("max_pct", "max_percent")
    (feeds / "broken.yaml").write_text(broken)
    return feeds


def parse(dags: Path, feeds: Path, home: Path) -> dict[str, Any]:
    """Parse Dag files as the Dag processor does, in a fresh interpreter with its own Airflow home."""
    env = os.environ | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "PYTHONPATH": str(PROJECT / "plugins"),
        "CDP_FEEDS_DIR": str(feeds),
    }
    done = subprocess.run(
        [sys.executable, "-c", _DAG_BAG, str(dags)], env=env, capture_output=True, text=True, timeout=90, check=True
    )
    return json.loads(done.stdout.rsplit("RESULT", 1)[1])


def test_broken_feed_shows_as_an_import_error_until_it_is_corrected(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dag_file = PROJECT / "dags" / "feed_check.py"

    result = parse(dag_file, folder, tmp_path)

    (message,) = result["errors"].values()
    assert "1 feed files are broken, 1 are good and run on" in message
    assert "broken.yaml:39: rejects.max_percent: unknown key. Did you mean 'max_pct'?" in message

    (folder / "broken.yaml").unlink()

    monkeypatch.setenv("CDP_FEEDS_DIR", str(folder))
    runpy.run_path(str(dag_file))  # raises nothing


def test_broken_feed_costs_only_its_own_dag(folder: Path, tmp_path: Path) -> None:
    result = parse(PROJECT / "dags" / "audience_import.py", folder, tmp_path)

    assert result == {"errors": {}, "dags": ["audience_import__loyalty_gold"]}
