from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database, create_tables, drop_database, seed
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.local_folder import LocalFolder
from tests.buckets import remove_bucket
from tests.declared_limits import DeclaredLimits
from tests.operators.exporting import Export
from tests.operators.importing import Import
from tests.pgp import key_pair, pgp_connection, temp
from tests.places import Place

__all__ = ["key_pair", "pgp_connection", "temp"]


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


HOSTS = {"s3": "s3_server", "azure_blob": "azure_server", "sftp": "sftp_server", "local": "local_folder"}


@pytest.fixture(scope="session")
def local_folder(tmp_path_factory) -> LocalFolder:
    return LocalFolder(tmp_path_factory.mktemp("local"))


@pytest.fixture
def new_database(postgres_server, request, monkeypatch) -> Iterator[Callable[..., tuple[Place, str]]]:
    """Copy a template; returns a place of its own and a DSN, which Airflow's connections name as well."""
    databases, buckets = [], []

    def make(template: str, zone: str = "s3") -> tuple[Place, str]:
        name = f"desk_{uuid.uuid4().hex[:12]}"
        create_database(postgres_server.dsn(), name, template=template)
        databases.append(name)
        monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_DB", campaign_connection(postgres_server.dsn(name)))
        host = request.getfixturevalue(HOSTS[zone])
        for variable, value in host.connections().items():
            monkeypatch.setenv(variable, value)
        root = name.replace("_", "-")
        if zone == "s3":
            buckets.append(root)
        return Place.new(zone, host, root), postgres_server.dsn(name)

    yield make
    for name in databases:
        drop_database(postgres_server.dsn(), name)
    for name in buckets:
        remove_bucket(request.getfixturevalue("s3_server").client(), name)


@pytest.fixture
def new_export(new_database, export_template) -> Callable[..., Export]:
    """Make an :class:`Export` of a feed on a bucket and a database of its own."""
    return lambda zone="s3", **feed: Export(*new_database(export_template, zone), **feed)


@pytest.fixture
def new_import(new_database, import_template) -> Callable[..., Import]:
    """Make an :class:`Import` of a feed on a bucket and a database of its own."""
    return lambda zone="s3", **feed: Import(*new_database(import_template, zone), **feed)


@pytest.fixture
def imports(new_import) -> Import:
    return new_import()


@pytest.fixture
def limits(tmp_path, monkeypatch) -> DeclaredLimits:
    return DeclaredLimits(tmp_path, monkeypatch)
