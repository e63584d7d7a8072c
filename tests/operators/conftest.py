from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database, create_tables, drop_database
from campaign_cdp.sandbox.endpoints import campaign_connection, landing_zone_connection
from tests.operators.importing import Import


@pytest.fixture(scope="session")
def import_template(postgres_server) -> str:
    """A Campaign database without people, with its ledger, to copy."""
    name = "import_template"
    create_database(postgres_server.dsn(), name)
    with psycopg.connect(postgres_server.dsn(name)) as conn:
        create_tables(conn)
    upgrade(postgres_server.dsn(name))
    return name


@pytest.fixture
def new_import(postgres_server, import_template, s3_server, monkeypatch) -> Iterator[Callable[..., Import]]:
    """Make an :class:`Import` of a feed on a bucket and a database of its own."""
    databases = []
    landing_zone = landing_zone_connection(s3_server.endpoint_url, s3_server.access_key, s3_server.secret_key)
    monkeypatch.setenv("AIRFLOW_CONN_LANDING_ZONE_S3", landing_zone)

    def make(**feed) -> Import:
        name = f"import_{uuid.uuid4().hex[:12]}"
        create_database(postgres_server.dsn(), name, template=import_template)
        databases.append(name)
        monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_DB", campaign_connection(postgres_server.dsn(name)))
        s3, bucket = s3_server.client(), f"{name.replace('_', '-')}"
        s3.create_bucket(Bucket=bucket)
        return Import(s3, bucket, postgres_server.dsn(name), **feed)

    yield make
    for name in databases:
        drop_database(postgres_server.dsn(), name)


@pytest.fixture
def imports(new_import) -> Import:
    return new_import()
