from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk import Asset, BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from campaign_cdp.events.layout import feed_mappings
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.ledger.store import ExportFile, Ledger, Window, WindowState
from campaign_cdp.links import ExportWindowLink
from campaign_cdp.operators.retention import Tally, purge
from campaign_cdp.windows import forget_before

if TYPE_CHECKING:
    from airflow.sdk import Context

#: Files to historise that are read at once.
_FILES_AT_ONCE: Final = 200


def exported_asset(feed: EventFeed) -> Asset:
    """The asset that is updated when a window of the feed is published; its events carry the counts."""
    return Asset(name=f"events_{feed.id}", uri=f"campaign-cdp://events/{feed.id}")


class EndExportOperator(BaseOperator):
    """Advance the watermark, forget what no later window can reach, and clean up: staging folder, older files.

    Campaign's *End*. A preview ends as skipped: it exported nothing.

    :param feed: the validated feed.
    """

    ui_color = "#e6f4ea"
    operator_extra_links = (ExportWindowLink(),)
    window_id: int | None = None

    def __init__(self, *, feed: EventFeed, **kwargs: Any) -> None:
        super().__init__(outlets=[exported_asset(feed)], **kwargs)
        self.feed = feed

    def execute(self, context: Context) -> dict[str, int]:
        with connect(self.feed.campaign) as conn:
            window = Ledger(conn).window_of(self.feed.id, context["dag_run"].run_id)
        self.window_id = window.window_id
        if window.preview:
            raise AirflowSkipException("Preview: the counts of incremental_query are the result, nothing was exported.")
        self._clean_staging(window)
        with connect(self.feed.campaign) as conn:
            ledger = Ledger(conn)
            ledger.finish_window(window.window_id, WindowState.DONE)
            ledger.advance_watermarks(window)
            dropped = ledger.drop_old_keys(self.feed.id, self._forgettable(ledger))
            counts = ledger.window(window.window_id).counts
        if dropped:
            self.log.info("Forgot the exported keys of %d earlier windows: no later one reaches back to them", dropped)
        self._keep_history()
        context["outlet_events"][exported_asset(self.feed)].extra = {"window_id": window.window_id, **counts}
        return counts

    def _forgettable(self, ledger: Ledger) -> dict[str, datetime]:
        """Log -> time before which nothing has to be remembered."""
        watermarks, mappings = ledger.watermarks(self.feed.id), {m.log: m for m in feed_mappings(self.feed)}
        rewritten = {log: mapping.changed != mapping.time for log, mapping in mappings.items()}
        return {
            log: forget_before(self.feed, log, watermarks[log].value, rewritten=rewritten[log])
            for log in self.feed.logs
            if log in watermarks
        }

    def _clean_staging(self, window: Window) -> None:
        """What killed attempts left, of this window and of earlier ones: none of those is published any more."""
        staging = self.feed.landing_zone.staging
        with landing_zone_for(self.feed.landing_zone) as zone:
            keys = (obj.key.removeprefix(staging) for page in zone.iter_pages(staging) for obj in page)
            left = {int(folder) for folder in (key.partition("/")[0] for key in keys) if folder.isdecimal()}
            for window_id in {window.window_id} | {each for each in left if each < window.window_id}:
                zone.clear(f"{staging}{window_id}/")

    # -- History ------------------------------------------------------------------------------------------------------

    def _keep_history(self) -> None:
        """Move published files out of AEP's folder once AEP has had time to take them."""
        rule = self.feed.historise
        if rule is None:
            return
        historised = Tally()
        with landing_zone_for(self.feed.landing_zone) as zone:
            while files := self._due(rule.after):
                for window_id, file in files:
                    self._historise(zone, window_id, file, rule.prefix, historised)
            self.log.info("Historised %s, published longer than %s ago", historised, rule.after)
            purge(zone, rule, self.feed.campaign, self._historised_at)

    def _due(self, after: timedelta) -> list[tuple[int, ExportFile]]:
        with connect(self.feed.campaign) as conn:
            return Ledger(conn).published_files(self.feed.id, after, _FILES_AT_ONCE)

    def _historise(self, zone: LandingZone, window_id: int, file: ExportFile, prefix: str, tally: Tally) -> None:
        published = StoredObject(file.key, file.size, file.etag, file.published_at or datetime.now(UTC))
        moved = zone.move(published, prefix + file.key.removeprefix(self.feed.landing_zone.prefix))
        if moved:
            tally.add(moved)
        else:
            self.log.warning("%s/%s is gone or replaced, so it has no place in the history", zone.url, file.key)
        with connect(self.feed.campaign) as conn:
            Ledger(conn).export_historised(window_id, file, moved)

    def _historised_at(self, ledger: Ledger, page: Sequence[StoredObject]) -> dict[str, datetime]:
        return ledger.exports_historised_at(self.feed.id, page)
