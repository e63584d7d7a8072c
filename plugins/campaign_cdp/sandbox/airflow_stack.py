"""Airflow as a part of the sandbox: on its PostgreSQL, with its connections."""

from __future__ import annotations

import time

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL

from campaign_cdp.sandbox.airflow import AirflowServer
from campaign_cdp.sandbox.campaign_database import create_database
from campaign_cdp.sandbox.endpoints import Endpoints
from campaign_cdp.sandbox.stack import Progress, Sandbox

_DATABASE = "airflow"


def airflow_server(box: Sandbox, endpoints: Endpoints) -> AirflowServer:
    """Return Airflow as it was recorded, running or not; its metadata database exists afterwards."""
    create_database(endpoints.admin_dsn, _DATABASE)
    part = conninfo_to_dict(endpoints.admin_dsn)
    url = URL.create(
        "postgresql+psycopg2",
        username=str(part["user"]),
        password=str(part["password"]),
        host=str(part["host"]),
        port=int(part["port"] or 5432),
        database=_DATABASE,
    )
    return AirflowServer(
        box.folder / AirflowServer.name,
        box.record(AirflowServer.name),
        metadata_url=url.render_as_string(hide_password=False),
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
