"""What all tests share: Airflow's environment, and real servers that start when the first test asks for one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
_HOME = tempfile.TemporaryDirectory(prefix="cdp-airflow-", ignore_cleanup_errors=True)

# Airflow reads its configuration when it is first imported, so this has to come before any other import.
os.environ.update(
    AIRFLOW_HOME=_HOME.name,
    AIRFLOW__CORE__DAGS_FOLDER=str(REPO / "dags"),
    AIRFLOW__CORE__PLUGINS_FOLDER=str(REPO / "plugins"),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
    AIRFLOW__CORE__FERNET_KEY="c2FuZGJveC1mZXJuZXQta2V5LWZvci10ZXN0cy1vbmw=",
    AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS="admin:admin,viewer:viewer",
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{_HOME.name}/airflow.db",
    AIRFLOW__API_AUTH__JWT_SECRET="x" * 64,
    AIRFLOW__LOGGING__LOGGING_LEVEL="WARNING",
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED="False",
)
for _name in [name for name in os.environ if name.startswith(("AIRFLOW_CONN_", "AWS_", "AZURE_", "CDP_"))]:
    del os.environ[_name]

import uuid  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from typing import TYPE_CHECKING, Any  # noqa: E402

import psycopg  # noqa: E402
import pytest  # noqa: E402

from campaign_cdp.sandbox.campaign_database import (  # noqa: E402
    create_database,
    create_tables,
    drop_database,
    seed,
)
from campaign_cdp.sandbox.endpoints import campaign_connection  # noqa: E402
from campaign_cdp.sandbox.postgres import NOT_DURABLE, PostgresServer  # noqa: E402
from campaign_cdp.sandbox.s3 import S3Server, landing_zone_connection  # noqa: E402
from tests.buckets import remove_bucket  # noqa: E402
from tests.scheduling import SharedServers  # noqa: E402

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from campaign_cdp.sandbox.azurite import AzuriteServer
    from campaign_cdp.sandbox.sftp import SftpServer

#: Recipients of every test's own Campaign database: persons 1 to 200.
TEMPLATE_RECIPIENTS = 200


@dataclass(frozen=True, slots=True)
class Bucket:
    """A test's own bucket.

    :param client: boto3 client of its server.
    """

    name: str
    client: S3Client
    server: S3Server


@pytest.hookimpl(optionalhook=True)  # it is unknown under "-p no:xdist"
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedServers:
    return SharedServers(config, log)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    folder = tmp_path_factory.mktemp("postgres")
    with PostgresServer(folder, settings={**NOT_DURABLE, "shared_buffers": "128MB"}) as server:
        yield server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3")).start()
    yield server
    server.stop(timeout=0)  # nobody needs its data any more


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzuriteServer]:
    from campaign_cdp.sandbox.azurite import AzuriteServer

    server = AzuriteServer(tmp_path_factory.mktemp("azure")).start()
    yield server
    server.stop(timeout=0)


@pytest.fixture(scope="session")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    from campaign_cdp.sandbox.sftp import SftpServer

    with SftpServer(tmp_path_factory.mktemp("sftp")) as server:
        yield server


@pytest.fixture(scope="session")
def campaign_template(postgres_server: PostgresServer) -> str:
    """Name of a Campaign database to copy: Campaign's tables and persons 1 to 200."""
    create_database(postgres_server.dsn(), "campaign_template")
    with psycopg.connect(postgres_server.dsn("campaign_template")) as conn:
        create_tables(conn)
        seed(conn, recipients=TEMPLATE_RECIPIENTS)
    return "campaign_template"


@pytest.fixture
def campaign_dsn(postgres_server: PostgresServer, campaign_template: str) -> Iterator[str]:
    """Connection string of a fresh Campaign database."""
    name = f"campaign_{uuid.uuid4().hex[:12]}"
    create_database(postgres_server.dsn(), name, template=campaign_template)
    yield postgres_server.dsn(name)
    drop_database(postgres_server.dsn(), name)


@pytest.fixture
def campaign_db(campaign_dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection (autocommit) to the test's Campaign database."""
    with psycopg.connect(campaign_dsn, autocommit=True) as conn:
        yield conn


@pytest.fixture
def bucket(s3_server: S3Server) -> Iterator[Bucket]:
    """A fresh, empty bucket."""
    client = s3_server.client()
    name = f"test-{uuid.uuid4().hex[:12]}"
    client.create_bucket(Bucket=name)
    yield Bucket(name, client, s3_server)
    remove_bucket(client, name)


@pytest.fixture
def airflow_connections(campaign_dsn: str, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Airflow's connections to the test's own database and to the S3 server, also set in the environment."""
    connections = {
        "AIRFLOW_CONN_CAMPAIGN_DB": campaign_connection(campaign_dsn),
        "AIRFLOW_CONN_LANDING_ZONE_S3": landing_zone_connection(
            s3_server.endpoint_url, s3_server.access_key, s3_server.secret_key
        ),
    }
    for name, value in connections.items():
        monkeypatch.setenv(name, value)
    return connections
