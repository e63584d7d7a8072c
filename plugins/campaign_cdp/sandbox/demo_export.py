"""The second half of the demonstration: Campaign sends, its events leave as files, and AEP takes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.feeds.loader import event_feed
from campaign_cdp.ledger.store import Ledger, Window
from campaign_cdp.sandbox.deliveries import Events, simulate
from campaign_cdp.sandbox.endpoints import Endpoints
from campaign_cdp.sandbox.feed_sources import dataflow_for
from campaign_cdp.sandbox.sources import DataflowRun
from campaign_cdp.sandbox.stack import Sandbox

FEEDS = ("delivery_events", "delivery_events_json")
_DELIVERIES, _RECIPIENTS = 4, 10_000


@dataclass(frozen=True)
class ExportResult:
    """What one event feed exported."""

    feed: str
    window: dict[str, Any]
    events: dict[str, int]
    files: list[dict[str, Any]]
    seconds: float


def send(box: Sandbox, endpoints: Endpoints) -> Events:
    """Let Campaign send deliveries; returns how many events there are, by log and state."""
    for feed_id in FEEDS:
        box.storage(event_feed(feed_id).landing_zone)  # AEP's user needs it to exist before it can watch it
    with psycopg.connect(endpoints.campaign_dsn) as conn:
        at = datetime.now(UTC) - timedelta(hours=1)
        return simulate(conn, deliveries=_DELIVERIES, recipients=_RECIPIENTS, at=at)


def results(endpoints: Endpoints) -> list[ExportResult]:
    """Return what the ledger has about the exports, in the order of :data:`FEEDS`."""
    with psycopg.connect(endpoints.campaign_dsn) as conn:
        ledger = Ledger(conn)
        return [_result(ledger, ledger.windows(feed_id, limit=1)[0]) for feed_id in FEEDS]


def ingest(box: Sandbox) -> dict[str, DataflowRun]:
    """Let AEP take the files. Its clock is a little ahead: it leaves files of the current second for the next run."""
    soon, feeds = datetime.now(UTC) + timedelta(seconds=2), [event_feed(feed_id) for feed_id in FEEDS]
    return {feed.id: dataflow_for(feed, box.storage(feed.landing_zone)).run(soon) for feed in feeds}


def compare(exported: list[ExportResult], taken: dict[str, DataflowRun], sent: Events) -> None:
    """Refuse a result in which an event is missing, doubled, or not accepted.

    :raises SandboxError: with both counts.
    """
    for result in exported:
        logs = event_feed(result.feed).logs
        expected = {f"{log}/{state}": count for (log, state), count in sent.items() if log in logs and count}
        actual = {name: count for name, count in result.events.items() if count}
        if actual != expected:
            raise SandboxError(f"{result.feed}: Campaign has {expected}, but {actual} was exported.")
        run = taken[result.feed]
        if run.rejected or run.accepted != sum(actual.values()):
            counts = f"accepted {run.accepted:,} and rejected {run.rejected:,}"
            raise SandboxError(f"{result.feed}: AEP {counts} of {sum(actual.values()):,} events: {run.samples}")


def report(exported: list[ExportResult], taken: dict[str, DataflowRun]) -> dict[str, Any]:
    """Return the two sections of the report for programs."""
    reasons: dict[str, int] = {}
    for run in taken.values():
        for reason, count in run.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + count
    return {
        "export": [
            {"feed": r.feed, "window": r.window, "events": dict(taken[r.feed].events), "files": r.files}
            for r in exported
        ],
        "platform": {
            "accepted": sum(run.accepted for run in taken.values()),
            "rejected": sum(run.rejected for run in taken.values()),
            "reasons": reasons,
        },
    }


def _result(ledger: Ledger, window: Window) -> ExportResult:
    files = [{"key": f.key, "bytes": f.size, "rows": f.rows} for f in ledger.window_files(window.window_id)]
    events = {name: count for name, count in window.counts.items() if "/" in name}
    bounds: dict[str, Any] = {
        bound.log: [bound.lower and bound.lower.isoformat(), bound.upper.isoformat()] for bound in window.bounds
    }
    seconds = (window.updated_at - window.opened_at).total_seconds()
    return ExportResult(window.feed, bounds, events, files, round(seconds, 1))
