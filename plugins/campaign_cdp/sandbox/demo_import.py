"""The first half of the demonstration: AEP exports two audiences, and Airflow carries them into Campaign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.feeds.loader import audience_feed
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.ledger.store import Ledger, Run
from campaign_cdp.sandbox.campaign_database import add_list, seed
from campaign_cdp.sandbox.endpoints import Endpoints
from campaign_cdp.sandbox.feed_exports import audience_for, destination_for
from campaign_cdp.sandbox.platform import WrittenExport, export
from campaign_cdp.sandbox.stack import Sandbox

RECIPIENTS = 60_000


@dataclass(frozen=True)
class DemoExport:
    """What AEP exports for a feed.

    :param first: number of the first person; the two audiences do not overlap, so each result stands for itself.
    :param known: people beyond this number are new to Campaign.
    """

    lines: int
    max_rows: int
    first: int
    known: int


EXPORTS = {
    "loyalty_gold": DemoExport(lines=50_000, max_rows=30_000, first=1, known=RECIPIENTS),
    "cart_abandoners": DemoExport(lines=10_000, max_rows=30_000, first=50_001, known=RECIPIENTS + 20_000),
}
#: Members of the lists before the run; those outside the exports are the leavers.
MEMBERS = {"LOYALTY_GOLD": (30_001, 48_000), "CART_ABANDONERS": (50_001, 60_000)}


@dataclass(frozen=True)
class FeedResult:
    """One line of the report."""

    feed: str
    parts: int
    rows: int
    rejected: dict[str, int]
    inserted: int
    updated: int
    unchanged: int
    unmatched: int
    list_added: int
    list_removed: int
    seconds: float


def fill(endpoints: Endpoints) -> None:
    """Put recipients and lists into Campaign."""
    with psycopg.connect(endpoints.campaign_dsn) as conn:
        seed(conn, recipients=RECIPIENTS)
        for name, (first, last) in MEMBERS.items():
            add_list(conn, name, first=first, last=last)


def write(box: Sandbox, feed_id: str) -> WrittenExport:
    """Let AEP export an audience."""
    feed, wanted = audience_feed(feed_id), EXPORTS[feed_id]
    return export(
        audience_for(feed, lines=wanted.lines, known=wanted.known, first=wanted.first),
        destination_for(feed, max_rows=wanted.max_rows),
        box.storage(feed.landing_zone).put,
        scheduled_at=datetime.now(UTC),
    )


def results(endpoints: Endpoints) -> list[FeedResult]:
    """Return what the ledger has about the runs, oldest first."""
    with psycopg.connect(endpoints.campaign_dsn) as conn:
        ledger = Ledger(conn)
        return [_result(run, ledger) for run in reversed(ledger.runs())]


def compare(found: list[FeedResult], exports: dict[str, WrittenExport]) -> None:
    """Refuse a result that is not what the exports hold.

    :raises SandboxError: with both counts.
    """
    for result in found:
        expected = _expected(audience_feed(result.feed), exports[result.feed].truth)
        actual = {name: getattr(result, name) for name in expected}
        if actual != expected:
            raise SandboxError(f"{result.feed}: the export holds {expected}, but the import counted {actual}.")


def _result(run: Run, ledger: Ledger) -> FeedResult:
    files = [file for file in ledger.files(run.run_id) if file.part_no]
    rejected: dict[str, int] = {}
    for file in files:
        for code, count in file.reject_counts.items():
            rejected[code] = rejected.get(code, 0) + count
    names = ("rows", "inserted", "updated", "unchanged", "unmatched", "list_added", "list_removed")
    seconds = (run.updated_at - run.opened_at).total_seconds()
    counts = {name: run.counts[name] for name in names}
    return FeedResult(run.feed, len(files), rejected=rejected, seconds=round(seconds, 1), **counts)


def _expected(feed: AudienceFeed, truth: dict[str, Any]) -> dict[str, Any]:
    inserts = feed.profiles.mode == "insert_or_update"
    return {
        "rows": truth["lines"],
        "rejected": truth["rejected"],
        "inserted": truth["new"] if inserts else 0,
        "updated": truth["changed"],
        "unchanged": truth["unchanged"],
        "unmatched": 0 if inserts else truth["new"],
    }
