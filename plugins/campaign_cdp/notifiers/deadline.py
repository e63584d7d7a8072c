"""Tells that a Dag run has not ended, or not even started, by its deadline. Runs in the triggerer."""

from __future__ import annotations

from typing import Any

from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference  # type: ignore[attr-defined]
from asgiref.sync import sync_to_async

from campaign_cdp.alerts.alert import placed
from campaign_cdp.alerts.rules import failed, overdue
from campaign_cdp.exceptions import RunOverdueError
from campaign_cdp.feeds.directions import MODELS, Feed
from campaign_cdp.notifiers.desk import AlertDesk
from campaign_cdp.notifiers.places import next_step


def deadline_of(feed: Feed) -> DeadlineAlert | None:
    """Return what a feed's Dag takes as ``deadline``, ``None`` if the feed sets none."""
    within = feed.alerts.done_within
    if within is None or not feed.alerts.notify:
        return None
    callback = AsyncCallback(tell_overdue, kwargs={"feed": feed.model_dump(mode="json", by_alias=True)})
    return DeadlineAlert(reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=within, callback=callback)


async def tell_overdue(feed: dict[str, Any], context: dict[str, Any]) -> None:
    """Tell a feed's channels that a Dag run is overdue.

    :param feed: the feed as JSON-compatible dict, for the triggerer may have no feeds folder.
    :param context: what Airflow gives: the Dag run as its REST API writes it, and the deadline.
    """
    known = MODELS[feed["direction"]].model_validate(feed)
    # Airflow fetches a connection over a channel that asyncio.to_thread would not reach.
    await sync_to_async(_tell, thread_sensitive=False)(known, context["dag_run"])


def _tell(feed: Feed, dag_run: dict[str, Any]) -> None:
    rule, run_id = feed.alerts, dag_run["dag_run_id"]
    if rule.done_within is None:
        return
    error = overdue(feed.id, run_id, rule.done_within)
    alert = failed(feed.id, error, next_step(RunOverdueError.code), task="the Dag run", feed=feed.id)
    AlertDesk(rule.notify, rule.repeat_after, feed.campaign).tell(
        placed(alert, path=f"/feeds/{feed.id}", dag_id=dag_run["dag_id"], dag_run_id=run_id)
    )
