"""The page in Airflow's own API server, over a ledger of many runs: what ``make bench-page`` measures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import yaml

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database
from campaign_cdp.sandbox.endpoints import campaign_connection
from campaign_cdp.sandbox.postgres import PostgresServer
from tests.benchmarks.way import REPO
from tests.ops_page.seeding import seed_readings, seed_rejects, seed_runs, seed_windows

_SHARED = {"shared_buffers": "512MB", "max_wal_size": "4GB"}


def set_environment(folder: Path) -> None:
    """Point Airflow at a fresh home. It reads this when it is first imported."""
    os.environ.update(
        AIRFLOW_HOME=str(folder),
        AIRFLOW__CORE__DAGS_FOLDER=str(REPO / "dags"),
        AIRFLOW__CORE__PLUGINS_FOLDER=str(REPO / "plugins"),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS="admin:admin",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{folder}/airflow.db",
        AIRFLOW__API_AUTH__JWT_SECRET="x" * 64,
        AIRFLOW__LOGGING__LOGGING_LEVEL="ERROR",
        AIRFLOW__USAGE_DATA_COLLECTION__ENABLED="False",
        CDP_FEEDS_DIR=str(folder / "feeds"),
    )


def write_feeds(folder: Path, imports: int, exports: int) -> tuple[list[str], list[str]]:
    """Write feed files that do not get in each other's way; returns their names."""
    target = folder / "feeds"
    target.mkdir(parents=True)
    kinds = (("loyalty_gold", "import", imports), ("delivery_events", "export", exports))
    for template, name, how_many in kinds:
        feed = yaml.safe_load((REPO / "include" / "feeds" / f"{template}.yaml").read_text(encoding="utf-8"))
        for number in range(how_many):
            (target / f"{name}_{number}.yaml").write_text(
                yaml.safe_dump(_numbered(feed, name, number)), encoding="utf-8"
            )
    return [f"import_{number}" for number in range(imports)], [f"export_{number}" for number in range(exports)]


@contextmanager
def seeded_ledger(
    folder: Path, feeds: tuple[list[str], list[str]], *, runs: int, windows: int, rejects: int, days: int
) -> Iterator[tuple[str, list[int]]]:
    """Start PostgreSQL with a ledger of so many rows; yields its connection string and the runs that have rejects."""
    with PostgresServer(folder / "postgres", settings=_SHARED) as server:
        create_database(server.dsn(), "ledger")
        dsn = server.dsn("ledger")
        upgrade(dsn)
        with psycopg.connect(dsn, autocommit=True) as conn:
            seed_runs(conn, feeds[0], runs, days=days)
            seed_windows(conn, feeds[1], windows, days=days)
            seed_readings(conn, 24 * 90)
            newest = [
                row[0]
                for row in conn.execute(
                    "SELECT run_id FROM cdp.sync_run ORDER BY opened_at DESC, run_id DESC LIMIT 101"
                )
            ]
            seed_rejects(conn, newest[:1], rejects // 2)
            seed_rejects(conn, newest[1:], rejects // 200)
            conn.execute("VACUUM ANALYZE")
        os.environ["AIRFLOW_CONN_CAMPAIGN_DB"] = campaign_connection(dsn)
        yield dsn, newest


def prepare_airflow(dag_ids: list[str]) -> None:
    """Create Airflow's tables, with the Dags of the feeds in them."""
    from airflow.models import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session

    initdb()
    with create_session() as session:
        session.add(DagBundleModel(name="dags"))
        session.flush()
        session.add_all(DagModel(dag_id=dag_id, bundle_name="dags", is_paused=False) for dag_id in dag_ids)


def _numbered(feed: dict[str, object], name: str, number: int) -> dict[str, object]:
    zone = dict(feed["landing_zone"])  # type: ignore[call-overload]
    zone["prefix"] = f"{name}/{number}/"
    if "staging" in zone:
        zone["staging"] = f"staging/{number}/"
    copy = {**feed, "id": f"{name}_{number}", "landing_zone": zone}
    if "list" in copy:
        copy["list"] = {"name": f"LIST_{number}", "mode": "mirror"}
        copy["historise"] = {"prefix": f"historised/{number}/"}
    return copy
