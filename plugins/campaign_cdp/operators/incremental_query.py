from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from campaign_cdp import metrics
from campaign_cdp.events.layout import feed_mappings
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.loader import config_hash
from campaign_cdp.hooks.campaign.events import EventDatabase
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.ledger.store import Ledger, Window, WindowState
from campaign_cdp.links import ExportWindowLink
from campaign_cdp.operators.export_limits import ExportGate
from campaign_cdp.windows import Span, plan_bounds

if TYPE_CHECKING:
    import psycopg
    from airflow.sdk import Context


class IncrementalQueryOperator(BaseOperator):
    """Fix which events the run exports, in the ledger, so that every retry works on the same ones.

    Campaign's *Incremental query*. Bounds, events and their states are frozen in one transaction. Returns the
    partitions for the mapped extraction; a preview returns none, its counts are the result.

    :param feed: the validated feed.
    :raises WindowGapError: if Campaign has purged rows that were never exported.
    :raises WindowUnfinishedError: if another Dag run has published files and is not finished.
    :raises LimitError: if the export would cross a limit of the contract; then there is no window.
    """

    ui_color = "#e6f4ea"
    operator_extra_links = (ExportWindowLink(),)
    window_id: int | None = None

    def __init__(self, *, feed: EventFeed, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.feed = feed

    def execute(self, context: Context) -> list[dict[str, Any]]:
        params = context["params"]
        with connect(self.feed.campaign) as conn:
            ledger = Ledger(conn)
            ledger.check_version()
            database = EventDatabase(conn, self.feed, feed_mappings(self.feed))
            window = self._open(conn, context["dag_run"].run_id, params)
            nothing_to_do = window.preview or window.state is WindowState.DONE
            partitions = [] if nothing_to_do else database.partitions(window.window_id, self.feed.parts.partitions)
        self.window_id = window.window_id
        self._report(window)
        return [asdict(partition) for partition in partitions]

    def _open(self, conn: psycopg.Connection, dag_run_id: str, params: Any) -> Window:
        ledger = Ledger(conn)
        database = EventDatabase(conn, self.feed, feed_mappings(self.feed))
        backfill = _span(params)
        ledger.lock_feed(self.feed.id)  # the end of an earlier run must not forget keys between here and the selection
        bounds = plan_bounds(
            self.feed,
            ledger.watermarks(self.feed.id),
            database.upper_bound(self.feed.window.settle),
            backfill,
            accept_gap=bool(params["accept_gap"]),
        )
        opened = ledger.open_window(
            feed=self.feed.id,
            dag_run_id=dag_run_id,
            bounds=bounds,
            config_hash=config_hash(self.feed),
            preview=bool(params["preview"]),
            backfill=backfill is not None,
        )
        window = opened.window
        if opened.is_new:
            gate = ExportGate(conn, self.feed, window)
            gate.check_opening()
            ledger.record_selected(window.window_id, database.select(window.window_id, window.bounds))
            gate.check_selected(database.partitions(window.window_id, self.feed.parts.partitions))
            if window.preview:
                ledger.finish_window(window.window_id, "previewed")
        return ledger.window(window.window_id)

    def _report(self, window: Window) -> None:
        for bound in window.bounds:
            lower = f"{bound.lower:%Y-%m-%d %H:%M:%S}" if bound.lower else "the beginning"
            self.log.info("%s log from %s to %s UTC", bound.log, lower, f"{bound.upper:%Y-%m-%d %H:%M:%S}")
        for state, count in window.counts.items():
            self.log.info("  %s: %s events", state, f"{count:,}")
        metrics.count("incremental_query", self.feed.id, {"events": sum(window.counts.values())})


def _span(params: Any) -> Span | None:
    """Both ends of a backfill, from the Dag's parameters."""
    first, last = params["backfill_from"], params["backfill_to"]
    return (datetime.fromisoformat(first), datetime.fromisoformat(last)) if first and last else None
