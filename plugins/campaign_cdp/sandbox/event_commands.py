"""``cdp sandbox deliver`` and ``ingest``: the two ends of an event export."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import click
import psycopg

from campaign_cdp.feeds.loader import event_feed
from campaign_cdp.sandbox.deliveries import Events, flip, late, simulate
from campaign_cdp.sandbox.feed_sources import dataflow_for
from campaign_cdp.sandbox.pgp import key_pair_in
from campaign_cdp.sandbox.sources import DataflowRun
from campaign_cdp.sandbox.stack import Sandbox

_JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON for other programs.")
_COUNT = click.IntRange(min=0)


@click.command()
@click.option("--deliveries", type=_COUNT, default=4, show_default=True, help="How many to send.")
@click.option("--recipients", type=click.IntRange(min=1), default=1000, show_default=True, help="Of each of them.")
@click.option(
    "--hours", type=click.IntRange(min=1), default=1, show_default=True, help="All of it happened since then."
)
@click.option("--bounces", type=_COUNT, default=0, help="Sent messages of earlier deliveries that bounce now.")
@click.option("--late", "late_rows", type=_COUNT, default=0, help="Tracking logs that arrive late.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed gives other outcomes.")
@_JSON
def deliver(
    deliveries: int, recipients: int, hours: int, bounces: int, late_rows: int, seed: int, as_json: bool
) -> None:
    """Send deliveries from the Campaign database, and let people open, click, bounce and leave."""
    at = datetime.now(UTC).replace(microsecond=0)
    found = Events()
    with psycopg.connect(Sandbox().endpoints().campaign_dsn) as conn:
        if bounces:
            found += flip(conn, rows=bounces, at=at, seed=seed)
        if deliveries:
            span = timedelta(hours=hours)
            found += simulate(conn, deliveries=deliveries, recipients=recipients, at=at, span=span, seed=seed)
        if late_rows:
            found += late(conn, rows=late_rows, at=at, seed=seed)
    counts = [{"log": log, "state": state, "events": count} for (log, state), count in sorted(found.items())]
    if as_json:
        click.echo(json.dumps({"events": counts}, indent=2))
        return
    for line in counts:
        click.echo(f"  {line['log']:12} {line['state']:20} {line['events']:>9,}")


@click.command()
@click.argument("feed_id")
@_JSON
@click.pass_context
def ingest(ctx: click.Context, feed_id: str, as_json: bool) -> None:
    """Take new event files as AEP Sources would. Exit code 0: every event was accepted. 1: some were not."""
    box = Sandbox()
    box.endpoints()  # says what to do if the servers are down
    feed = event_feed(feed_id)
    # Beside the files, because what was taken is forgotten together with them.
    memory = box.folder / feed.landing_zone.type / "sources"
    keys = key_pair_in(box.pgp_folder) if feed.pgp else None
    dataflow = dataflow_for(feed, box.storage(feed.landing_zone), memory, pgp=keys)
    time.sleep(1 - time.time() % 1)  # a run leaves files of the second that is not over yet
    run = dataflow.run(datetime.now(UTC))
    _show(run, as_json)
    ctx.exit(1 if run.rejected or run.reasons else 0)


def _show(run: DataflowRun, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(run.to_json(), indent=2))
        return
    click.echo(
        f"{run.status}: {run.accepted:,} events accepted, {run.rejected:,} rows rejected, {len(run.files)} files"
    )
    for kind, count in sorted(run.events.items()):
        click.echo(f"  {kind:40} {count:>9,}")
    for reason, count in sorted(run.reasons.items()):
        click.echo(f"  {reason:40} {count:>9,}  {run.samples[reason]}")
