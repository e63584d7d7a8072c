"""What the benchmark of several workers stands on: Airflow's processes, its own metadata server, and feeds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psutil
import psycopg
import yaml

from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.airflow_stack import metadata_url
from campaign_cdp.sandbox.campaign_database import create_database, create_tables, seed
from campaign_cdp.sandbox.cluster import AirflowCluster
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.postgres import PostgresServer
from campaign_cdp.sandbox.s3 import landing_zone_connection
from campaign_cdp.sandbox.server import EmbeddedServer
from campaign_cdp.sandbox.storages.s3 import S3Storage
from campaign_cdp.sandbox.valkey import ValkeyServer
from tests.benchmarks.cpu import server_seconds
from tests.benchmarks.recorded_sql import bench_feed
from tests.benchmarks.stage import running_servers
from tests.benchmarks.way import REPO, Servers

RECIPIENTS: Final = 100_000
_BUCKET, _CAMPAIGN = "bench", "campaign"
#: Feed -> Airflow's connection to where its files are; the second leads to the same server over a slow link.
FEEDS: Final = {"near": "landing_zone_s3", "far": "landing_zone_far", "small": "landing_zone_s3"}
#: Two cores stand for several machines: what goes on beside the tasks must not take them.
_QUIET: Final = {"AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600"}


@dataclass(frozen=True, slots=True)
class ClusterStand:
    """A running cluster with its servers.

    :param storage: of all feeds, as AEP sees it.
    """

    cluster: AirflowCluster
    servers: dict[str, EmbeddedServer]
    storage: S3Storage
    dsn: str

    def feed(self, name: str) -> AudienceFeed:
        return AudienceFeed.model_validate(_feed(name))

    def sql(self, query: str, *args: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as conn:
            return conn.execute(query, args).fetchall()

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time so far, by component and server."""
        used = {name: _session_seconds(process.pid) for name, process in self.cluster.components.items()}
        for name, server in self.servers.items():
            if server.record.process:
                used[name] = server_seconds(server.record.process.pid)
        return used

    def tasks(self, dag_id: str, run_id: str, task_id: str) -> list[dict[str, Any]]:
        """Task instances of a run as the REST API tells them."""
        url = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        with self.cluster.client() as client:
            found = client.get(url, params={"limit": 100}).raise_for_status().json()["task_instances"]
        return [task for task in found if task["task_id"] == task_id]


@contextmanager
def cluster_stand(far_bytes_a_second: float, *, settings: dict[str, str]) -> Iterator[ClusterStand]:
    """Start everything with two workers of one slot each; the folder is removed at the end.

    :param far_bytes_a_second: what a connection to the far storage gets.
    :param settings: further variables of Airflow.
    """
    with ExitStack() as stack:
        servers = stack.enter_context(running_servers())
        metadata = stack.enter_context(PostgresServer(servers.folder / "metadata"))
        valkey = stack.enter_context(ValkeyServer(servers.folder / "valkey"))
        port = stack.enter_context(_slow_link(servers.landing.server.record.ports["s3"], far_bytes_a_second))
        storage = servers.landing.server.storage(_BUCKET)
        dsn = _campaign(servers.databases.server)
        cluster = AirflowCluster(
            servers.folder / "airflow",
            metadata_url=metadata_url(metadata.dsn()),
            broker_url=valkey.url,
            connections=_connections(servers, dsn, port),
            env={"CDP_FEEDS_DIR": _write_feeds(servers), **_QUIET, **settings},
            concurrency=1,
        )
        stack.enter_context(cluster)
        named: dict[str, EmbeddedServer] = {
            "campaign database": servers.databases.server,
            "storage": servers.landing.server,
        }
        yield ClusterStand(cluster, {**named, "metadata database": metadata, "valkey": valkey}, storage, dsn)


def _campaign(server: PostgresServer) -> str:
    create_database(server.dsn(), _CAMPAIGN)
    dsn = server.dsn(_CAMPAIGN)
    with psycopg.connect(dsn) as conn:
        create_tables(conn)
        seed(conn, recipients=RECIPIENTS)
    upgrade(dsn)
    return dsn


def _connections(servers: Servers, dsn: str, far_port: int) -> dict[str, str]:
    s3 = servers.landing.server
    far = landing_zone_connection(f"http://127.0.0.1:{far_port}", s3.access_key, s3.secret_key)
    campaign = {"AIRFLOW_CONN_CAMPAIGN_DB": campaign_connection(dsn)}
    return {**campaign, **s3.connections(), "AIRFLOW_CONN_LANDING_ZONE_FAR": far}


def _feed(name: str) -> dict[str, Any]:
    """The shipped feed with files, list and connection of its own."""
    feed: dict[str, Any] = bench_feed(_BUCKET).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    zone = {**feed["landing_zone"], "type": "s3", "connection": FEEDS[name], "prefix": f"{name}/"}
    return {
        **{key: value for key, value in feed.items() if key not in {"schedule", "historise"}},
        "id": name,
        "direction": "audience_import",
        "landing_zone": zone,
        "poll_interval": "5s",
        "list": {"name": name.upper(), "mode": "mirror"},
    }


def _write_feeds(servers: Servers) -> str:
    folder = servers.folder / "feeds"
    folder.mkdir()
    for name in FEEDS:
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(_feed(name)), encoding="utf-8")
    return str(folder)


@contextmanager
def _slow_link(target: int, rate: float) -> Iterator[int]:
    command = [sys.executable, "-m", "tests.benchmarks.slow_link", str(target), str(rate)]
    with subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            yield json.loads(process.stdout.readline() if process.stdout else "0")
        finally:
            process.terminate()


def _session_seconds(leader: int) -> float:
    """Tasks lead groups of their own, but stay in the worker's session."""
    used = 0.0
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader:
                used += sum(process.cpu_times()[:4])
        except (OSError, psutil.Error):
            continue
    return used
