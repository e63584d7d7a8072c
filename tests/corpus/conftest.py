from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database, create_tables, drop_database
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.storages import StorageHost
from tests.corpus.desk import Desk
from tests.corpus.recipes import Recipes
from tests.places import Place


@pytest.fixture(scope="module")
def new_desk(postgres_server, tmp_path_factory) -> Iterator[Callable[[str, StorageHost], Desk]]:
    """Make a desk on a database of its own."""
    desks: list[tuple[Desk, str]] = []
    with pytest.MonkeyPatch.context() as patch:

        def make(kind: str, host: StorageHost) -> Desk:
            name = f"corpus_{uuid.uuid4().hex[:12]}"
            create_database(postgres_server.dsn(), name)
            with psycopg.connect(postgres_server.dsn(name)) as conn:
                create_tables(conn)
            upgrade(postgres_server.dsn(name))
            connections = {"AIRFLOW_CONN_CAMPAIGN_DB": campaign_connection(postgres_server.dsn(name))}
            for variable, value in (connections | host.connections()).items():
                patch.setenv(variable, value)
            place = Place.new(kind, host, name.replace("_", "-"))
            desks.append(
                (Desk(place, postgres_server.dsn(name), Recipes(tmp_path_factory.mktemp("pgp"), patch.setenv)), name)
            )
            return desks[-1][0]

        yield make
    for desk, name in desks:
        desk.close()
        drop_database(postgres_server.dsn(), name)
