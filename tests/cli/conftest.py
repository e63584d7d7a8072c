"""A ledger that commands read, and Airflow with the Dags of two feeds that commands start."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from campaign_cdp.cli.main import cdp
from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database
from campaign_cdp.sandbox.postgres import PostgresServer
from tests.conftest import REPO
from tests.ops_page.samples import Sample, write_sample

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _undo_what_the_command_tells_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", os.environ.get("_AIRFLOW_PROCESS_CONTEXT", "server"))


@pytest.fixture
def run() -> Run:
    """Run ``cdp`` in this process."""

    def invoke(*args: str, input: str | None = None) -> Result:
        return CliRunner().invoke(cdp, args, input=input)

    return invoke


@pytest.fixture(scope="session")
def sample_ledger(postgres_server: PostgresServer) -> tuple[str, Sample]:
    """Connection string of a ledger for commands that only read, and the ids of what is in it."""
    create_database(postgres_server.dsn(), "sample_of_cli")
    dsn = postgres_server.dsn("sample_of_cli")
    upgrade(dsn)
    with psycopg.connect(dsn) as conn:
        return dsn, write_sample(conn)


@pytest.fixture(scope="session")
def started_feeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the feeds whose Dags Airflow knows; the tests of the page have others in the same process."""
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session
    from sqlalchemy import update

    folder = tmp_path_factory.mktemp("feeds")
    for name in ("loyalty_gold", "delivery_events"):
        text = (REPO / "include" / "feeds" / f"{name}.yaml").read_text()
        (folder / f"cli_{name}.yaml").write_text(text.replace(f"id: {name}", f"id: cli_{name}"))
    initdb()
    with create_session() as session:
        session.merge(DagBundleModel(name="cli"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CDP_FEEDS_DIR", str(folder))
        for file in ("audience_import.py", "event_export.py"):
            bag = DagBag(REPO / "dags" / file, bundle_path=REPO / "dags", bundle_name="cli")
            assert bag.import_errors == {}
            with create_session() as session:
                sync_bag_to_db(bag, "cli", None, session=session)
    with create_session() as session:
        session.execute(update(DagModel).where(DagModel.dag_id.endswith("cli_loyalty_gold")).values(is_paused=False))
        session.execute(update(DagModel).where(DagModel.dag_id.endswith("cli_delivery_events")).values(is_paused=True))
    return folder


@pytest.fixture
def startable(
    started_feeds: Path, campaign_dsn: str, airflow_connections: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> str:
    """Connection string of a ledger of the test's own, behind ``campaign_db``; the feeds have Dags."""
    upgrade(campaign_dsn)
    monkeypatch.setenv("CDP_FEEDS_DIR", str(started_feeds))
    return campaign_dsn
