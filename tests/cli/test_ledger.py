from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from click.testing import CliRunner, Result

from campaign_cdp.cli.main import cdp
from campaign_cdp.file_sets import FileSet, StoredObject
from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.ledger.version import REQUIRED
from campaign_cdp.rows.rejects import Reject, RejectCode
from campaign_cdp.sandbox.campaign_database import create_database
from campaign_cdp.sandbox.postgres import PostgresServer

MODIFIED = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


def run(*args: str) -> Result:
    return CliRunner().invoke(cdp, ["ledger", *args])


@pytest.fixture(scope="module")
def dsn(postgres_server: PostgresServer) -> str:
    """A database whose ledger knows one applied run with 60 rejects."""
    create_database(postgres_server.dsn(), "ledger_of_cli")
    dsn = postgres_server.dsn("ledger_of_cli")
    upgrade(dsn)
    file_set = FileSet("flow-1", MODIFIED, (StoredObject("in/gold.csv", 1234, "e1", MODIFIED),))
    with psycopg.connect(dsn) as conn:
        ledger = Ledger(conn)
        gold = ledger.open_run(feed="gold", dag_run_id="r1", file_set=file_set, config_hash="h", preview=False).run
        ledger.add_rejects(gold.run_id, 1, [Reject(n, RejectCode.BAD_EMAIL, "email", "xxx") for n in range(2001, 2061)])
        ledger.record_part(gold.run_id, 1, rows=940, rejected=60, reject_counts={"bad_email": 60}, sha256="s")
        ledger.record_step(gold.run_id, "deduplication", {"rows": 940, "duplicates": 0})
        ledger.finish(gold.run_id, "applied", {"rows": 1000, "rejected": 60, "inserted": 7, "updated": 3})
    return dsn


@pytest.fixture
def gold_id(dsn: str) -> Iterator[str]:
    with psycopg.connect(dsn) as conn:
        yield str(Ledger(conn).run_of("gold", "r1").run_id)


@pytest.mark.parametrize("command", ["upgrade", "current"])
def test_every_command_has_help(command: str) -> None:
    result = run(command, "--help")

    assert result.exit_code == 0
    assert "--conn" in result.output


def test_upgrade_and_current_tell_the_version(postgres_server: PostgresServer) -> None:
    create_database(postgres_server.dsn(), "ledger_to_upgrade")
    url = ("--url", postgres_server.dsn("ledger_to_upgrade"))

    before = run("current", *url)
    first, second = run("upgrade", *url), run("upgrade", "--json", *url)
    after = run("current", "--json", *url)

    assert (before.exit_code, before.output) == (1, f"The ledger is at version none, this package needs {REQUIRED}\n")
    assert first.output == f"The ledger is now at version {REQUIRED} (before: none)\n"
    assert json.loads(second.output) == {"before": REQUIRED, "after": REQUIRED}
    assert (after.exit_code, json.loads(after.output)) == (0, {"current": REQUIRED, "required": REQUIRED})
