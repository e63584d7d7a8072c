from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database, create_tables, drop_database
from campaign_cdp.sandbox.postgres import PostgresServer
from tests.hooks.campaign.campaign import add_fixed_rows

Connect = Callable[[], psycopg.Connection]


@pytest.fixture(scope="session")
def export_template(postgres_server: PostgresServer) -> str:
    """A Campaign database with deliveries, people and the ledger, without logs."""
    name = "export_template"
    create_database(postgres_server.dsn(), name)
    with psycopg.connect(postgres_server.dsn(name)) as conn:
        create_tables(conn)
        add_fixed_rows(conn)
    upgrade(postgres_server.dsn(name))
    return name


@pytest.fixture
def connect(postgres_server: PostgresServer, export_template: str) -> Iterator[Connect]:
    """Connect to the test's own Campaign database, with the session settings of tasks."""
    name = f"export_{uuid.uuid4().hex[:12]}"
    create_database(postgres_server.dsn(), name, template=export_template)
    with ExitStack() as stack:

        def opened() -> psycopg.Connection:
            conn = psycopg.connect(postgres_server.dsn(name))
            conn.execute("SET timezone = 'UTC'")
            conn.commit()
            stack.callback(conn.close)
            return conn

        yield opened
    drop_database(postgres_server.dsn(), name)


@pytest.fixture
def conn(connect: Connect) -> psycopg.Connection:
    return connect()
