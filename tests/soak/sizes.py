"""What an export's memory of sent events weighs and costs; asked of a real database."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg

from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.sandbox.campaign_database import seed
from campaign_cdp.sandbox.deliveries import late, simulate
from tests.benchmarks.cpu import server_seconds
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


@dataclass(frozen=True, slots=True)
class Query:
    """What ``incremental_query`` took.

    :param cpu_s: of PostgreSQL; on a machine that others use too it tells more than the clock.
    """

    seconds: float
    cpu_s: float

    def per_event(self, events: float) -> dict[str, float]:
        micros = round(self.cpu_s / events * 1e6, 2)
        return {"seconds": round(self.seconds, 2), "cpu_s": round(self.cpu_s, 2), "cpu_us_per_event": micros}


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
        **_weighed(stand, feed),
        "bytes_per_tracking_log": round(_number(stand.dsn, _LOG), 1),
        "tracking_rows": tracking_rows,
        "events": int(rows),
        "first_window": first.per_event(rows),
        "overlapped": second.per_event(rows),
    }


def _weighed(stand: Stand, feed: EventFeed) -> dict[str, float]:
    """Bytes of an event in a published file, as it travels and unpacked."""
    packed = unpacked = events = 0
    storage = stand.storage(feed.landing_zone)
    for obj in storage.objects(feed.landing_zone.prefix):
        packed += obj.size
        with storage.open(obj.key) as stream, gzip.open(stream) as lines:
            for line in lines:
                unpacked += len(line)
                events += 1
    found = {"bytes_per_event_gzip": packed, "bytes_per_event_csv": unpacked}
    return {name: round(size / events, 1) for name, size in found.items()}


def _send(dsn: str, tracking_rows: int) -> None:
    deliveries = max(1, tracking_rows // (2 * _RECIPIENTS))
    with psycopg.connect(dsn) as conn:
        seed(conn, recipients=_RECIPIENTS)
        at = datetime.now(UTC).replace(microsecond=0)
        wide = {"at": at, "span": timedelta(hours=12), "tracking": 2.0}
        simulate(conn, deliveries=deliveries, recipients=_RECIPIENTS, **wide)  # type: ignore[arg-type]


def _windows(stand: Stand, feed: EventFeed, told: Callable[[str], None]) -> tuple[Query, Query]:
    """Return what was needed by ``incremental_query`` of a first window and of one after it."""
    from campaign_cdp.operators.incremental_query import IncrementalQueryOperator
    from tests.soak.carrier import Carrier, context_of

    server = stand.postgres.record.process

    def query(number: int) -> Query:
        started, used = time.perf_counter(), server_seconds(server.pid) if server else 0
        IncrementalQueryOperator(task_id="incremental_query", feed=feed).execute(context_of(feed, number))
        seconds = time.perf_counter() - started
        time.sleep(1)  # until the server has waited for the process of this session
        return Query(seconds, server_seconds(server.pid) - used if server else 0)

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
