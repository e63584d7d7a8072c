"""The same access rules with FAB, the auth manager for production; its start takes a while, so it is one test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPO
from tests.ops_page.samples import Sample

_FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"


def test_fab_decides_who_sees_and_does_what(tmp_path: Path, campaign: str, sample: Sample, feeds_folder: Path) -> None:
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__AUTH_MANAGER": _FAB,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        "AIRFLOW__API__SECRET_KEY": "k" * 32,
        "PYTHONPATH": os.pathsep.join([str(REPO), str(REPO / "plugins")]),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.ops_page.fab_walk", str(sample.applied)],
        env=environment,
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])

    assert {user["manager"] for user in found.values()} == {"FabAuthManager"}
    assert {name: user["feeds"] for name, user in found.items()} == {
        "Admin": 200,
        "Viewer": 200,
        "GoldReader": 200,
        "GoldEditor": 200,
        "CartReader": 200,
        "Nobody": 403,
    }
    assert {name: user["names"] for name, user in found.items()} == {
        "Admin": ["cart_abandoners", "loyalty_gold"],
        "Viewer": ["cart_abandoners", "loyalty_gold"],
        "GoldReader": ["loyalty_gold"],
        "GoldEditor": ["loyalty_gold"],
        "CartReader": ["cart_abandoners"],
        "Nobody": [],
    }
    assert {name for name, user in found.items() if "loyalty_gold" in user["can_edit"]} == {"Admin", "GoldEditor"}
    run = {"Admin": 200, "Viewer": 200, "GoldReader": 200, "GoldEditor": 200, "CartReader": 404, "Nobody": 403}
    assert {name: user["run"] for name, user in found.items()} == run
    assert {name: user["csv"] for name, user in found.items()} == run
    assert {name: user["start"] for name, user in found.items()} == {
        "Admin": 409,
        "Viewer": 403,
        "GoldReader": 403,
        "GoldEditor": 409,
        "CartReader": 404,
        "Nobody": 403,
    }
