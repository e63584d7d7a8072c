from __future__ import annotations

import json

from click.testing import CliRunner, Result

from campaign_cdp.cli.main import cdp
from campaign_cdp.ledger.version import REQUIRED
from campaign_cdp.sandbox.campaign_database import create_database
from campaign_cdp.sandbox.postgres import PostgresServer


def run(*args: str) -> Result:
    return CliRunner().invoke(cdp, ["ledger", *args])


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
