"""``cdp limits``: what was read of the contract's limits, and what is used now."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

from campaign_cdp.cli.database import database_options, open_database, open_ledger, use_connections
from campaign_cdp.cli.options import json_option
from campaign_cdp.cli.progress import waiting
from campaign_cdp.cli.tables import table
from campaign_cdp.feeds.loader import load_feeds
from campaign_cdp.hooks.limits.campaign import read_campaign
from campaign_cdp.hooks.limits.scopes import campaigns, storages
from campaign_cdp.hooks.limits.storage import read_storage, storage_readings
from campaign_cdp.ledger.store import Ledger, LimitReading
from campaign_cdp.limits.kinds import amount
from campaign_cdp.limits.loader import load_limits
from campaign_cdp.limits.model import Limits
from campaign_cdp.limits.reading import Reading, Verdict


@click.group()
def limits() -> None:
    """Show how much of the Campaign contract is used.

    The limits are declared in include/limits.yaml.

    \b
    Examples:
      cdp limits check
      cdp limits show --json
    """


@limits.command()
@database_options
@json_option
def show(conn_id: str, url: str | None, as_json: bool) -> None:
    """Show the newest reading of each limit; reads nothing anew."""
    with open_ledger(conn_id, url) as book:
        found = book.newest_readings()
    if as_json:
        click.echo(json.dumps({"readings": [reading.to_json() for reading in found]}, indent=2))
    else:
        click.echo(table([_row(reading) for reading in found]) or "No readings yet. Run: cdp limits check")


@limits.command()
@json_option
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Check limits.yaml, and read and record what all feeds use now.

    Exit code 1: something is above its stop_pct, or the file is broken.
    """
    declared = load_limits()
    use_connections()
    with waiting("Reading what is used", hidden=as_json):
        readings = _read(declared)
    if as_json:
        click.echo(json.dumps({"readings": [_json(reading) for reading in readings]}, indent=2))
    else:
        _say(readings)
    ctx.exit(1 if any(reading.verdict is Verdict.STOP for reading in readings) else 0)


def _read(declared: Limits) -> list[Reading]:
    feeds, readings = load_feeds()[0], []
    for name in campaigns(feeds):
        with open_database(name, None) as conn:
            Ledger(conn).check_version()
            readings += read_campaign(conn, declared, name)
    for scope in storages(feeds):
        found = storage_readings(declared, scope.storage, read_storage(scope.storage))
        readings += found
        for name in scope.campaigns:
            with open_database(name, None) as conn:
                Ledger(conn).record_readings(found)
    return readings


def _say(readings: Iterable[Reading]) -> None:
    colours = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.STOP: "red"}
    for reading in readings:
        click.secho(f"{reading.verdict.value:<5} {reading.describe()}", fg=colours[reading.verdict])


def _row(reading: LimitReading) -> dict[str, Any]:
    pct = 100 * reading.projected / reading.contract if reading.contract else None
    return {
        "limit": reading.limit_name,
        "scope": reading.scope,
        "used": amount(reading.limit_name, reading.used),
        "with the run": amount(reading.limit_name, reading.projected) if reading.feed else None,
        "contract": amount(reading.limit_name, reading.contract) if reading.contract else None,
        "%": None if pct is None else f"{pct:.1f}",
        "verdict": reading.verdict,
        "feed": reading.feed,
        "at": f"{reading.at:%Y-%m-%d %H:%M}" if reading.at else None,
    }


def _json(reading: Reading) -> dict[str, Any]:
    body = LimitReading.of(reading, None, None).to_json()
    return {name: value for name, value in body.items() if name not in {"feed", "dag_run_id", "at"}}
