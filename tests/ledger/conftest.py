from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.ledger.store import Ledger, Run
from campaign_cdp.sandbox.campaign_database import create_database, drop_database
from campaign_cdp.sandbox.postgres import PostgresServer
from tests.ledger.samples import FEED, file_set

Connect = Callable[[], psycopg.Connection]


def waits_for(conn: psycopg.Connection, blocker: psycopg.Connection) -> bool:
    """Tell whether the first connection is blocked by the second."""
    ((pids,),) = blocker.execute("SELECT pg_blocking_pids(%s)", (conn.info.backend_pid,)).fetchall()
    return blocker.info.backend_pid in pids


@pytest.fixture
def empty_dsn(postgres_server: PostgresServer) -> Iterator[str]:
    """Connection string of a fresh database with nothing in it."""
    name = f"empty_{uuid.uuid4().hex[:12]}"
    create_database(postgres_server.dsn(), name)
    yield postgres_server.dsn(name)
    drop_database(postgres_server.dsn(), name)


@pytest.fixture(scope="session")
def ledger_database(postgres_server: PostgresServer) -> str:
    create_database(postgres_server.dsn(), "ledger")
    upgrade(postgres_server.dsn("ledger"))
    return postgres_server.dsn("ledger")


@pytest.fixture
def ledger_dsn(ledger_database: str) -> str:
    """Connection string of a database with an empty ledger."""
    with psycopg.connect(ledger_database) as conn:
        conn.execute("TRUNCATE cdp.replay_line, cdp.sync_run, cdp.sync_step, cdp.sync_file, cdp.reject, cdp.audit")
        conn.execute("TRUNCATE cdp.export_window, cdp.export_log, cdp.export_step, cdp.export_file, cdp.watermark")
        conn.execute("TRUNCATE cdp.limit_reading, cdp.alert, cdp.alert_channel")
    return ledger_database


@pytest.fixture
def connect(ledger_dsn: str) -> Iterator[Connect]:
    with ExitStack() as stack:

        def opened() -> psycopg.Connection:
            conn = psycopg.connect(ledger_dsn)
            stack.callback(conn.close)
            return conn

        yield opened


@pytest.fixture
def conn(connect: Connect) -> psycopg.Connection:
    return connect()


@pytest.fixture
def ledger(conn: psycopg.Connection) -> Ledger:
    return Ledger(conn)


@pytest.fixture
def open_run(ledger: Ledger) -> Callable[..., Run]:
    """Open a run with whatever the test does not care about filled in."""

    def opened(dag_run_id: str = "run1", **changes: Any) -> Run:
        settings = {"feed": FEED, "file_set": file_set(), "config_hash": "h1", "preview": False, **changes}
        return ledger.open_run(dag_run_id=dag_run_id, **settings).run

    return opened
