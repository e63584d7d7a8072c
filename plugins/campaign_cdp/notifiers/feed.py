"""Callbacks of the tasks of a feed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow.sdk import BaseNotifier

from campaign_cdp.alerts.alert import Alert, placed
from campaign_cdp.alerts.rules import failed, nothing_arrived, of_counts
from campaign_cdp.exceptions import SyncError
from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.notifiers.desk import AlertDesk
from campaign_cdp.notifiers.limits import tell_limits
from campaign_cdp.notifiers.places import next_step

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)


class FeedNotifier(BaseNotifier):
    """Tells the channels of a feed. Airflow renders no part of it: messages hold names that came with files.

    :param feed: the validated feed.
    """

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self.feed = feed

    @property
    def desk(self) -> AlertDesk:
        rule = self.feed.alerts
        return AlertDesk(rule.notify, rule.repeat_after, self.feed.campaign)

    def place(self, alert: Alert, context: Context) -> Alert:
        """Say where the alert can be looked at: its run or window, or else its feed."""
        task = context["task"]
        run_id, window_id = getattr(task, "sync_run_id", None), getattr(task, "window_id", None)
        path = f"/runs/{run_id}" if run_id else f"/windows/{window_id}" if window_id else f"/feeds/{self.feed.id}"
        return placed(alert, path=path, dag_id=context["dag"].dag_id, dag_run_id=context["dag_run"].run_id)

    def tell_limits(self, context: Context) -> None:
        run_id = context["dag_run"].run_id
        tell_limits(self.feed.campaign, run_id, dag_id=context["dag"].dag_id, feed=self.feed.id)


class TaskFailedNotifier(FeedNotifier):
    """For ``on_failure_callback``: a task failed for good."""

    def notify(self, context: Context) -> None:
        error = context.get("exception")
        code = error.code if isinstance(error, SyncError) else SyncError.code
        alert = failed(self.feed.id, error, next_step(code), task=context["ti"].task_id, feed=self.feed.id)
        self.desk.tell(self.place(alert, context))
        self.tell_limits(context)


class NothingArrivedNotifier(FeedNotifier):
    """For ``on_skipped_callback`` of ``file_transfer``: no file came, and the feed says that this is no failure."""

    def notify(self, context: Context) -> None:
        if isinstance(self.feed, AudienceFeed):
            self.desk.tell(self.place(nothing_arrived(self.feed), context))


class RunEndedNotifier(FeedNotifier):
    """For ``on_success_callback`` of ``end``: tells what was unusual about the run, and which alerts are over."""

    def notify(self, context: Context) -> None:
        # A replay of rejected lines is no news of the feed: its few lines say nothing, and no file set came with it.
        if self.feed.alerts.notify and (context.get("params") or {}).get("replay_of") is None:
            self._tell_end(context)
        self.tell_limits(context)

    def _tell_end(self, context: Context) -> None:
        found = [self.place(alert, context) for alert in of_counts(self.feed, self._counts(context))]
        for alert in found:
            self.desk.tell(alert)
        place = self.place(failed(self.feed.id, None, "", task="end", feed=self.feed.id), context)
        self.desk.end_feed(self.feed.id, still=found, place=place)

    def _counts(self, context: Context) -> dict[str, int]:
        if not isinstance(self.feed, AudienceFeed):
            return {}
        try:
            with connect(self.feed.campaign) as conn:
                ledger = Ledger(conn)
                run = ledger.run_of(self.feed.id, context["dag_run"].run_id)
                return ledger.required_step(run.run_id, "reconciliation")
        except Exception as err:
            log.warning("The counts of the run cannot be read: %s", type(err).__name__)
            return {}
