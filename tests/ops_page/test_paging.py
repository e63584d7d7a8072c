"""Lists are read page by page to their end, over a ledger of some thousand runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.postgres import PostgresServer
from tests.ops_page.conftest import get
from tests.ops_page.seeding import seed_readings, seed_rejects, seed_runs, seed_windows

RUNS, REJECTS = 12_000, 5_000


@pytest.fixture(scope="module")
def large_ledger(postgres_server: PostgresServer) -> str:
    create_database(postgres_server.dsn(), "large_ledger")
    dsn = postgres_server.dsn("large_ledger")
    upgrade(dsn)
    with psycopg.connect(dsn, autocommit=True) as conn:
        seed_runs(conn, ["loyalty_gold", "cart_abandoners"], RUNS)
        seed_windows(conn, ["delivery_events"], 500)
        seed_rejects(conn, [RUNS], REJECTS)
        seed_readings(conn, 100)
        conn.execute("VACUUM ANALYZE")
    return dsn


@pytest.fixture
def reader(
    as_user: Callable[..., TestClient], large_ledger: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    from campaign_cdp.ops_page import connections

    monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_DB", campaign_connection(large_ledger))
    yield as_user("viewer", "imports", "exports")
    connections.ledgers.forget()
    connections.downloads.forget()


def pages(client: TestClient, path: str, name: str, **params: Any) -> Iterator[list[dict[str, Any]]]:
    after: dict[str, str] = {}
    while True:
        page = get(client, path, **params, **after)
        yield page[name]
        if page["next"] is None:
            return
        after = {"after": page["next"]}


def test_all_runs_are_on_some_page_once_and_newest_first(reader: TestClient) -> None:
    found = [run for page in pages(reader, "/feeds/loyalty_gold/runs", "runs", limit=500) for run in page]

    assert len({run["run_id"] for run in found}) == len(found) == RUNS // 2
    order = [(run["opened_at"], run["run_id"]) for run in found]
    assert order == sorted(order, reverse=True)


def test_a_filter_holds_on_every_page(reader: TestClient) -> None:
    found = list(pages(reader, "/feeds/cart_abandoners/runs", "runs", limit=50, state="quarantined"))

    assert {run["state"] for page in found for run in page} == {"quarantined"}
    assert [len(page) for page in found[:-1]] == [50] * (len(found) - 1)


def test_runs_that_started_at_the_same_time_are_not_lost_between_pages(reader: TestClient, large_ledger: str) -> None:
    with psycopg.connect(large_ledger) as conn:
        conn.execute("ALTER TABLE cdp.sync_run DISABLE TRIGGER USER")
        conn.execute("UPDATE cdp.sync_run SET opened_at = date_trunc('day', opened_at)")
        conn.execute("ALTER TABLE cdp.sync_run ENABLE TRIGGER USER")

    found = [run["run_id"] for page in pages(reader, "/feeds/loyalty_gold/runs", "runs", limit=77) for run in page]

    assert len(set(found)) == len(found) == RUNS // 2


def test_many_runs_are_counted_up_to_a_bound(reader: TestClient, large_ledger: str) -> None:
    page = get(reader, "/feeds/loyalty_gold/runs", limit=1)
    assert (page["total_estimate"], page["total_is_exact"]) == (RUNS // 2, True)

    with psycopg.connect(large_ledger) as conn:
        conn.execute("UPDATE cdp.sync_run SET feed = 'loyalty_gold'")
        conn.commit()
        try:
            page = get(reader, "/feeds/loyalty_gold/runs", limit=1)
        finally:
            conn.execute("UPDATE cdp.sync_run SET feed = 'cart_abandoners' WHERE run_id % 2 = 1")

    assert (page["total_estimate"], page["total_is_exact"]) == (10_000, False)


@pytest.mark.parametrize("code", [None, "bad_email", "ambiguous_key", "bad_date"])
def test_all_rejects_are_on_some_page_once_and_in_file_order(
    reader: TestClient, large_ledger: str, code: str | None
) -> None:
    which = {"code": code} if code else {}
    found = [
        (one["part_no"], one["line_no"] or 10**9, one["value"])
        for page in pages(reader, f"/runs/{RUNS}/rejects", "rejects", limit=97, **which)
        for one in page
    ]

    with psycopg.connect(large_ledger) as conn:
        query = "SELECT value FROM cdp.reject WHERE %(code)s::text IS NULL OR code = %(code)s"
        expected = [value for (value,) in conn.execute(query, {"code": code})]
    assert sorted(value for _, _, value in found) == sorted(expected)
    assert [one[:2] for one in found] == sorted(one[:2] for one in found)


def test_the_download_is_streamed_and_has_every_reject(reader: TestClient) -> None:
    with reader.stream("GET", f"/campaign-cdp/api/runs/{RUNS}/rejects.csv") as answer:
        content = b"".join(answer.iter_bytes())

    assert content.count(b"\r\n") == REJECTS + 1
    assert "Content-Length" not in answer.headers, "its size is not known before it is all read"


def test_windows_are_paged_like_runs(reader: TestClient) -> None:
    found = [one for page in pages(reader, "/feeds/delivery_events/windows", "windows", limit=60) for one in page]

    assert len({one["window_id"] for one in found}) == len(found) == 500


def test_lists_are_read_from_an_index(reader: TestClient, large_ledger: str) -> None:
    """Without it each page would read and sort all runs, or all rejected lines."""
    from psycopg import sql

    from campaign_cdp.hooks.campaign.sql import statement

    wheres = {
        "ops/runs": "r.feed = 'loyalty_gold'",
        "ops/rejects": f"j.run_id = {RUNS} AND (j.part_no, coalesce(j.line_no, 9223372036854775807), j.ctid) > "
        "(1, 5, '(0,1)'::tid)",
    }
    with psycopg.connect(large_ledger) as conn:
        for name, where in wheres.items():
            query = statement(name, where=sql.SQL(where), how_many=sql.Literal(50))  # type: ignore[arg-type]
            plan = "\n".join(row[0] for row in conn.execute(sql.SQL("EXPLAIN ") + query))
            assert "Seq Scan" not in plan, plan
            assert "Sort Key" not in plan or "Incremental Sort" in plan, plan
