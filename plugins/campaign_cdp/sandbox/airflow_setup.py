"""Creates Airflow's metadata tables and a pool per connection; one process, because importing Airflow is the cost."""

from __future__ import annotations

from airflow.utils.db import initdb

from campaign_cdp.cli.pools import create_missing_pools


def main() -> None:
    initdb()
    create_missing_pools()


if __name__ == "__main__":
    main()
