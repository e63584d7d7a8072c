"""Shows broken feed files as an import error in Airflow's UI; it holds no Dag of its own.

The other Dag files skip a broken feed, so it costs only its own Dag. Without this file nobody would notice.
Airflow parses a file only if it holds the words airflow and dag, which this sentence sees to.
"""

from __future__ import annotations

from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.feeds.loader import load_feeds

_feeds, _errors = load_feeds()
if _errors:
    raise FeedConfigError(
        f"{len(_errors)} feed files are broken, {len(_feeds)} are good and run on.\n"
        + "\n".join(error.message for error in _errors)
    )
