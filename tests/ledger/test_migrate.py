from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from campaign_cdp.exceptions import AccessDeniedError, LedgerVersionError
from campaign_cdp.ledger import migrate
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.ledger.version import REQUIRED
from campaign_cdp.sandbox.postgres import PostgresServer

IMPORTS = {"reject", "replay_line", "sync_file", "sync_run", "sync_step"}
EXPORTS = {"export_file", "export_log", "export_step", "export_window", "exported_key", "watermark"}
TABLES = {"alembic_version", "alert", "alert_channel", "audit", "limit_reading"} | IMPORTS | EXPORTS


def tables(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as conn:
        return {name for (name,) in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'cdp'")}


def test_upgrade_builds_the_ledger_from_nothing_and_again_changes_nothing(empty_dsn: str) -> None:
    assert migrate.current(empty_dsn) is None

    assert migrate.upgrade(empty_dsn) == REQUIRED
    assert migrate.upgrade(empty_dsn) == REQUIRED

    assert migrate.current(empty_dsn) == REQUIRED
    assert tables(empty_dsn) == TABLES


def test_code_requires_the_newest_migration() -> None:
    assert migrate.head() == REQUIRED


def test_tasks_import_neither_alembic_nor_sqlalchemy() -> None:
    sources = Path(migrate.__file__).parent.glob("*.py")

    assert [path.name for path in sources if "sqlalchemy" in path.read_text()] == ["migrate.py"]


def test_upgrades_at_the_same_time_both_succeed(empty_dsn: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(migrate.upgrade, [empty_dsn] * 4)) == [REQUIRED] * 4

    assert tables(empty_dsn) == TABLES


def test_upgrade_leaves_the_callers_connection_usable(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn) as conn:
        migrate.upgrade(conn)

        Ledger(conn).check_version()


def test_upgrade_refuses_to_commit_somebody_elses_transaction(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn) as conn:
        conn.execute("SELECT 1")

        with pytest.raises(ValueError, match="transaction open"):
            migrate.upgrade(conn)


def test_owner_of_the_schema_needs_no_right_on_the_database(empty_dsn: str, postgres_server: PostgresServer) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as admin:
        role = f"sync_{admin.info.dbname}"
        admin.execute(f"CREATE ROLE {role}")
        admin.execute(f"CREATE SCHEMA cdp AUTHORIZATION {role}")
        admin.execute(f"SET ROLE {role}")

        assert migrate.upgrade(admin) == REQUIRED


def test_missing_right_is_told_with_the_remedy_and_leaves_nothing(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as admin:
        role = f"nobody_{admin.info.dbname}"
        admin.execute(f"CREATE ROLE {role}")
        admin.execute(f"SET ROLE {role}")

        with pytest.raises(AccessDeniedError, match=r"ACR-120 .*CREATE SCHEMA cdp AUTHORIZATION"):
            migrate.upgrade(admin)

    assert tables(empty_dsn) == set()


def test_missing_ledger_is_told_with_the_command_to_run(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn) as conn, pytest.raises(LedgerVersionError) as caught:
        Ledger(conn).check_version()

    assert str(caught.value).startswith("ACR-110 The ledger in database empty_")
    assert f"is at version none, this package needs {REQUIRED}" in str(caught.value)
    assert str(caught.value).endswith("Run: cdp ledger upgrade --conn campaign_db")


@pytest.mark.parametrize(("version", "remedy"), [("0000", "cdp ledger upgrade"), ("9999", "Install the newer")])
def test_other_version_is_refused(conn: psycopg.Connection, ledger: Ledger, version: str, remedy: str) -> None:
    ledger.check_version()
    conn.execute("UPDATE cdp.alembic_version SET version_num = %s", (version,))

    with pytest.raises(LedgerVersionError, match=f"at version {version}.*{remedy}"):
        ledger.check_version()
