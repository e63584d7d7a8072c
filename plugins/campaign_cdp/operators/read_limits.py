"""Operators of the hourly Dag that keeps the trend."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, BaseOperator

from campaign_cdp import metrics
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.hooks.limits.campaign import read_campaign
from campaign_cdp.hooks.limits.scopes import StorageScope
from campaign_cdp.hooks.limits.storage import read_storage, storage_readings
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.limits.loader import load_limits
from campaign_cdp.limits.model import Limits
from campaign_cdp.limits.reading import Reading
from campaign_cdp.operators.limits import report

if TYPE_CHECKING:
    from airflow.sdk import Context


def limits_asset() -> Asset:
    """The asset that is updated with each reading; its events carry the verdicts."""
    return Asset(name="campaign_limits", uri="campaign-cdp://limits")


class ReadLimitsOperator(BaseOperator):
    """Read limits as they are now, record them, and warn.

    A limit that is passed does not fail the task: the trend has to go on, and it is runs that are refused. Returns the
    verdicts by limit and scope.
    """

    ui_color = "#fef7e0"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(outlets=[limits_asset()], **kwargs)

    def execute(self, context: Context) -> dict[str, str]:
        readings = self.read(load_limits(), context["dag_run"].run_id)
        report(readings)
        for reading in readings:
            metrics.limit(reading)
        verdicts = {f"{reading.limit} {reading.scope}": reading.verdict.value for reading in readings}
        context["outlet_events"][limits_asset()].extra = dict(verdicts)
        return verdicts

    @abstractmethod
    def read(self, limits: Limits, dag_run_id: str) -> list[Reading]:
        """Read, and write down what was read."""


class ReadCampaignLimitsOperator(ReadLimitsOperator):
    """Read what the ledger and Campaign's database say.

    :param campaign: Airflow connection id of the database.
    """

    def __init__(self, *, campaign: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.campaign = campaign

    def read(self, limits: Limits, dag_run_id: str) -> list[Reading]:
        with connect(self.campaign) as conn:
            Ledger(conn).check_version()
            return read_campaign(conn, limits, self.campaign, dag_run_id)


class ReadStorageLimitsOperator(ReadLimitsOperator):
    """Add up what lies in a landing zone.

    :param scope: the landing zone, with the Campaigns that use it.
    """

    def __init__(self, *, scope: StorageScope, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scope = scope

    def read(self, limits: Limits, dag_run_id: str) -> list[Reading]:
        use = read_storage(self.scope.storage)
        self.log.info("%s: %s files", self.scope.name, f"{use.files:,}")
        readings = storage_readings(limits, self.scope.storage, use)
        for campaign in self.scope.campaigns:
            with connect(campaign) as conn:
                Ledger(conn).record_readings(readings, dag_run_id=dag_run_id)
        return readings
