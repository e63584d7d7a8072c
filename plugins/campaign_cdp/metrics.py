"""Counters and timings for StatsD or OpenTelemetry, whichever Airflow is set up for.

Names are ``campaign_cdp.<step>.<feed>.<count>``: plain StatsD drops tags, so the feed is part of the name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from airflow.sdk.observability import stats

from campaign_cdp.limits.reading import Reading


def count(step: str, feed: str, counts: Mapping[str, int]) -> None:
    """Add to the counters of one step of one feed; only whole numbers, never values of rows."""
    for name, value in counts.items():
        if isinstance(value, int) and value:
            stats.incr(f"campaign_cdp.{step}.{feed}.{name}", value)


def seconds(step: str, feed: str, duration: float) -> None:
    """Record how long a step took."""
    stats.timing(f"campaign_cdp.{step}.{feed}.duration", duration * 1000)


def limit(reading: Reading) -> None:
    """Record how much of a limit is used, and how many percent of the contract that is."""
    name = f"campaign_cdp.limits.{reading.limit}.{re.sub('[^A-Za-z0-9_-]+', '_', reading.scope)}"
    stats.gauge(f"{name}.used", reading.used)
    if reading.projected_pct is not None:
        stats.gauge(f"{name}.used_pct", reading.projected_pct)
