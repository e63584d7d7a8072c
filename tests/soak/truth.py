"""Compares what a soak run left in Campaign with what the file sets held."""

from __future__ import annotations

import gzip
import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import Any

import psycopg

from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.sandbox.storages import OutsideStorage
from tests.soak.arrivals import Arrival

_RUNS = "SELECT feed, file_set_id, counts FROM cdp.sync_run WHERE state IN ('applied', 'ended')"
_APPLIED = """
SELECT r.feed, r.file_set_id, pg_xact_commit_timestamp(s.xmin) FROM cdp.sync_run AS r INNER JOIN cdp.sync_step AS s USING (run_id)
WHERE s.step = 'update_data' AND r.state IN ('applied', 'ended')
"""
_PEOPLE = "SELECT count(*), count(DISTINCT lower(saccount)) FROM nmsrecipient WHERE irecipientid <> 0"
_WEIGHT = """
SELECT sum(pg_total_relation_size(t.name::regclass)) / (SELECT count(*) FROM cdp.sync_run)
FROM unnest(ARRAY['cdp.sync_run', 'cdp.sync_file', 'cdp.sync_step', 'cdp.limit_reading']) AS t (name)
"""
_OTHER_STATES = "SELECT state, count(*) FROM cdp.sync_run WHERE state NOT IN ('applied', 'ended', 'open') GROUP BY 1"


def ledger_bytes_per_run(dsn: str) -> float:
    """Return what a run weighs in the ledger, indexes included, without its rejects."""
    with psycopg.connect(dsn) as conn:
        row = conn.execute(_WEIGHT).fetchone()
    return round(float(row[0])) if row and row[0] else 0


def wal_bytes(dsn: str) -> int:
    """Return how much the server has written ahead so far."""
    with psycopg.connect(dsn) as conn:
        row = conn.execute("SELECT pg_current_wal_lsn() - '0/0'").fetchone()
    return int(row[0]) if row else 0


def applied_count(dsn: str) -> int:
    """Return how many file sets are applied and tidied up after."""
    with psycopg.connect(dsn) as conn:
        row = conn.execute("SELECT count(*) FROM cdp.sync_run WHERE state = 'ended'").fetchone()
    return int(row[0]) if row else 0


def differences(
    dsn: str, feeds: Sequence[AudienceFeed], arrivals: Sequence[Arrival], recipients: int
) -> dict[str, list[str]]:
    """Return what is lost, doubled or wrong, in words; three empty lists are what is wanted.

    :param recipients: people whom Campaign knew before.
    """
    by_id = {feed.id: feed for feed in feeds}
    with psycopg.connect(dsn) as conn:
        runs = [(feed, file_set, counts) for feed, file_set, counts in conn.execute(_RUNS)]
        people = conn.execute(_PEOPLE).fetchone() or (0, 0)
        others = [f"{count} runs are {state}" for state, count in conn.execute(_OTHER_STATES)]
    times = Counter((feed, file_set) for feed, file_set, _ in runs)
    found = {(feed, file_set): counts for feed, file_set, counts in runs}
    wrong = others + [
        text
        for arrival in arrivals
        if (counts := found.get((arrival.feed, arrival.file_set)))
        for text in _wrong(arrival, expected(by_id[arrival.feed], arrival.truth), counts)
    ]
    new = sum(expected(by_id[arrival.feed], arrival.truth)["inserted"] for arrival in arrivals)
    if people != (recipients + new, recipients + new):
        wrong.append(f"Campaign has {people[0]:,} recipients and {people[1]:,} accounts, not {recipients + new:,}")
    return {
        "lost": [f"{a.feed} {a.file_set}" for a in arrivals if not times[a.feed, a.file_set]],
        "doubled": [" ".join(key) for key, count in times.items() if count > 1],
        "wrong": wrong,
    }


def expected(feed: AudienceFeed, truth: dict[str, Any]) -> dict[str, int]:
    """Return the counts of a run that loads an export correctly."""
    inserts = feed.profiles.mode == "insert_or_update"
    return {
        "rows": truth["lines"],
        "rejected": sum(truth["rejected"].values()),
        "duplicates": truth["duplicates"],
        "inserted": truth["new"] if inserts else 0,
        "updated": truth["changed"],
        "unchanged": truth["unchanged"],
        "unmatched": 0 if inserts else truth["new"],
    }


def _wrong(arrival: Arrival, wanted: dict[str, int], counts: dict[str, int]) -> list[str]:
    differing = {name: (counts.get(name), value) for name, value in wanted.items() if counts.get(name) != value}
    return [f"{arrival.feed} {arrival.file_set}: {differing} (found, wanted)"] if differing else []


def latencies(dsn: str, arrivals: Sequence[Arrival]) -> dict[str, float]:
    """Seconds from a written manifest to its committed transaction in Campaign."""
    with psycopg.connect(dsn) as conn:
        applied: dict[tuple[str, str], datetime] = {
            (feed, file_set): at for feed, file_set, at in conn.execute(_APPLIED)
        }
    seconds = sorted(
        (applied[a.feed, a.file_set] - a.written_at).total_seconds()
        for a in arrivals
        if (a.feed, a.file_set) in applied
    )
    if not seconds:
        return {}
    return {
        "median_s": round(median(seconds), 1),
        "p95_s": round(seconds[math.ceil(len(seconds) * 0.95) - 1], 1),
        "max_s": round(seconds[-1], 1),
        "min_s": round(seconds[0], 1),
    }


def exported_events(feed: EventFeed, storage: OutsideStorage) -> int:
    """Count the events in all published files of a feed."""
    lines = 0
    for obj in storage.objects(feed.landing_zone.prefix):
        with storage.open(obj.key) as stream, gzip.open(stream) as text:
            lines += sum(1 for _ in text) - 1
    return lines
