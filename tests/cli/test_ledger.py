from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from campaign_cdp.cli.main import cdp
from campaign_cdp.file_sets import FileSet, StoredObject
from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.ledger.version import REQUIRED
from campaign_cdp.rows.rejects import Reject, RejectCode
from campaign_cdp.sandbox.campaign_database import create_database
from campaign_cdp.sandbox.postgres import PostgresServer

MODIFIED = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


def run(*args: str) -> Result:
    return CliRunner().invoke(cdp, ["ledger", *args])


@pytest.fixture(autouse=True)
def _undo_what_the_command_tells_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")


@pytest.fixture(scope="module")
def dsn(postgres_server: PostgresServer) -> str:
    """A database whose ledger knows one applied run with 60 rejects, and an open preview of another feed."""
    create_database(postgres_server.dsn(), "ledger_of_cli")
    dsn = postgres_server.dsn("ledger_of_cli")
    upgrade(dsn)
    file_set = FileSet("flow-1", MODIFIED, (StoredObject("in/gold.csv", 1234, "e1", MODIFIED),))
    with psycopg.connect(dsn) as conn:
        ledger = Ledger(conn)
        gold = ledger.open_run(feed="gold", dag_run_id="r1", file_set=file_set, config_hash="h", preview=False).run
        ledger.add_rejects(gold.run_id, 1, [Reject(n, RejectCode.BAD_EMAIL, "email", "xxx") for n in range(2001, 2061)])
        ledger.record_part(gold.run_id, 1, rows=940, rejected=60, reject_counts={"bad_email": 60}, sha256="s")
        ledger.record_step(gold.run_id, "deduplication", {"rows": 940, "duplicates": 0})
        ledger.finish(gold.run_id, "applied", {"rows": 1000, "rejected": 60, "inserted": 7, "updated": 3})
        ledger.open_run(feed="silver", dag_run_id="r2", file_set=file_set, config_hash="h", preview=True)
    return dsn


@pytest.fixture
def gold_id(dsn: str) -> Iterator[str]:
    with psycopg.connect(dsn) as conn:
        yield str(Ledger(conn).run_of("gold", "r1").run_id)


@pytest.mark.parametrize("command", ["upgrade", "current", "runs", "show", "rejects"])
def test_every_command_has_help(command: str) -> None:
    result = run(command, "--help")

    assert result.exit_code == 0
    assert "--conn" in result.output


def test_upgrade_and_current_tell_the_version(postgres_server: PostgresServer) -> None:
    create_database(postgres_server.dsn(), "ledger_to_upgrade")
    url = ("--url", postgres_server.dsn("ledger_to_upgrade"))

    before = run("current", *url)
    first, second = run("upgrade", *url), run("upgrade", "--json", *url)
    after = run("current", "--json", *url)

    assert (before.exit_code, before.output) == (1, f"The ledger is at version none, this package needs {REQUIRED}\n")
    assert first.output == f"The ledger is now at version {REQUIRED} (before: none)\n"
    assert json.loads(second.output) == {"before": REQUIRED, "after": REQUIRED}
    assert (after.exit_code, json.loads(after.output)) == (0, {"current": REQUIRED, "required": REQUIRED})


def test_commands_find_the_database_behind_an_airflow_connection(airflow_connections: dict[str, str]) -> None:
    assert run("runs").output.startswith("ACR-110 The ledger in database campaign_")
    assert run("upgrade").exit_code == 0
    assert run("runs", "--conn", "campaign_db").output == "No runs yet\n"


def test_unknown_connection_and_unreachable_database_are_told() -> None:
    unknown = run("runs", "--conn", "nope")
    unreachable = run("runs", "--url", "host=127.0.0.1 port=1 connect_timeout=2")

    assert unknown.exit_code == unreachable.exit_code == 1
    assert "ACR-100 Airflow has no connection nope" in unknown.output
    assert "AIRFLOW_CONN_NOPE" in unknown.output
    assert "cannot be opened" in unreachable.output


def test_runs_are_listed_newest_first(dsn: str) -> None:
    lines = run("runs", "--url", dsn).output.splitlines()

    assert lines[0].split()[:3] == ["run", "feed", "state"]
    assert lines[1].split()[1:4] == ["silver", "open", "(preview)"]
    assert lines[2].split()[1:3] == ["gold", "applied"]


def test_runs_as_json_are_of_the_feed_asked_for(dsn: str) -> None:
    runs: list[dict[str, Any]] = json.loads(run("runs", "--feed", "gold", "--json", "--url", dsn).output)["runs"]

    assert [(one["feed"], one["state"], one["counts"]["inserted"]) for one in runs] == [("gold", "applied", 7)]


def test_show_tells_files_steps_and_rejects(dsn: str, gold_id: str) -> None:
    shown = run("show", gold_id, "--url", dsn).output
    detail = json.loads(run("show", gold_id, "--json", "--url", dsn).output)

    assert "in/gold.csv" in shown
    assert "deduplication" in shown
    assert detail["steps"] == {"deduplication": {"rows": 940, "duplicates": 0}}
    assert detail["rejects"] == {"bad_email": 60}
    assert [(file["key"], file["state"], file["rows"]) for file in detail["files"]] == [("in/gold.csv", "applied", 940)]


def test_show_of_a_run_that_does_not_exist_fails(dsn: str) -> None:
    result = run("show", "999", "--url", dsn)

    assert result.exit_code == 1
    assert "ACR-322" in result.output


def test_rejects_are_shown_in_part_and_written_in_full(dsn: str, gold_id: str) -> None:
    shown = run("rejects", gold_id, "--url", dsn).output.splitlines()
    rows = list(csv.reader(io.StringIO(run("rejects", gold_id, "--csv", "--url", dsn).output)))

    assert shown[1].split() == ["1", "2001", "email", "bad_email", "xxx"]
    assert shown[-1] == f"... and 10 more: cdp ledger rejects {gold_id} --csv"
    assert len(rows) == 61
    assert rows[1] == ["1", "2001", "email", "bad_email", "xxx"]
