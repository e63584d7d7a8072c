"""A Campaign database that does not answer costs only its own feeds, and no patience."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from airflow.models import DagModel
from airflow.utils.session import create_session
from fastapi.testclient import TestClient

from campaign_cdp.exceptions import AccessDeniedError, FeedConfigError, LedgerVersionError, RetriableSyncError
from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.ops_page.database import LedgerConnections
from campaign_cdp.sandbox.campaign_database import create_database
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.postgres import PostgresServer
from tests.conftest import REPO
from tests.ops_page.conftest import get
from tests.ops_page.samples import Sample, write_sample

FAR = "far_away"


@pytest.fixture
def connections() -> Iterator[LedgerConnections]:
    pool = LedgerConnections()
    yield pool
    pool.forget()


@pytest.fixture
def far_feed(airflow_metadata: None, feeds_folder: Path) -> Iterator[str]:
    """A feed of another Campaign."""
    path = feeds_folder / f"{FAR}.yaml"
    text = (REPO / "include" / "feeds" / "loyalty_gold.yaml").read_text().replace("LOYALTY_GOLD", "FAR_AWAY")
    path.write_text(text.replace("loyalty_gold", FAR).replace("direction:", "campaign: campaign_far\ndirection:", 1))
    with create_session() as session:
        session.merge(DagModel(dag_id=f"audience_import__{FAR}", bundle_name="imports"))
    yield FAR
    path.unlink()
    with create_session() as session:
        session.delete(session.get_one(DagModel, f"audience_import__{FAR}"))


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A port on which somebody takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_other_feeds_are_shown_when_a_database_is_down(
    admin: TestClient, far_feed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_FAR", "postgres://nobody:x@127.0.0.1:1/nowhere")

    feeds = {feed["feed"]: feed for feed in get(admin, "/feeds")["feeds"]}
    limits = get(admin, "/limits")
    runs = admin.get(f"/campaign-cdp/api/feeds/{far_feed}/runs")

    assert (feeds[far_feed]["state"], feeds[far_feed]["problem_code"]) == ("unknown", "ACR-200")
    assert "campaign_far" in feeds[far_feed]["problem"]
    assert feeds["loyalty_gold"]["state"] == "warning"
    assert set(limits["problems"]) == {"campaign_far"}
    assert limits["limits"]
    assert (runs.status_code, runs.json()["code"]) == (503, "ACR-200")
    assert runs.json()["next_step"]


def test_a_database_that_does_not_answer_is_waited_for_once(
    admin: TestClient, far_feed: str, silent_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_FAR", f"postgres://nobody:x@127.0.0.1:{silent_server}/nowhere")

    took = []
    for _ in range(2):
        started = time.monotonic()
        feeds = {feed["feed"]: feed["state"] for feed in get(admin, "/feeds")["feeds"]}
        took.append(time.monotonic() - started)
        assert (feeds[far_feed], feeds["loyalty_gold"]) == ("unknown", "warning")

    assert took[0] < 5
    assert took[1] < 1


def test_numbers_of_two_campaigns_are_told_apart_by_the_feed(
    admin: TestClient, sample: Sample, far_feed: str, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_database(postgres_server.dsn(), "ledger_far")
    dsn = postgres_server.dsn("ledger_far")
    upgrade(dsn)
    with psycopg.connect(dsn) as conn:
        write_sample(conn)
        conn.execute("UPDATE cdp.sync_run SET feed = %s WHERE feed = 'loyalty_gold'", (far_feed,))
    monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_FAR", campaign_connection(dsn))

    either = admin.get(f"/campaign-cdp/api/runs/{sample.applied}")
    named = {feed: get(admin, f"/runs/{sample.applied}", feed=feed)["feed"] for feed in (far_feed, "loyalty_gold")}

    assert either.status_code == 400
    assert "?feed=far_away" in either.json()["message"]
    assert named == {far_feed: far_feed, "loyalty_gold": "loyalty_gold"}
    assert get(admin, f"/runs/{sample.quarantined}")["feed"] == "cart_abandoners", "the far one is no feed of far_away"


def test_connections_are_read_only_and_have_a_time_limit(campaign: str, connections: LedgerConnections) -> None:
    with connections.lend("campaign_db") as conn, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        conn.execute("DELETE FROM cdp.audit")
    with connections.lend("campaign_db") as conn:
        assert conn.execute("SHOW statement_timeout").fetchone() == ("5s",)


def sleep(connections: LedgerConnections) -> None:
    with connections.lend("campaign_db") as conn:
        conn.execute("SET LOCAL statement_timeout = '50ms'")
        conn.execute("SELECT pg_sleep(3)")


def test_a_statement_that_takes_too_long_is_told_as_such(campaign: str, connections: LedgerConnections) -> None:
    with pytest.raises(RetriableSyncError, match="did not answer within 5 s"):
        sleep(connections)
    with connections.lend("campaign_db") as conn:
        assert conn.execute("SHOW statement_timeout").fetchone() == ("5s",), "the connection is as good as new"


def test_a_connection_is_used_again_and_closed_when_idle(campaign: str, connections: LedgerConnections) -> None:
    pids = []
    for _ in range(3):
        with connections.lend("campaign_db") as conn:
            pids.append(conn.info.backend_pid)
    connections.close_idle()
    assert conn.closed
    with connections.lend("campaign_db") as conn:
        pids.append(conn.info.backend_pid)

    assert len(set(pids[:3])) == 1
    assert pids[3] != pids[0]


def test_nobody_looks_at_the_page_and_it_lets_go_of_the_database(
    campaign: str, connections: LedgerConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign_cdp.ops_page.database._IDLE_SECONDS", 0.05)
    threads = threading.active_count()
    for _ in range(5):
        with connections.lend("campaign_db") as conn:
            pass
    assert threading.active_count() <= threads + 1, "one timer for all"

    deadline = time.monotonic() + 5
    while not conn.closed and time.monotonic() < deadline:
        time.sleep(0.01)
    assert conn.closed


def test_a_connection_that_broke_meanwhile_is_replaced(campaign: str, connections: LedgerConnections) -> None:
    with connections.lend("campaign_db") as conn:
        pid = conn.info.backend_pid
    with psycopg.connect(campaign, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (pid,))

    with connections.lend("campaign_db") as conn:
        assert conn.info.backend_pid != pid


def test_at_most_four_requests_read_a_database_at_once(
    campaign: str, connections: LedgerConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign_cdp.ops_page.database._WAIT_SECONDS", 0.1)
    release, ready = threading.Event(), threading.Barrier(5)

    def hold() -> None:
        with connections.lend("campaign_db"):
            ready.wait(10)
            release.wait(10)

    threads = [threading.Thread(target=hold) for _ in range(4)]
    for thread in threads:
        thread.start()
    ready.wait(10)
    try:
        with pytest.raises(RetriableSyncError, match="4 requests"), connections.lend("campaign_db"):
            pass
    finally:
        release.set()
        for thread in threads:
            thread.join()
    with connections.lend("campaign_db"):
        pass


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        (None, FeedConfigError, "has no connection campaign_x"),
        ("{empty}", LedgerVersionError, "cdp ledger upgrade"),
        ("{wrong}", AccessDeniedError, "refuses"),
    ],
)
def test_what_is_wrong_with_a_connection_is_said(
    connections: LedgerConnections,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    url: str | None,
    error: type[Exception],
    words: str,
) -> None:
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    good = campaign_connection(postgres_server.dsn("postgres"))
    urls = {"{empty}": good, "{wrong}": good.replace("://", "://no").replace('"login": "', '"login": "no')}
    if url:
        monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_X", urls[url])

    with pytest.raises(error, match=words), connections.lend("campaign_x"):
        pass


def test_a_failed_login_is_not_repeated_for_a_while(
    connections: LedgerConnections,
    airflow_metadata: None,
    monkeypatch: pytest.MonkeyPatch,
    as_user: Callable[..., object],
) -> None:
    asked: list[str] = []

    def refuse(conn_id: str, **_: object) -> psycopg.Connection:
        asked.append(conn_id)
        raise psycopg.OperationalError("connection refused")

    monkeypatch.setattr("campaign_cdp.ops_page.database.open_connection", refuse)
    for _ in range(3):
        with pytest.raises(RetriableSyncError, match="connection refused"), connections.lend("campaign_db"):
            pass

    assert asked == ["campaign_db"]
