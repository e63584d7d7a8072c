from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys

import psycopg
import pytest

from tests.cli.conftest import Run
from tests.conftest import REPO
from tests.ops_page.samples import Sample

Ledger = tuple[str, Sample]


def audit_of(dsn: str) -> list[tuple[str, str, str, dict[str, object]]]:
    with psycopg.connect(dsn) as conn:
        return conn.execute("SELECT actor, action, subject, detail FROM cdp.audit ORDER BY at").fetchall()


def test_unknown_connection_and_unreachable_database_are_told(run: Run) -> None:
    unknown = run("runs", "list", "--conn", "nope")
    unreachable = run("runs", "list", "--url", "host=127.0.0.1 port=1 connect_timeout=2")

    assert unknown.exit_code == unreachable.exit_code == 1
    assert "ACR-100 Airflow has no connection nope" in unknown.stderr
    assert "AIRFLOW_CONN_NOPE" in unknown.stderr
    assert "cannot be opened" in unreachable.stderr


def test_commands_find_the_database_behind_an_airflow_connection(run: Run, airflow_connections: dict[str, str]) -> None:
    assert run("runs", "list").stderr.startswith("ACR-110 The ledger in database campaign_")
    assert run("ledger", "upgrade").exit_code == 0
    assert run("runs", "list", "--conn", "campaign_db").output == "No such runs yet\n"


def test_runs_are_listed_newest_first(run: Run, sample_ledger: Ledger) -> None:
    lines = run("runs", "list", "--url", sample_ledger[0]).output.splitlines()

    assert lines[0].split()[:3] == ["run", "feed", "state"]
    assert lines[1].split()[1:3] == ["cart_abandoners", "quarantined"]
    assert lines[2].split()[1:3] == ["loyalty_gold", "applied"]


@pytest.mark.parametrize(
    ("options", "feeds"),
    [
        (("--feed", "loyalty_gold"), ["loyalty_gold"]),
        (("--state", "quarantined"), ["cart_abandoners"]),
        (("--state", "quarantined", "--state", "applied", "--limit", "1"), ["cart_abandoners"]),
        (("--feed", "loyalty_gold", "--state", "open"), []),
    ],
)
def test_list_narrows_down(run: Run, sample_ledger: Ledger, options: tuple[str, ...], feeds: list[str]) -> None:
    found = json.loads(run("runs", "list", "--json", "--url", sample_ledger[0], *options).output)["runs"]

    assert [one["feed"] for one in found] == feeds


def test_list_refuses_a_state_that_there_is_not(run: Run) -> None:
    result = run("runs", "list", "--state", "broken")

    assert result.exit_code == 2
    assert "'quarantined'" in result.stderr


def test_show_tells_files_steps_and_rejects(run: Run, sample_ledger: Ledger) -> None:
    dsn, sample = sample_ledger
    shown = run("runs", "show", str(sample.applied), "--url", dsn).output
    detail = json.loads(run("runs", "show", str(sample.applied), "--json", "--url", dsn).output)

    assert "audiences/loyalty_gold/a.csv" in shown
    assert f"cdp rejects list {sample.applied}" in shown
    assert detail["steps"] == {"deduplication": {"rows": 1985, "duplicates": 0}}
    assert detail["rejects"] == {"bad_email": 10, "too_long": 5}
    assert [(file["part_no"], file["rows"]) for file in detail["files"] if file["part_no"]] == [(1, 990), (2, 995)]


def test_show_of_a_run_that_does_not_exist_fails(run: Run, sample_ledger: Ledger) -> None:
    result = run("runs", "show", "999", "--url", sample_ledger[0])

    assert result.exit_code == 1
    assert "ACR-322" in result.stderr
    assert "cdp runs list" in result.stderr


def test_start_queues_a_run_and_writes_it_down(run: Run, startable: str) -> None:
    preview = json.loads(run("runs", "preview", "cli_loyalty_gold", "--json").stdout)
    started = run("runs", "start", "cli_loyalty_gold")

    assert preview["dag_id"] == "audience_import__cli_loyalty_gold"
    assert started.output.startswith("Started manual__")
    assert "paused" not in started.output
    first, second = audit_of(startable)
    assert first[:3] == (getpass.getuser(), "preview", "cli_loyalty_gold")
    assert first[3] == {"dag_id": preview["dag_id"], "dag_run_id": preview["dag_run_id"], "preview": True}
    assert second[1] == "run"
    assert dag_run_of(preview["dag_id"], preview["dag_run_id"]) == ("queued", {"preview": True}, getpass.getuser())


def test_start_says_that_a_paused_dag_waits(run: Run, startable: str) -> None:
    assert (
        "airflow dags unpause event_export__cli_delivery_events" in run("runs", "start", "cli_delivery_events").output
    )


def test_start_of_what_airflow_does_not_know_starts_nothing(
    run: Run, startable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDP_FEEDS_DIR", str(REPO / "include" / "feeds"))
    unknown = run("runs", "start", "lojalty_gold")

    assert (unknown.exit_code, "Did you mean 'loyalty_gold'?" in unknown.stderr) == (1, True)


def test_start_without_ledger_queues_nothing(
    run: Run, airflow_connections: dict[str, str], startable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(startable) as conn:
        conn.execute("UPDATE cdp.alembic_version SET version_num = '0001'")
    before = count_of_dag_runs()

    result = run("runs", "start", "cli_loyalty_gold")

    assert result.exit_code == 1
    assert result.stderr.startswith("ACR-110")
    assert count_of_dag_runs() == before


def test_module_runs_as_a_program_and_says_where_airflow_can_be_asked(startable: str) -> None:
    environment = {**os.environ, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////nowhere/airflow.db"}
    environment["PYTHONPATH"] = str(REPO / "plugins")
    done = subprocess.run(
        [sys.executable, "-m", "campaign_cdp", "runs", "start", "cli_loyalty_gold"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "Airflow's metadata database cannot be used from here" in done.stderr
    assert "Traceback" not in done.stderr
    assert audit_of(startable) == []


def dag_run_of(dag_id: str, run_id: str) -> tuple[str, dict[str, object], str]:
    from airflow.models import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found = session.scalars(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)).one()
        return str(found.state), found.conf, found.triggering_user_name


def count_of_dag_runs() -> int:
    from airflow.models import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    with create_session() as session:
        return session.scalar(select(func.count(DagRun.id)))
