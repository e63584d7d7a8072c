from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow.sdk import BaseNotifier

from campaign_cdp.alerts.alert import placed
from campaign_cdp.alerts.rules import failed, limits_over, of_readings
from campaign_cdp.exceptions import SyncError
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.limits.loader import load_limits
from campaign_cdp.notifiers.desk import AlertDesk
from campaign_cdp.notifiers.places import next_step

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)


def tell_limits(campaign: str, dag_run_id: str, *, dag_id: str, feed: str | None = None) -> None:
    """Tell of the limits that a Dag run read: which are near or passed, and which no longer are.

    :param feed: whose run it is; ``None`` for the Dag that only reads.
    """
    try:
        limits = load_limits()
        if not limits.notify:
            return
        with connect(campaign) as conn:
            readings = [row.reading() for row in Ledger(conn).readings_of(dag_run_id, feed=feed)]
    except Exception as err:
        log.warning("Nobody was told of limits: %s", type(err).__name__)
        return
    desk = AlertDesk(limits.notify, limits.repeat_after, campaign)
    for alert in of_readings(readings):
        desk.tell(placed(alert, path="", dag_id=dag_id, dag_run_id=dag_run_id))
    desk.end(limits_over(readings))


class LimitsReadNotifier(BaseNotifier):
    """Tells ``notify`` of ``limits.yaml`` what a task of the Dag ``contract_limits`` read.

    :param campaign: Airflow connection id of the database with the readings.
    """

    def __init__(self, campaign: str) -> None:
        super().__init__()
        self.campaign = campaign

    def notify(self, context: Context) -> None:
        tell_limits(self.campaign, context["dag_run"].run_id, dag_id=context["dag"].dag_id)


class LimitsFailedNotifier(LimitsReadNotifier):
    """Tells ``notify`` of ``limits.yaml`` that the limits could not be read."""

    def notify(self, context: Context) -> None:
        error = context.get("exception")
        code = error.code if isinstance(error, SyncError) else SyncError.code
        dag_id, task_id = context["dag"].dag_id, context["ti"].task_id
        try:
            limits = load_limits()
        except SyncError as err:
            log.warning("Nobody was told that %s failed: %s", task_id, err.code)
            return
        alert = failed(dag_id, error, next_step(code), task=task_id)
        AlertDesk(limits.notify, limits.repeat_after, self.campaign).tell(
            placed(alert, path="", dag_id=dag_id, dag_run_id=context["dag_run"].run_id)
        )
