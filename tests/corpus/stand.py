"""What a desk stands on: a Campaign database of its own, and a landing zone."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database, create_tables, drop_database
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.postgres import PostgresServer
from campaign_cdp.sandbox.storages import StorageHost
from tests.corpus.desk import Desk
from tests.corpus.recipes import Recipes
from tests.places import Place


@contextmanager
def desk_at(
    postgres: PostgresServer, kind: str, host: StorageHost, folder: Path, setenv: Callable[[str, str], None]
) -> Iterator[Desk]:
    """Set up a desk; its database is dropped at the end.

    :param kind: of the landing zone.
    :param folder: for what is encrypted.
    :param setenv: sets an environment variable, for Airflow's connections.
    """
    name = f"corpus_{uuid.uuid4().hex[:12]}"
    create_database(postgres.dsn(), name)
    with psycopg.connect(postgres.dsn(name)) as conn:
        create_tables(conn)
    upgrade(postgres.dsn(name))
    connections = {"AIRFLOW_CONN_CAMPAIGN_DB": campaign_connection(postgres.dsn(name))} | host.connections()
    for variable, value in connections.items():
        setenv(variable, value)
    desk = Desk(Place.new(kind, host, name.replace("_", "-")), postgres.dsn(name), Recipes(folder, setenv))
    try:
        yield desk
    finally:
        desk.close()
        drop_database(postgres.dsn(), name)
