"""``cdp pools``: one pool of Airflow's for each connection that feeds name."""

from __future__ import annotations

import click

from campaign_cdp.cli.database import use_connections
from campaign_cdp.cli.options import json_option, write_json
from campaign_cdp.feeds.loader import load_feeds

#: Of a new pool: one file set at full speed, and still kind to the other side.
SLOTS = 4


@click.group()
def pools() -> None:
    """Create Airflow's pools that cap what runs against each Campaign database and each landing zone.

    \b
    Examples:
      cdp pools create
      cdp pools create --slots 8
    """


@pools.command()
@click.option("--slots", type=click.IntRange(1), default=SLOTS, show_default=True, help="Of each new pool.")
@json_option
def create(slots: int, as_json: bool) -> None:
    """Create a pool for each connection that feeds name, where it is missing. A pool that exists keeps its slots.

    Needs Airflow's metadata database: run it where `airflow dags list` works. Tasks of a pool that is missing wait for
    ever, so run it again when a feed with a new connection is added.
    """
    use_connections()
    created = create_missing_pools(slots)
    if as_json:
        write_json({"created": created})
    else:
        click.echo(f"Created: {', '.join(created) or 'nothing, every connection has its pool'}")


def create_missing_pools(slots: int = SLOTS) -> list[str]:
    """Create the pools that are missing, and return their names."""
    from airflow.models.pool import Pool

    remotes = {name for feed in load_feeds()[0] for name in (feed.campaign, feed.landing_zone.connection)}
    missing = sorted(remotes - {str(pool.pool) for pool in Pool.get_pools()})
    for name in missing:
        Pool.create_or_update_pool(name, slots=slots, description=f"Caps the load on {name}", include_deferred=False)
    return missing
