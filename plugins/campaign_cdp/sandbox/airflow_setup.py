"""Creates Airflow's metadata tables and a pool per connection; one process, because importing Airflow is the cost."""

from __future__ import annotations

from airflow.models.pool import Pool
from airflow.utils.db import initdb

from campaign_cdp.feeds.loader import load_feeds

_SLOTS = 4


def main() -> None:
    initdb()
    remotes = {name for feed in load_feeds()[0] for name in (feed.campaign, feed.landing_zone.connection)}
    for name in sorted(remotes):
        Pool.create_or_update_pool(name, slots=_SLOTS, description=f"Caps the load on {name}", include_deferred=False)


if __name__ == "__main__":
    main()
