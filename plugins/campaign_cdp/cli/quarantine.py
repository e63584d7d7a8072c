"""``cdp runs release`` and ``cdp runs supersede``: what people do about a quarantined file set."""

from __future__ import annotations

import getpass

import click

from campaign_cdp.cli.database import database_options, open_ledger
from campaign_cdp.cli.options import json_option, write_json
from campaign_cdp.ledger.store import Run


@click.command()
@click.argument("run_id", type=int, metavar="RUN")
@database_options
@json_option
def release(run_id: int, conn_id: str, url: str | None, as_json: bool) -> None:
    """Let the next Dag run take a quarantined file set up again, e.g. after the feed was corrected.

    Exit code 1: the run is not quarantined.
    """
    with open_ledger(conn_id, url) as book:
        run = book.release(run_id, actor=getpass.getuser())
    _say(run, as_json, "its file set waits for the next Dag run")


@click.command()
@click.argument("run_id", type=int, metavar="RUN")
@database_options
@json_option
def supersede(run_id: int, conn_id: str, url: str | None, as_json: bool) -> None:
    """Skip a file set that is not applied for good: a quarantined one, or one that a guard has refused.

    Later ones go on. What it held is never applied; a full export from AEP brings everybody up to date. Exit code 1:
    the run is applied, or another has applied its file set.
    """
    with open_ledger(conn_id, url) as book:
        run = book.mark_superseded(run_id, actor=getpass.getuser())
    _say(run, as_json, "its file set is skipped")


def _say(run: Run, as_json: bool, effect: str) -> None:
    if as_json:
        write_json(run.to_json())
    else:
        click.echo(f"Run {run.run_id} of {run.feed} is {run.state}: {effect}")
