from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, AssetAlias, BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.file_sets.search import find_next_file_set
from campaign_cdp.hooks.campaign import work_tables
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.ledger.store import Ledger, Run

if TYPE_CHECKING:
    from airflow.sdk import Context


def applied_asset(feed: AudienceFeed) -> Asset:
    """The asset that is updated when a file set of the feed is applied; its events carry the counts."""
    return Asset(name=f"audience_{feed.id}", uri=f"campaign-cdp://audience/{feed.id}")


def waiting_alias(feed: AudienceFeed) -> AssetAlias:
    """Gets an event when the next file set waits already; the feed's own Dag is scheduled on it."""
    return AssetAlias(f"audience_{feed.id}_waiting")


def waiting_asset(feed: AudienceFeed) -> Asset:
    return Asset(name=f"audience_{feed.id}_waiting", uri=f"campaign-cdp://audience/{feed.id}/waiting")


class EndImportOperator(BaseOperator):
    """Historise the files, drop the work tables, tell the world, and start the next run if a file set waits.

    Campaign's *End*. Each file is moved and recorded on its own, so a killed task goes on where it stopped. A preview
    run ends as skipped: it has no result that others could build on.

    :param feed: the validated feed.
    """

    ui_color = "#e8f0fe"

    def __init__(self, *, feed: AudienceFeed, **kwargs: Any) -> None:
        super().__init__(outlets=[applied_asset(feed), waiting_alias(feed)], **kwargs)
        self.feed = feed

    def execute(self, context: Context) -> dict[str, int]:
        with connect(self.feed.campaign) as conn:
            run = Ledger(conn).run_of(self.feed.id, context["dag_run"].run_id)
        if run.preview:
            self._close(run, "previewed")
            raise AirflowSkipException("Preview: the counts of reconciliation are the result, no file was touched.")
        with landing_zone_for(self.feed.landing_zone) as zone:
            self._historise(zone, run)
            self._purge(zone)
            self._close(run, "ended")
            context["outlet_events"][applied_asset(self.feed)].extra = {"run_id": run.run_id, **run.counts}
            self._announce_waiting(context, zone)
        return run.counts

    def _close(self, run: Run, state: str) -> None:
        with connect(self.feed.campaign) as conn:
            work_tables.drop(conn, run.run_id)
            Ledger(conn).finish(run.run_id, state)

    def _historise(self, zone: LandingZone, run: Run) -> None:
        """Move exactly the versions that were applied; a newer one under the same name stays for the next run."""
        if self.feed.historise is None:
            return
        for file_no, obj in run.files():
            path = obj.key.removeprefix(self.feed.landing_zone.prefix)
            key = f"{self.feed.historise.prefix}{run.file_set.fingerprint[:12]}/{path}"
            if zone.move(obj, key) is None:
                self.log.warning("%s was replaced meanwhile and stays; it is a new version", obj.key)
                continue
            with connect(self.feed.campaign) as conn:
                Ledger(conn).historised(run.run_id, file_no, key)

    def _purge(self, zone: LandingZone) -> None:
        if self.feed.historise is None:
            return
        oldest = datetime.now(UTC) - timedelta(days=self.feed.historise.days)
        expired = [obj for page in zone.iter_pages(self.feed.historise.prefix) for obj in page if obj.modified < oldest]
        for obj in expired:
            zone.delete(obj)
        if expired:
            self.log.info("Deleted %d historised files older than %d days", len(expired), self.feed.historise.days)

    def _announce_waiting(self, context: Context, zone: LandingZone) -> None:
        """An export that arrived meanwhile must not wait for the next tick of the schedule."""
        with connect(self.feed.campaign) as conn:
            finding = find_next_file_set(zone, self.feed, Ledger(conn), datetime.now(UTC))
        if finding.file_set:
            self.log.info("File set %s is complete already: starting the next run", finding.file_set.id)
            context["outlet_events"][waiting_alias(self.feed)].add(waiting_asset(self.feed))
