"""What brings a new installation up: ``deploy/airflow-init.sh`` with programs that write down how they were called."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPO

pytestmark = pytest.mark.skipif(not shutil.which("setsid"), reason="needs setsid of util-linux, which the image has")

PASSWORD = "pä ss'\"$word"
CALLED = """#!/bin/sh
echo "{name} $*" >> "{told}"
case "$*" in "users create"*) cat > "{typed}";; esac
"""


@pytest.fixture
def initialise(tmp_path: Path):
    for name in ("airflow", "cdp"):
        program = tmp_path / name
        program.write_text(CALLED.format(name=name, told=tmp_path / "told", typed=tmp_path / "typed"))
        program.chmod(0o755)
    variables = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "ADMIN_USER": "admin",
        "ADMIN_PASSWORD": PASSWORD,
        "ADMIN_EMAIL": "crm@example.com",
        "POOL_SLOTS": "4",
    }

    def run(**more: str) -> tuple[list[str], str]:
        script = REPO / "deploy" / "airflow-init.sh"
        subprocess.run(["/bin/sh", str(script)], env=variables | more, check=True, timeout=30)
        return (tmp_path / "told").read_text().splitlines(), (tmp_path / "typed").read_text()

    return run


def test_the_first_password_is_typed_and_no_argument_that_others_can_read(initialise) -> None:
    called, typed = initialise()

    assert typed == f"{PASSWORD}\n" * 2
    assert not [line for line in called if PASSWORD in line]


def test_there_is_a_ledger_if_there_is_a_database(initialise) -> None:
    assert "cdp ledger upgrade" not in initialise()[0]
    assert initialise(AIRFLOW_CONN_CAMPAIGN_DB="postgres://")[0][-1] == "cdp ledger upgrade"
