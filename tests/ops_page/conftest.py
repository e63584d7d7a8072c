"""Airflow's own API server in this process, with the page in it, three feeds, and a ledger that knows them.

Imports and exports are in Dag bundles of two teams, so that there are users who may read the one and not the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.postgres import PostgresServer
from tests.conftest import REPO
from tests.ops_page.samples import Sample, write_sample

FEEDS = ("cart_abandoners", "delivery_events", "loyalty_gold")


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, and how: ``header`` is what makes the API server know him."""

    name: str
    header: dict[str, str]


def token_of(name: str, role: str | None, teams: list[str] | None = None) -> str:
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    return get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=name, role=role, teams=teams))


@pytest.fixture(scope="session")
def feeds_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The feeds of the project, in a folder that tests may add to."""
    folder = tmp_path_factory.mktemp("feeds")
    for name in FEEDS:
        (folder / f"{name}.yaml").write_text((REPO / "include" / "feeds" / f"{name}.yaml").read_text())
    return folder


@pytest.fixture(autouse=True)
def feeds_of_the_page(feeds_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For these tests only: those of other folders run in the same process."""
    monkeypatch.setenv("CDP_FEEDS_DIR", str(feeds_folder))


@pytest.fixture(scope="session")
def page_database(postgres_server: PostgresServer) -> str:
    create_database(postgres_server.dsn(), "ledger_of_page")
    upgrade(postgres_server.dsn("ledger_of_page"))
    return postgres_server.dsn("ledger_of_page")


@pytest.fixture(scope="session")
def airflow_metadata(feeds_folder: Path) -> None:
    """Airflow's tables, with the Dags of the feeds in bundles of two teams."""
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.team import Team
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session
    from sqlalchemy import update

    initdb()
    for bundle, file in (("imports", "audience_import.py"), ("exports", "event_export.py")):
        with create_session() as session:
            if session.get(DagBundleModel, bundle):  # the browser's tests take this fixture as well
                continue
            model = DagBundleModel(name=bundle)
            model.teams.append(Team(name=bundle))
            session.add(model)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CDP_FEEDS_DIR", str(feeds_folder))
            bag = DagBag(REPO / "dags" / file, bundle_path=REPO / "dags", bundle_name=bundle)
        assert bag.import_errors == {}
        with create_session() as session:
            sync_bag_to_db(bag, bundle, None, session=session)
            session.execute(update(DagModel).where(DagModel.bundle_name == bundle).values(is_paused=False))


@pytest.fixture(scope="session")
def server(airflow_metadata: None) -> Iterator[TestClient]:
    """Airflow's API server, without a user."""
    from airflow.api_fastapi.app import create_app

    with TestClient(create_app(apps="core"), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def sample(page_database: str) -> Sample:
    with psycopg.connect(page_database) as conn:
        return write_sample(conn)


@pytest.fixture
def campaign(page_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Connection string of the ledger behind ``campaign_db``."""
    from campaign_cdp.ops_page import connections

    monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_DB", campaign_connection(page_database))
    yield page_database
    connections.ledgers.forget()
    connections.downloads.forget()


@pytest.fixture
def as_user(server: TestClient) -> Callable[..., TestClient]:
    """Give the server a user: ``as_user("op")`` or, of a team, ``as_user("user", "imports")``."""

    def client(role: str | None, *teams: str, name: str = "ann") -> TestClient:
        own = TestClient(server.app, raise_server_exceptions=False)
        own.headers["Authorization"] = f"Bearer {token_of(name, role, list(teams))}"
        return own

    return client


@pytest.fixture
def admin(as_user: Callable[..., TestClient], campaign: str, sample: Sample) -> TestClient:
    return as_user("admin", name="admin")


def get(client: TestClient, path: str, **params: Any) -> Any:
    answer = client.get(f"/campaign-cdp/api{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()
