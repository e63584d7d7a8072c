from __future__ import annotations

import json
import os
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from campaign_cdp.cli.main import cdp
from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.limits.reading import Reading
from tests.declared_limits import DeclaredLimits

READING = Reading("database_storage", "campaign_db", 450_000_000_000, 460_000_000_000, 500_000_000_000, 80, 95)


def run(*args: str) -> Result:
    return CliRunner().invoke(cdp, ["limits", *args])


@pytest.fixture(autouse=True)
def _undo_what_the_command_tells_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", os.environ.get("_AIRFLOW_PROCESS_CONTEXT", "server"))


@pytest.fixture
def ledger_url(campaign_dsn: str) -> str:
    upgrade(campaign_dsn)
    return campaign_dsn


@pytest.fixture
def limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeclaredLimits:
    return DeclaredLimits(tmp_path, monkeypatch)


def test_show_writes_the_newest_reading_of_each_limit(ledger_url: str) -> None:
    empty = run("show", "--url", ledger_url)
    with psycopg.connect(ledger_url) as conn:
        Ledger(conn).record_readings([READING], feed="gold", dag_run_id="run1")

    shown, as_json = run("show", "--url", ledger_url), run("show", "--url", ledger_url, "--json")

    assert empty.output == "No readings yet. Run: cdp limits check\n"
    head, row = shown.output.splitlines()
    assert head.split() == ["limit", "scope", "used", "with", "the", "run", "contract", "%", "verdict", "feed", "at"]
    assert row.split()[:11] == [
        "database_storage",
        "campaign_db",
        "450.0",
        "GB",
        "460.0",
        "GB",
        "500.0",
        "GB",
        "92.0",
        "warn",
        "gold",
    ]
    (reading,) = json.loads(as_json.output)["readings"]
    assert (reading["used"], reading["verdict"], reading["feed"]) == (450_000_000_000, "warn", "gold")


def test_check_reads_records_and_fails_above_a_stop(
    ledger_url: str, airflow_connections: dict[str, str], limits: DeclaredLimits
) -> None:
    limits.write(database_storage={"contract": "10TB"})
    fine = run("check")
    limits.write(database_storage={"contract": "1MB"})
    over = run("check", "--json")

    assert fine.exit_code == 0, fine.output
    assert "ok    Database storage of campaign_db: " in fine.output
    assert "ok    Active profiles of campaign_db: 0 profiles used, contract not set" in fine.output
    assert over.exit_code == 1
    assert [reading["verdict"] for reading in json.loads(over.output)["readings"]] == ["stop", "ok", "ok"]
    with psycopg.connect(ledger_url) as conn:
        names = [reading.limit_name for reading in Ledger(conn).readings()]
    assert names.count("active_profiles") == 1, "counting is expensive, so a recent count is kept"
    assert names.count("database_storage") == 2


def test_check_tells_what_is_wrong_with_the_file(limits: DeclaredLimits) -> None:
    limits.write_text("sftp_storag: {contract: 1GB}\n")

    result = run("check")

    assert result.exit_code == 1
    assert "limits.yaml:1: sftp_storag: unknown key. Did you mean 'sftp_storage'?" in result.output
