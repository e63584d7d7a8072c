from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database, create_tables, drop_database, seed
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.local_folder import LocalFolder
from tests.places import Place
from tests.security.payloads import catalogue

_NAME = "under_attack"


@pytest.fixture(scope="module")
def target_dsn(postgres_server) -> Iterator[str]:
    """One database for all attempts of a module: Campaign's tables, ten people, the ledger."""
    create_database(postgres_server.dsn(), _NAME)
    dsn = postgres_server.dsn(_NAME)
    with psycopg.connect(dsn) as conn:
        create_tables(conn)
        seed(conn, recipients=10)
    upgrade(dsn)
    yield dsn
    drop_database(postgres_server.dsn(), _NAME)


@pytest.fixture(scope="module")
def catalogue_before(target_dsn: str) -> set[tuple[Any, ...]]:
    found = catalogue(target_dsn)
    assert len(found) > 50
    return found


@pytest.fixture
def target(target_dsn: str, catalogue_before: set[tuple[Any, ...]], monkeypatch) -> Iterator[str]:
    """The same, as Airflow's connection; after each attempt nothing but rows may have changed."""
    monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_DB", campaign_connection(target_dsn))
    yield target_dsn
    assert catalogue(target_dsn) == catalogue_before


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Place:
    """A landing zone in a folder."""
    host = LocalFolder(tmp_path)
    for name, value in host.connections().items():
        monkeypatch.setenv(name, value)
    return Place.new("local", host, "zone")
