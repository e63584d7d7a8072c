"""Airflow as a part of the sandbox: on its PostgreSQL, with its connections."""

from __future__ import annotations

import time
from dataclasses import replace

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.airflow import AirflowServer
from campaign_cdp.sandbox.campaign_database import create_database
from campaign_cdp.sandbox.cluster import AirflowCluster
from campaign_cdp.sandbox.cluster_components import API_SERVER, components
from campaign_cdp.sandbox.endpoints import Endpoints
from campaign_cdp.sandbox.process import ServerProcess
from campaign_cdp.sandbox.server import ServerRecord
from campaign_cdp.sandbox.stack import Progress, Sandbox
from campaign_cdp.sandbox.valkey import ValkeyServer

_DATABASE = "airflow"


def metadata_url(admin_dsn: str, database: str = _DATABASE) -> str:
    """Return SQLAlchemy's URL of Airflow's metadata; the database exists afterwards.

    :param admin_dsn: libpq connection string of the server's maintenance database.
    """
    create_database(admin_dsn, database)
    part = conninfo_to_dict(admin_dsn)
    url = URL.create(
        "postgresql+psycopg2",
        username=str(part["user"]),
        password=str(part["password"]),
        host=str(part["host"]),
        port=int(part["port"] or 5432),
        database=database,
    )
    return url.render_as_string(hide_password=False)


def airflow_server(box: Sandbox, endpoints: Endpoints) -> AirflowServer:
    """Return Airflow as it was recorded, running or not; its metadata database exists afterwards."""
    return AirflowServer(
        box.folder / AirflowServer.name,
        box.record(AirflowServer.name),
        metadata_url=metadata_url(endpoints.admin_dsn),
        connections=endpoints.connections(),
    )


def start_airflow(box: Sandbox, endpoints: Endpoints, progress: Progress) -> AirflowServer:
    """Start Airflow, or adopt it if it runs, and wait until all its parts are healthy."""
    server = airflow_server(box, endpoints)
    progress(
        "airflow: starting, this takes about a minute" if not server.record.is_running else "airflow: runs already"
    )
    started = time.monotonic()
    server.launched = lambda record: box.remember(server.name, record)
    server.start()
    box.remember(server.name, server.record)
    progress(f"airflow: healthy after {time.monotonic() - started:.0f} s")
    return server


def start_cluster(box: Sandbox, endpoints: Endpoints, workers: int, progress: Progress) -> AirflowServer:
    """Start Airflow with Celery workers, each component a part of the sandbox.

    :raises SandboxError: if Airflow runs already, but not with so many workers.
    """
    running = [server.name for server in box.status() if server.running and server.name.startswith(AirflowServer.name)]
    if running and len(running) != len(components(box.folder, workers, 1)):
        raise SandboxError(f"Airflow runs already, but not on {workers} Celery worker(s). Run: cdp sandbox down")
    if running:
        progress("airflow: runs already")
        return airflow_server(box, endpoints)
    cluster = AirflowCluster(
        box.folder / AirflowServer.name,
        box.record(AirflowServer.name),
        metadata_url=metadata_url(endpoints.admin_dsn),
        broker_url=_new_broker(box, progress).url,
        connections=endpoints.connections(),
        workers=workers,
    )
    cluster.launched = lambda name, process: _remember(box, cluster, name, process)
    progress(f"airflow: starting on {workers} Celery worker(s), this takes about a minute")
    started = time.monotonic()
    cluster.start()
    progress(f"airflow: healthy after {time.monotonic() - started:.0f} s")
    return cluster.airflow


def _new_broker(box: Sandbox, progress: Progress) -> ValkeyServer:
    """It keeps nothing, so each start has a password of its own, and a stopped one is forgotten."""
    progress("valkey: starting")
    if (left := box.record(ValkeyServer.name)) and left.process:
        left.process.stop()  # of a start that failed
    valkey = ValkeyServer(box.folder / ValkeyServer.name)
    valkey.launched = lambda record: box.remember(valkey.name, replace(record, secrets={}))
    return valkey.start()


def _remember(box: Sandbox, cluster: AirflowCluster, name: str, process: ServerProcess) -> None:
    """The API server is Airflow for the rest of the sandbox: its record has the port, and the keys that outlive it."""
    if name == API_SERVER:
        box.remember(AirflowServer.name, replace(cluster.airflow.record, process=process))
    else:
        box.remember(f"{AirflowServer.name}-{name}", ServerRecord(process=process))
