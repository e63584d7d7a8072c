"""The shipped Dags on Airflow's real processes: two Celery workers share the work, and one of them may die."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import psycopg
import pytest

from campaign_cdp.sandbox.deliveries import simulate
from tests.distributed.desk import BAD, Desk, await_condition, people, put_file_set
from tests.security.leaks import find_leaks, told
from tests.security.rehearsal import Secrets

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(300)]
IMPORT, EXPORT = "audience_import__gold", "event_export__events"
WORKERS = {"worker-1", "worker-2"}


def _has_applied(desk: Desk, run_id: str, expected: list[tuple[str, str]], parts: int) -> None:
    """The database is what was exported, it was written once, and nothing is left over."""
    imports = desk.imports
    found = imports.sql("SELECT semail, sfirstname FROM nmsrecipient WHERE semail LIKE %s", f"%@e{imports.exports}.io")
    assert sorted(found) == expected
    assert imports.members() == sorted(email for email, _ in expected)
    runs = imports.sql("SELECT state, counts FROM cdp.sync_run WHERE dag_run_id = %s", run_id)
    assert [state for state, _ in runs] == ["ended"]
    counts = runs[0][1]
    assert (counts["inserted"], counts["list_added"]) == (len(expected), len(expected))
    rejects = imports.sql(
        "SELECT count(*) FROM cdp.reject JOIN cdp.sync_run USING (run_id) WHERE dag_run_id = %s", run_id
    )
    assert rejects == [(parts * BAD,)]
    assert imports.sql("SELECT relname FROM pg_class WHERE relname ~ '^(work|plan|leavers)_[0-9]'") == []


def _workers(tries: list[dict[str, Any]], task_id: str | None = None) -> set[str]:
    return {one["hostname"] for one in tries if one["hostname"] and task_id in {None, one["task_id"]}}


def test_everything_listens_on_loopback_only(desk: Desk) -> None:
    sessions = {process.pid for process in desk.cluster.components.values()}
    processes = [
        process
        for leader in sessions
        for process in (psutil.Process(leader), *psutil.Process(leader).children(recursive=True))
    ]
    listening = {
        connection.laddr.ip
        for process in processes
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_events_are_exported_by_the_workers(desk: Desk, campaign: psycopg.Connection[Any]) -> None:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)
    sent = simulate(campaign, deliveries=1, recipients=60, at=at, span=timedelta(hours=2))
    expected = sum(count for (log, _), count in sent.items() if log in desk.exports.feed.logs)

    run_id = desk.run(EXPORT)

    events = desk.exports.events()
    assert len({event["event_id"] for event in events}) == len(events) == expected
    tries = desk.tries(EXPORT, run_id)
    tasks = {"incremental_query", "data_extraction", "file_transfer", "landing_check", "end"}
    assert {one["task_id"] for one in tries if one["hostname"] in WORKERS} == tasks


def test_both_workers_load_parts_of_one_file_set(desk: Desk) -> None:
    expected = put_file_set(desk.imports, parts=8, repeated=20)

    run_id = desk.run(IMPORT)

    _has_applied(desk, run_id, expected, parts=8)
    tries = desk.tries(IMPORT, run_id)
    assert _workers(tries, "data_loading") == WORKERS
    assert {one["try_number"] for one in tries} == {1}


def test_a_worker_that_dies_while_it_loads_costs_nothing_but_time(desk: Desk) -> None:
    """Last, because one worker is missing afterwards."""
    expected = put_file_set(desk.imports, parts=4, repeated=300)
    run_id = desk.cluster.trigger(IMPORT)
    await_condition(lambda: desk.is_loading("worker-1"), 60, "a part that worker-1 loads")

    desk.cluster.kill("worker-1")
    desk.wait_for_end(IMPORT, run_id)

    _has_applied(desk, run_id, expected, parts=4)
    tries = desk.tries(IMPORT, run_id)
    ended = {(one["hostname"], one["state"]) for one in tries if one["task_id"] == "data_loading"}
    assert ("worker-1", "failed") in ended
    assert ("worker-2", "success") in ended
    later = [one for one in tries if one["task_id"] not in {"file_transfer", "data_loading"}]
    assert _workers(later) == {"worker-2"}


def test_no_component_logged_a_secret_or_a_person(desk: Desk) -> None:
    """After all that happened here: scheduler, triggerer, Dag processor, API server, workers, and the tasks."""
    secrets = Secrets(dict(desk.cluster.airflow.record.secrets))
    secrets.of_environment(desk.cluster.environment())
    persons = {email: email for export in range(1, desk.imports.exports + 1) for email, _ in people(export, 1)[:20]}
    persons |= {f"rejected {part}": f"nobody-{part}-1" for part in range(4)}

    leaks = find_leaks([desk.cluster.logs], secrets.known, persons)

    assert len(secrets.known) >= 8
    assert leaks == [], told(leaks)
