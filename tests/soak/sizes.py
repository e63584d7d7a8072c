"""What an export's memory of sent events weighs and costs; asked of a real database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg

from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.sandbox.campaign_database import seed
from campaign_cdp.sandbox.deliveries import late, simulate
from tests.soak.environment import environment
from tests.soak.feeds import Numbers, write_feeds
from tests.soak.stand import Stand

_RECIPIENTS: Final = 20_000
_KEYS: Final = """
SELECT sum(pg_total_relation_size(i.inhrelid)) / (SELECT count(*) FROM cdp.exported_key)
FROM pg_inherits AS i WHERE i.inhparent = 'cdp.exported_key'::regclass
"""

_LOG: Final = """
SELECT pg_total_relation_size('nmstrackinglogrcp')::numeric / (SELECT count(*) FROM nmstrackinglogrcp)
"""


def measured(stand: Stand, tracking_rows: int, told: Callable[[str], None]) -> dict[str, Any]:
    """Export a tracking log whole, and then once more for a thousand late rows of it.

    ``overlapped`` is what a window pays for rows that earlier windows sent already.
    """
    (feed,) = [feed for feed in write_feeds(stand.feeds, Numbers(0, 1)) if isinstance(feed, EventFeed)]
    stand.storage(feed.landing_zone)
    _send(stand.dsn, tracking_rows)
    told("logs written")
    with environment(stand.variables()):
        first, second = _windows(stand, feed, told)
    rows = _number(stand.dsn, "SELECT count(*) FROM cdp.exported_key")
    return {
        "bytes_per_exported_key": round(_number(stand.dsn, _KEYS), 1),
        "bytes_per_tracking_log": round(_number(stand.dsn, _LOG), 1),
        "tracking_rows": tracking_rows,
        "events": int(rows),
        "first_window": {"query_s": round(first, 2), "us_per_event": round(first / rows * 1e6, 2)},
        "overlapped": {"query_s": round(second, 2), "us_per_event": round(second / rows * 1e6, 2)},
    }


def _send(dsn: str, tracking_rows: int) -> None:
    deliveries = max(1, tracking_rows // (2 * _RECIPIENTS))
    with psycopg.connect(dsn) as conn:
        seed(conn, recipients=_RECIPIENTS)
        at = datetime.now(UTC).replace(microsecond=0)
        wide = {"at": at, "span": timedelta(hours=12), "tracking": 2.0}
        simulate(conn, deliveries=deliveries, recipients=_RECIPIENTS, **wide)  # type: ignore[arg-type]


def _windows(stand: Stand, feed: EventFeed, told: Callable[[str], None]) -> tuple[float, float]:
    """Seconds of ``incremental_query`` of a first window and of one after it."""
    from campaign_cdp.operators.incremental_query import IncrementalQueryOperator
    from tests.soak.carrier import Carrier, context_of

    def query(number: int) -> float:
        started = time.perf_counter()
        IncrementalQueryOperator(task_id="incremental_query", feed=feed).execute(context_of(feed, number))
        return time.perf_counter() - started

    first = query(1)
    told("first window taken")
    asyncio.run(Carrier(1).run_export(feed, context_of(feed, 1)))
    with psycopg.connect(stand.dsn) as conn:
        conn.execute("ANALYZE nmstrackinglogrcp")
        late(conn, rows=1000, at=datetime.now(UTC).replace(microsecond=0), max_age=timedelta(hours=6), seed=9)
    second = query(2)
    told("second window taken")
    return first, second


def _number(dsn: str, query: str) -> float:
    with psycopg.connect(dsn) as conn:
        row = conn.execute(query).fetchone()  # type: ignore[call-overload]
    return float(row[0]) if row and row[0] is not None else 0.0
