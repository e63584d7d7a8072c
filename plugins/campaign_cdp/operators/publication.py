from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from campaign_cdp.events.layout import feed_mappings
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.campaign.events import EventDatabase
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.ledger.store import ExportFile, Ledger, Window, WindowState
from campaign_cdp.links import ExportWindowLink
from campaign_cdp.operators.data_extraction import extraction_step

if TYPE_CHECKING:
    from airflow.sdk import Context


class PublishFilesOperator(BaseOperator):
    """Give staged files their final names, each atomically, so that AEP never sees half a file or one twice.

    Campaign's *File transfer (upload)*. What is published is written down file by file; doing it again goes on with
    the rest.

    :param feed: the validated feed.
    :raises FileReplacedError: if a staged file is not what was written, or a final name is taken by other content.
    """

    ui_color = "#e6f4ea"
    operator_extra_links = (ExportWindowLink(),)
    window_id: int | None = None

    def __init__(self, *, feed: EventFeed, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.feed = feed

    def execute(self, context: Context) -> dict[str, int]:
        window = self._start(context["dag_run"].run_id)
        with connect(self.feed.campaign) as conn:
            files = Ledger(conn).window_files(window.window_id)
        with landing_zone_for(self.feed.landing_zone) as zone:
            for file in files:
                if not file.is_published:
                    self._publish(zone, window, file)
        counts = {"files": len(files), "rows": sum(file.rows for file in files)}
        if window.state is not WindowState.DONE:
            with connect(self.feed.campaign) as conn:
                Ledger(conn).finish_window(window.window_id, WindowState.PUBLISHED, counts)
        return counts

    def _publish(self, zone: LandingZone, window: Window, file: ExportFile) -> None:
        published = zone.publish(_staged(file), file.key)
        with connect(self.feed.campaign) as conn:
            Ledger(conn).mark_published(window.window_id, file.partition_no, file.file_no, published)
        self.log.info("Published %s/%s: %s rows", zone.url, file.key, f"{file.rows:,}")

    def _start(self, dag_run_id: str) -> Window:
        """From here on AEP may see files, so no other Dag run may take this window's events any more."""
        with connect(self.feed.campaign) as conn:
            ledger = Ledger(conn)
            self.window_id = ledger.window_of(self.feed.id, dag_run_id).window_id
            # A worker that was thought dead may be here too; the second to come finds what the first wrote.
            ledger.lock_window(self.window_id, "file_transfer")
            window = ledger.guard_window(self.window_id)
            if window.preview:
                raise AirflowSkipException("Preview: nothing was extracted, so there is nothing to publish.")
            if window.is_unseen:
                self._require_all_extracted(EventDatabase(conn, self.feed, feed_mappings(self.feed)), ledger, window)
                ledger.finish_window(window.window_id, WindowState.STAGED)
                ledger.start_publishing(window.window_id)
        return window

    def _require_all_extracted(self, database: EventDatabase, ledger: Ledger, window: Window) -> None:
        """A task that was marked as success by hand must not make its events disappear."""
        for part in database.partitions(window.window_id, self.feed.parts.partitions):
            ledger.required_window_step(window.window_id, extraction_step(part))
        selected = sum(ledger.selected(window.window_id).values())
        staged = sum(file.rows for file in ledger.window_files(window.window_id))
        if staged < selected:
            self.log.warning(
                "%s events are not exported: Campaign purged their rows meanwhile", f"{selected - staged:,}"
            )


def _staged(file: ExportFile) -> StoredObject:
    return StoredObject(file.staged_key, file.size, file.etag, datetime.now(UTC))
