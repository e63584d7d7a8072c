from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from campaign_cdp.feeds.directions import Feed
from campaign_cdp.sandbox.airflow_stack import metadata_url
from campaign_cdp.sandbox.campaign_database import create_database, drop_database
from campaign_cdp.sandbox.cluster import AirflowCluster
from campaign_cdp.sandbox.cluster_settings import QUICK_RECOVERY
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.postgres import PostgresServer
from campaign_cdp.sandbox.s3 import S3Server
from campaign_cdp.sandbox.valkey import ValkeyServer
from tests.buckets import remove_bucket
from tests.distributed.desk import Desk
from tests.operators.conftest import export_template, import_template
from tests.operators.exporting import Export
from tests.operators.importing import Import
from tests.places import Place

__all__ = ["export_template", "import_template"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def desk(folder: Path, postgres_server: PostgresServer, s3_server: S3Server, export_template: str) -> Iterator[Desk]:
    """One cluster for all tests of a file: to start it takes most of their time."""
    campaign, metadata = (f"{name}_{uuid.uuid4().hex[:12]}" for name in ("campaign", "airflow"))
    create_database(postgres_server.dsn(), campaign, template=export_template)
    dsn, bucket = postgres_server.dsn(campaign), campaign.replace("_", "-")
    place = Place.new("s3", s3_server, bucket)
    imports = Import(place, dsn, alerts={"late_after": "10m"}, poll_interval="5s")
    exports = Export(place, dsn, alerts={"landing_within": "5m"}, parts={"partitions": 2})
    _write_feeds(folder / "feeds", imports.feed, exports.feed)
    with (
        ValkeyServer(folder / "valkey") as valkey,
        AirflowCluster(
            folder / "airflow",
            metadata_url=metadata_url(postgres_server.dsn(), metadata),
            broker_url=valkey.url,
            connections={"AIRFLOW_CONN_CAMPAIGN_DB": campaign_connection(dsn), **s3_server.connections()},
            env={
                **QUICK_RECOVERY,
                "CDP_FEEDS_DIR": str(folder / "feeds"),
                "CDP_RETRY_SECONDS": "1",
                "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",  # nobody changes them
            },
            concurrency=1,
        ) as cluster,
    ):
        yield Desk(cluster, imports, exports)
    for name in (campaign, metadata):
        drop_database(postgres_server.dsn(), name)
    remove_bucket(s3_server.client(), bucket)


def _write_feeds(folder: Path, *feeds: Feed) -> None:
    folder.mkdir()
    for feed in feeds:
        content: dict[str, Any] = feed.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        content |= {"direction": feed.direction}
        (folder / f"{feed.id}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


@pytest.fixture
def campaign(desk: Desk) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(desk.imports.dsn, autocommit=True) as conn:
        yield conn
