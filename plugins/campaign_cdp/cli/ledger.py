"""``cdp ledger``: create and upgrade the ledger's tables."""

from __future__ import annotations

import json

import click

from campaign_cdp.cli.database import database_options, open_database
from campaign_cdp.cli.options import json_option
from campaign_cdp.ledger.version import REQUIRED


@click.group()
def ledger() -> None:
    """Create and upgrade the ledger's tables.

    The ledger is the schema cdp of the Campaign database. An Airflow connection is looked up as Airflow does, so the
    environment variable AIRFLOW_CONN_CAMPAIGN_DB is enough. What is in the ledger: cdp runs, cdp windows.

    \b
    Examples:
      cdp ledger current
      cdp ledger upgrade --conn campaign_db
    """


@ledger.command()
@database_options
@json_option
def upgrade(conn_id: str, url: str | None, as_json: bool) -> None:
    """Create or upgrade the ledger's tables. Safe to run again, and from two places at once.

    The database user needs CREATE on the schema cdp, or on the database if that schema does not exist yet.
    """
    from campaign_cdp.ledger import migrate

    with open_database(conn_id, url) as conn:
        before, after = migrate.current(conn), migrate.upgrade(conn)
    if as_json:
        click.echo(json.dumps({"before": before, "after": after}))
    elif before == after:
        click.echo(f"The ledger is at version {after} already")
    else:
        click.echo(f"The ledger is now at version {after} (before: {before or 'none'})")


@ledger.command()
@database_options
@json_option
@click.pass_context
def current(ctx: click.Context, conn_id: str, url: str | None, as_json: bool) -> None:
    """Show the version of the ledger's tables. Exit code 1: not the version this package needs."""
    from campaign_cdp.ledger import migrate

    with open_database(conn_id, url) as conn:
        found = migrate.current(conn)
    if as_json:
        click.echo(json.dumps({"current": found, "required": REQUIRED}))
    else:
        click.echo(f"The ledger is at version {found or 'none'}, this package needs {REQUIRED}")
    ctx.exit(0 if found == REQUIRED else 1)
