from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk import Asset, AssetAlias, BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.file_sets.search import find_next_file_set
from campaign_cdp.hooks.campaign import work_tables
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.hooks.landing_zone.base import LandingZone
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.ledger.store import FileState, Ledger, Run
from campaign_cdp.links import FileSetLink, SyncRunLink
from campaign_cdp.operators.retention import Tally, purge
from campaign_cdp.replay import changed_feed_tag, replay_key

if TYPE_CHECKING:
    from airflow.sdk import Context

#: Superseded file sets that are read at once.
_RUNS_AT_ONCE: Final = 20


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
    operator_extra_links = (SyncRunLink(), FileSetLink())
    sync_run_id: int | None = None

    def __init__(self, *, feed: AudienceFeed, **kwargs: Any) -> None:
        super().__init__(outlets=[applied_asset(feed), waiting_alias(feed)], **kwargs)
        self.feed = feed

    def execute(self, context: Context) -> dict[str, int]:
        with connect(self.feed.campaign) as conn:
            run = Ledger(conn).run_of(self.feed.id, context["dag_run"].run_id)
        self.sync_run_id = run.run_id
        if run.preview:
            self._close(run, "previewed")
            self._forget_lines(run)
            raise AirflowSkipException("Preview: the counts of reconciliation are the result, no file was touched.")
        with landing_zone_for(self.feed.landing_zone) as zone:
            if run.replay_of is None:
                self._keep_history(zone, run)
            else:  # rejected lines hold personal data, and the originals have them
                zone.delete(run.file_set.parts[0])
            self._close(run, "ended")
            context["outlet_events"][applied_asset(self.feed)].extra = {"run_id": run.run_id, **run.counts}
            self._announce_waiting(context, zone)
        return run.counts

    def _close(self, run: Run, state: str) -> None:
        with connect(self.feed.campaign) as conn:
            work_tables.drop(conn, run.run_id)
            Ledger(conn).finish(run.run_id, state)

    def _forget_lines(self, run: Run) -> None:
        """Rejected lines hold personal data, and they can be read from the originals again; a correction cannot."""
        if run.replay_of is None:
            return
        (part,) = run.file_set.parts
        if part.key == replay_key(self.feed, run.replay_of, changed_feed_tag(self.feed)):
            with landing_zone_for(self.feed.landing_zone) as zone:
                zone.delete(part)

    def _keep_history(self, zone: LandingZone, run: Run) -> None:
        """Move what is applied, and what never will be, out of the feed's folder; what is quarantined stays."""
        if self.feed.historise is None:
            return
        applied, superseded = Tally(), Tally()
        self._move_files(zone, run, self.feed.historise.prefix, applied)
        while waiting := self._superseded():
            for other in waiting:
                self._move_files(zone, other, self.feed.historise.prefix, superseded)
        self.log.info("Historised %s; of superseded file sets %s", applied, superseded)
        purge(zone, self.feed.historise, self.feed.campaign, self._historised_at)

    def _superseded(self) -> list[Run]:
        with connect(self.feed.campaign) as conn:
            return Ledger(conn).superseded_runs(self.feed.id, _RUNS_AT_ONCE)

    def _move_files(self, zone: LandingZone, run: Run, prefix: str, tally: Tally) -> None:
        """Move exactly the versions of the run; a newer one under the same name stays for the next run."""
        with connect(self.feed.campaign) as conn:
            done = {file.part_no for file in Ledger(conn).files(run.run_id) if file.state == FileState.HISTORISED}
        for file_no, obj in run.files():
            if file_no in done:
                continue
            path = obj.key.removeprefix(self.feed.landing_zone.prefix)
            moved = self._move(zone, obj, f"{prefix}run_{run.run_id}/{path}")
            if moved:
                tally.add(moved)
            else:
                self.log.warning("%s was replaced or removed meanwhile; a new version stays for the next run", obj.key)
            with connect(self.feed.campaign) as conn:
                Ledger(conn).historised(run.run_id, file_no, moved)

    def _move(self, zone: LandingZone, obj: StoredObject, key: str) -> StoredObject | None:
        # The same bytes written again may look the same to the storage, yet be part of a file set that waits.
        found = zone.stat(obj.key)
        return None if found and found.modified != obj.modified else zone.move(obj, key)

    def _historised_at(self, ledger: Ledger, page: Sequence[StoredObject]) -> dict[str, datetime]:
        return ledger.imports_historised_at(self.feed.id, page)

    def _announce_waiting(self, context: Context, zone: LandingZone) -> None:
        """An export that arrived meanwhile must not wait for the next tick of the schedule."""
        with connect(self.feed.campaign) as conn:
            finding = find_next_file_set(zone, self.feed, Ledger(conn), datetime.now(UTC))
        if finding.file_set:
            self.log.info("File set %s is complete already: starting the next run", finding.file_set.id)
            context["outlet_events"][waiting_alias(self.feed)].add(waiting_asset(self.feed))
