"""``cdp sandbox``: real servers on this machine, a Campaign database in them, and a stand-in for AEP."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import psycopg
from rich.console import Console

from campaign_cdp.feeds.loader import audience_feed
from campaign_cdp.sandbox.airflow import USERS, AirflowServer
from campaign_cdp.sandbox.campaign_database import recipient_count
from campaign_cdp.sandbox.campaign_database import seed as seed_recipients
from campaign_cdp.sandbox.endpoints import Endpoints
from campaign_cdp.sandbox.event_commands import deliver, ingest
from campaign_cdp.sandbox.feed_exports import audience_for, destination_for
from campaign_cdp.sandbox.hosts import ZONES, Zone
from campaign_cdp.sandbox.pgp import key_pair_in
from campaign_cdp.sandbox.platform import WrittenExport
from campaign_cdp.sandbox.platform import export as write_export
from campaign_cdp.sandbox.serving import serve
from campaign_cdp.sandbox.stack import Sandbox, ServerStatus
from campaign_cdp.sandbox.zone_feeds import use_feeds_on

_JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON for other programs.")
_SEED = click.option("--seed", type=int, default=1, show_default=True, help="Another seed gives people other names.")


@click.group()
def sandbox() -> None:
    """Run real servers on this machine: PostgreSQL with a Campaign database, and S3, Azure Blob or SFTP.

    Everything is in build/sandbox and listens on 127.0.0.1 only; the environment variable CDP_SANDBOX_DIR names another
    folder.
    """


sandbox.add_command(deliver)
sandbox.add_command(ingest)
sandbox.add_command(serve)


@sandbox.command()
@click.option("--airflow", "with_airflow", is_flag=True, help="Also Airflow with its UI.")
@click.option("--workers", type=click.IntRange(1), help="Airflow on so many Celery workers, as on several machines.")
@click.option("--zone", type=click.Choice(ZONES), default="s3", show_default=True, help="Where files are exchanged.")
@_JSON
def up(with_airflow: bool, workers: int | None, zone: Zone, as_json: bool) -> None:
    """Start what does not run yet."""
    box = Sandbox()
    endpoints = box.up(_progress, zone=zone)
    use_feeds_on(zone, box.folder)
    server = _start_airflow(box, endpoints, workers) if with_airflow or workers else None
    _show(box.status(), as_json)
    if server and not as_json:
        click.echo(f"\nAirflow's UI: {server.url}")
        for user in USERS:
            click.echo(f"  {user:7} {server.password(user)}")


@sandbox.command()
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("build/demo-report.json"),
    show_default=True,
    help="Where the results are written for other programs.",
)
@click.option("--zone", type=click.Choice(ZONES), default="s3", show_default=True, help="Where files are exchanged.")
def demo(report: Path, zone: Zone) -> None:
    """Import two audiences and export their events, from nothing, and compare every count with what was sent."""
    from campaign_cdp.sandbox.demo import Demo

    Demo(Sandbox(), report, Console(highlight=False), zone).run()


@sandbox.command()
@click.option("--purge", is_flag=True, help="Also remove all data and the generated passwords.")
@_JSON
def down(purge: bool, as_json: bool) -> None:
    """Stop everything; the data stays."""
    stopped = Sandbox().down(purge=purge, progress=_progress)
    if as_json:
        click.echo(json.dumps({"stopped": stopped, "purged": purge}))
    else:
        click.echo(f"Stopped: {', '.join(stopped) or 'nothing, nothing ran'}")


@sandbox.command()
@_JSON
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Show what runs. Exit code 0: all servers run. 1: some do not."""
    servers = Sandbox().status()
    _show(servers, as_json)
    ctx.exit(0 if servers and all(server.running for server in servers) else 1)


@sandbox.command()
@click.option("--raw", is_flag=True, help="Lines NAME=value without quotes, as a container's env_file takes them.")
def env(raw: bool) -> None:
    """Print Airflow's connections for the shell; they hold passwords."""
    for name, value in Sandbox().endpoints().connections().items():
        click.echo(f"{name}={value}" if raw else f"export {name}={shlex.quote(value)}")


@sandbox.command()
@click.option("--recipients", type=click.IntRange(min=1), required=True, help="How many there shall be.")
@_SEED
def seed(recipients: int, seed: int) -> None:
    """Add sample recipients to the Campaign database until there are as many as wanted."""
    with psycopg.connect(Sandbox().endpoints().campaign_dsn) as conn:
        seed_recipients(conn, recipients=recipients, seed=seed)
        click.echo(f"{recipient_count(conn):,} recipients")


@sandbox.command()
@click.argument("feed_id")
@click.option("--lines", type=click.IntRange(min=0), default=1000, show_default=True, help="Lines, without headers.")
@click.option("--max-rows", type=click.IntRange(min=1), default=5_000_000, show_default=True, help="Lines per part.")
@click.option("--first", type=click.IntRange(min=1), default=1, show_default=True, help="Number of the first person.")
@click.option("--compression", type=click.Choice(["gzip", "none"]), default="gzip", show_default=True)
@click.option("--manifest", type=click.Choice(["after", "before", "none"]), default="after", show_default=True)
@click.option("--pgp", is_flag=True, help="Encrypt for the sandbox's key, which Airflow gets as connection pgp.")
@_SEED
@_JSON
def export(
    feed_id: str,
    lines: int,
    max_rows: int,
    first: int,
    compression: Any,
    manifest: Any,
    pgp: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Write an export for a feed into its landing zone, as AEP would: with bad lines, duplicates and leavers."""
    feed = audience_feed(feed_id)
    box = Sandbox()
    with psycopg.connect(box.endpoints().campaign_dsn) as conn:
        audience = audience_for(feed, lines=lines, known=recipient_count(conn), first=first, seed=seed)
    keys = key_pair_in(box.pgp_folder) if pgp else None
    destination = destination_for(feed, max_rows=max_rows, compression=compression, manifest=manifest, pgp=keys)
    storage = box.storage(feed.landing_zone)
    written = write_export(audience, destination, storage.put, scheduled_at=datetime.now(UTC))
    _show_export(storage.url, written, as_json)


def _start_airflow(box: Sandbox, endpoints: Endpoints, workers: int | None) -> AirflowServer:
    from campaign_cdp.ledger.migrate import upgrade
    from campaign_cdp.sandbox.airflow_stack import start_airflow, start_cluster

    upgrade(endpoints.campaign_dsn)
    if workers:
        return start_cluster(box, endpoints, workers, _progress)
    return start_airflow(box, endpoints, _progress)


def _progress(words: str) -> None:
    click.secho(words, dim=True, err=True)


def _show(servers: Sequence[ServerStatus], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"servers": [server.to_json() for server in servers]}, indent=2))
        return
    if not servers:
        click.echo("Nothing was started yet. Run: cdp sandbox up")
    for server in servers:
        ports = ", ".join(f"{name} {port}" for name, port in server.ports.items())
        state = f"runs, pid {server.pid}" if server.running else "stopped"
        click.echo(f"{server.name:21} {state:18} 127.0.0.1: {ports}")


def _show_export(url: str, written: WrittenExport, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"storage": url, **written.to_json()}, indent=2))
        return
    for part in written.parts:
        click.echo(f"{url}/{part.key}  {part.rows:,} lines, {part.size:,} bytes")
    if written.manifest_key:
        click.echo(f"{url}/{written.manifest_key}")
    for what, count in written.truth.items():
        click.echo(f"  {what:12} {count}")
