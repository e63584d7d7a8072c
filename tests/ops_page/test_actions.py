"""Actions start Dag runs, and every one is in the audit with the user's name."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from airflow.models import DagModel, DagRun
from airflow.utils.session import create_session
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from campaign_cdp.file_sets import FileSet
from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.sandbox.campaign_database import create_database
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.postgres import PostgresServer
from tests.ops_page.conftest import get, token_of
from tests.ops_page.samples import Sample, quarantine, write_sample

AsUser = Callable[..., TestClient]
API = "/campaign-cdp/api"
SPAN = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00+01:00"}


@pytest.fixture(scope="module")
def own_ledger(postgres_server: PostgresServer) -> str:
    """A ledger of its own: actions change what other tests look at."""
    create_database(postgres_server.dsn(), "ledger_of_actions")
    upgrade(postgres_server.dsn("ledger_of_actions"))
    return postgres_server.dsn("ledger_of_actions")


@pytest.fixture(scope="module")
def sample(own_ledger: str) -> Sample:
    with psycopg.connect(own_ledger) as conn:
        return write_sample(conn)


@pytest.fixture
def campaign(own_ledger: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    from campaign_cdp.ops_page import connections

    monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_DB", campaign_connection(own_ledger))
    yield own_ledger
    connections.ledgers.forget()


@pytest.fixture
def quarantined(campaign: str) -> int:
    """A run whose file set is in quarantine."""
    with psycopg.connect(campaign) as conn:
        return quarantine(Ledger(conn), f"manual__{uuid.uuid4()}")


@pytest.fixture
def ann(as_user: AsUser, campaign: str, sample: Sample) -> TestClient:
    return as_user("user", "imports", "exports", name="ann")


def dag_run(dag_run_id: str) -> DagRun | None:
    with create_session() as session:
        found = session.scalar(select(DagRun).where(DagRun.run_id == dag_run_id))
        session.expunge_all()
    return found


def count_dag_runs() -> int:
    with create_session() as session:
        return len(session.scalars(select(DagRun.id)).all())


def audited(dsn: str, **detail: Any) -> list[tuple[str, str, str]]:
    with psycopg.connect(dsn) as conn:
        query = "SELECT actor, action, subject FROM cdp.audit WHERE detail @> %s"
        return conn.execute(query, (psycopg.types.json.Jsonb(detail),)).fetchall()


@pytest.mark.parametrize(
    ("feed", "dag_id"),
    [("loyalty_gold", "audience_import__loyalty_gold"), ("delivery_events", "event_export__delivery_events")],
)
@pytest.mark.parametrize("preview", [False, True])
def test_a_run_is_started_with_its_parameters(
    ann: TestClient, campaign: str, feed: str, dag_id: str, preview: bool
) -> None:
    answer = ann.post(f"{API}/feeds/{feed}/run", json={"preview": preview})

    assert answer.status_code == 200
    assert (answer.json()["dag_id"], answer.json()["paused"]) == (dag_id, False)
    run = dag_run(answer.json()["dag_run_id"])
    assert run is not None
    assert (run.dag_id, run.conf, run.run_type, run.state) == (dag_id, {"preview": preview}, "manual", "queued")
    assert run.triggering_user_name == "ann"
    assert audited(campaign, dag_run_id=run.run_id) == [("ann", "preview" if preview else "run", feed)]


def test_a_span_is_exported_again(ann: TestClient, campaign: str) -> None:
    answer = ann.post(f"{API}/feeds/delivery_events/backfill", json={**SPAN, "preview": True})

    run = dag_run(answer.json()["dag_run_id"])
    assert run is not None
    assert run.conf == {
        "preview": True,
        "backfill_from": "2026-11-01T00:00:00+00:00",
        "backfill_to": "2026-11-02T00:00:00+01:00",
    }
    assert audited(campaign, dag_run_id=run.run_id) == [("ann", "backfill", "delivery_events")]


@pytest.mark.parametrize(
    ("path", "body", "number"),
    [
        ("/feeds/loyalty_gold/backfill", SPAN, 409),
        ("/feeds/delivery_events/backfill", {}, 422),
        ("/feeds/delivery_events/backfill", {**SPAN, "to": "2026-10-01T00:00:00Z"}, 422),
        ("/feeds/delivery_events/backfill", {**SPAN, "to": "2026-11-02T00:00:00"}, 422),
        ("/feeds/delivery_events/backfill", {**SPAN, "to": "2999-11-02T00:00:00Z"}, 422),
        ("/feeds/loyalty_gold/run", {"preview": "perhaps"}, 422),
        ("/feeds/loyalty_gold/run", {"preview": True, "accept_gap": True}, 422),
        ("/feeds/loyalty_gold/run", [], 422),
        ("/feeds/nobody/run", {}, 404),
    ],
)
def test_what_cannot_be_is_refused_and_starts_nothing(ann: TestClient, path: str, body: Any, number: int) -> None:
    before = count_dag_runs()

    answer = ann.post(API + path, json=body)

    assert answer.status_code == number
    assert answer.json()["message"]
    assert count_dag_runs() == before


@pytest.mark.parametrize(("action", "state"), [("release", "released"), ("supersede", "superseded")])
def test_a_quarantined_file_set_is_settled(
    ann: TestClient, campaign: str, quarantined: int, action: str, state: str
) -> None:
    first, again = (ann.post(f"{API}/runs/{quarantined}/{action}", json={}) for _ in range(2))

    run = get(ann, f"/runs/{quarantined}")
    assert [answer.status_code for answer in (first, again)] == [200, 200]
    assert (first.json()["run_id"], first.json()["state"]) == (quarantined, state)
    assert run["state"] == state
    assert {file["state"] for file in run["files"]} == {state}
    assert [(entry["actor"], entry["action"]) for entry in run["audit"]] == [("ann", f"mark {state}")]


@pytest.mark.parametrize("action", ["release", "supersede"])
def test_only_a_quarantined_file_set_is_settled(ann: TestClient, sample: Sample, action: str) -> None:
    answer = ann.post(f"{API}/runs/{sample.applied}/{action}", json={})

    assert (answer.status_code, answer.json()["code"]) == (409, "ACR-300")
    assert get(ann, f"/runs/{sample.applied}")["state"] == "applied"


@pytest.mark.parametrize("body", [{}, {"file": "fixed/rejects.csv", "accept_stale": True}])
def test_rejected_lines_are_replayed(ann: TestClient, campaign: str, sample: Sample, body: dict[str, Any]) -> None:
    answer = ann.post(f"{API}/runs/{sample.applied}/replay", json=body)

    run = dag_run(answer.json()["dag_run_id"])
    assert run is not None
    assert run.conf == {
        "replay_of": sample.applied,
        "replay_file": body.get("file"),
        "accept_stale": body.get("accept_stale", False),
    }
    assert audited(campaign, dag_run_id=run.run_id) == [("ann", "replay", "loyalty_gold")]
    shown = [entry for entry in get(ann, f"/runs/{sample.applied}")["audit"] if entry["action"] == "replay"]
    assert shown[0]["detail"]["dag_run_id"] == run.run_id


def test_there_is_nothing_to_replay_twice(ann: TestClient, campaign: str, sample: Sample) -> None:
    before = count_dag_runs()
    with psycopg.connect(campaign) as conn:
        conn.execute("UPDATE cdp.reject SET replayed_by = 99 WHERE run_id = %s", (sample.applied,))
        conn.commit()
        try:
            answer = ann.post(f"{API}/runs/{sample.applied}/replay", json={})
            shown = get(ann, f"/runs/{sample.applied}/rejects")["rejects"]
        finally:
            conn.execute("UPDATE cdp.reject SET replayed_by = NULL")

    assert (answer.status_code, answer.json()["code"]) == (409, None)
    assert {one["replayed_by"] for one in shown} == {99}
    assert count_dag_runs() == before


def test_rejects_of_a_run_that_applied_nothing_are_not_replayed(ann: TestClient, quarantined: int) -> None:
    answer = ann.post(f"{API}/runs/{quarantined}/replay", json={})

    assert (answer.status_code, answer.json()["code"]) == (409, "ACR-300")


def test_who_may_not_edit_starts_and_audits_nothing(as_user: AsUser, campaign: str, sample: Sample) -> None:
    before, eve = count_dag_runs(), as_user("viewer", "imports", "exports", name="eve")

    assert eve.post(f"{API}/feeds/loyalty_gold/run", json={}).status_code == 403
    assert count_dag_runs() == before
    with psycopg.connect(campaign) as conn:
        assert conn.execute("SELECT count(*) FROM cdp.audit WHERE actor = 'eve'").fetchone() == (0,)


def test_no_dag_run_without_an_audit(ann: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    before = count_dag_runs()
    monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_DB", "postgres://nobody:x@127.0.0.1:1/nowhere")

    answer = ann.post(f"{API}/feeds/loyalty_gold/run", json={})

    assert (answer.status_code, answer.json()["code"]) == (503, "ACR-200")
    assert count_dag_runs() == before


def test_no_audit_of_what_airflow_refused(ann: TestClient, campaign: str) -> None:
    dag_id = "audience_import__loyalty_gold"
    with create_session() as session:
        session.execute(update(DagModel).where(DagModel.dag_id == dag_id).values(has_import_errors=True))
    try:
        before = audited(campaign, dag_id=dag_id)
        answer = ann.post(f"{API}/feeds/loyalty_gold/run", json={})
    finally:
        with create_session() as session:
            session.execute(update(DagModel).where(DagModel.dag_id == dag_id).values(has_import_errors=False))

    assert answer.status_code == 409
    assert "import errors" in answer.json()["message"]
    assert audited(campaign, dag_id=dag_id) == before


def test_a_browser_that_is_logged_in_may_act_from_the_page_itself(
    server: TestClient, campaign: str, sample: Sample
) -> None:
    browser = TestClient(server.app, cookies={"_token": token_of("ann", "user", ["imports"])})

    answer = browser.post(f"{API}/feeds/loyalty_gold/run", json={"preview": True})

    assert answer.status_code == 200


def test_a_feed_whose_open_run_was_refused_has_failed_although_another_dag_run_went_well(
    ann: TestClient, campaign: str
) -> None:
    refused = ann.post(f"{API}/feeds/cart_abandoners/run", json={}).json()["dag_run_id"]
    newer = ann.post(f"{API}/feeds/cart_abandoners/run", json={}).json()["dag_run_id"]
    with psycopg.connect(campaign) as conn:
        file_set = FileSet("flow", datetime.now(UTC), ())
        Ledger(conn).open_run(
            feed="cart_abandoners", dag_run_id=refused, file_set=file_set, config_hash="h", preview=False
        )
    states = {refused: "failed", newer: "success"}
    with create_session() as session:
        for run_id, state in states.items():
            session.execute(update(DagRun).where(DagRun.run_id == run_id).values(state=state))

    (feed,) = [feed for feed in get(ann, "/feeds")["feeds"] if feed["feed"] == "cart_abandoners"]

    assert (feed["last"]["state"], feed["state"]) == ("open", "failed")
