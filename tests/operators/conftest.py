from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database, create_tables, drop_database, seed
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.s3 import landing_zone_connection
from tests.buckets import remove_bucket
from tests.operators.exporting import Export
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


@pytest.fixture(scope="session")
def export_template(postgres_server, import_template) -> str:
    """The same with 100 people, to send to."""
    name = "export_template"
    create_database(postgres_server.dsn(), name, template=import_template)
    with psycopg.connect(postgres_server.dsn(name)) as conn:
        seed(conn, recipients=100)
    return name


@pytest.fixture
def new_database(postgres_server, s3_server, monkeypatch) -> Iterator[Callable[[str], tuple[Any, str, str]]]:
    """Copy a template; returns an S3 client, a bucket and a DSN, which Airflow's connections name as well."""
    databases, buckets = [], []
    landing_zone = landing_zone_connection(s3_server.endpoint_url, s3_server.access_key, s3_server.secret_key)
    monkeypatch.setenv("AIRFLOW_CONN_LANDING_ZONE_S3", landing_zone)

    def make(template: str) -> tuple[Any, str, str]:
        name = f"desk_{uuid.uuid4().hex[:12]}"
        create_database(postgres_server.dsn(), name, template=template)
        databases.append(name)
        monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_DB", campaign_connection(postgres_server.dsn(name)))
        s3, bucket = s3_server.client(), name.replace("_", "-")
        s3.create_bucket(Bucket=bucket)
        buckets.append(bucket)
        return s3, bucket, postgres_server.dsn(name)

    yield make
    for name in databases:
        drop_database(postgres_server.dsn(), name)
    for name in buckets:
        remove_bucket(s3_server.client(), name)


@pytest.fixture
def new_export(new_database, export_template) -> Callable[..., Export]:
    """Make an :class:`Export` of a feed on a bucket and a database of its own."""
    return lambda **feed: Export(*new_database(export_template), **feed)


@pytest.fixture
def new_import(new_database, import_template) -> Callable[..., Import]:
    """Make an :class:`Import` of a feed on a bucket and a database of its own."""
    return lambda **feed: Import(*new_database(import_template), **feed)


@pytest.fixture
def imports(new_import) -> Import:
    return new_import()
