"""Readings of one Campaign: its database, its active profiles, and what it exported today."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

import psycopg

from campaign_cdp.hooks.limits.database import DatabaseUse
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.limits.model import Limits
from campaign_cdp.limits.reading import Reading

log = logging.getLogger(__name__)

#: A schedule of six exports a day has the first of yesterday 24 hours ago, give or take a delay: two hours of it count.
DAY: Final = timedelta(hours=22)
#: How much older than ``refresh_every`` a count may be for a run: the hourly Dag needs time to make the next.
_GRACE: Final = timedelta(hours=1)
KEPT: Final = timedelta(days=400)


class CampaignReadings:
    """Reads inside the caller's transaction.

    :param conn: open connection to the Campaign database.
    :param scope: Airflow connection id of that database, by which readings are told apart.
    """

    def __init__(self, conn: psycopg.Connection, limits: Limits, scope: str) -> None:
        self._limits, self._scope = limits, scope
        self._database, self._ledger = DatabaseUse(conn), Ledger(conn)

    def database_storage(self, added: int = 0) -> Reading:
        used = self._database.size()
        return self._limits.reading("database_storage", self._scope, used, used + added)

    def exports(self, *, window_id: int | None = None) -> Reading:
        """Count the published windows of the day.

        :param window_id: the window that asks: it is projected with those that others have under way.
        """
        day = self._ledger.day_of_exports(DAY, without=window_id or 0)
        added = day.exports_under_way + 1 if window_id else 0
        return self._limits.reading("exports_per_day", self._scope, day.exports, day.exports + added)

    def batches(self, *, window_id: int | None = None, has_events: bool = False) -> Reading:
        """Count the published windows of the day that had events.

        :param window_id: the window that asks, as in :meth:`exports`.
        :param has_events: whether it has any.
        """
        day = self._ledger.day_of_exports(DAY, without=window_id or 0)
        added = day.batches_under_way + 1 if window_id and has_events else 0
        return self._limits.reading("batches_per_day", self._scope, day.batches, day.batches + added)

    def active_profiles(self, run_id: int) -> Reading | None:
        """Read what the plan of a run leads to, by a recent count or else a new one; ``None`` if nothing limits it."""
        if not self._limits.is_set("active_profiles"):
            return None
        recent = self._limits.active_profiles.refresh_every + _GRACE
        newest = self._ledger.newest_reading("active_profiles", self._scope, younger_than=recent)
        used = newest.used if newest else self.count_profiles().used
        return self._limits.reading("active_profiles", self._scope, used, used + self._database.new_profiles(run_id))

    def profiles_if_due(self) -> Reading | None:
        """Count active profiles unless that was done within ``refresh_every``."""
        recent = self._limits.active_profiles.refresh_every
        is_known = self._ledger.newest_reading("active_profiles", self._scope, younger_than=recent)
        return None if is_known else self._limits.reading("active_profiles", self._scope, self._count())

    def count_profiles(self) -> Reading:
        """Count active profiles and write the count down, for whoever asks next."""
        reading = self._limits.reading("active_profiles", self._scope, self._count())
        self._ledger.record_readings([reading])
        return reading

    def _count(self) -> int:
        log.info("Counting the active profiles of %s: this reads a year of delivery logs", self._scope)
        return self._database.active_profiles()


def read_campaign(conn: psycopg.Connection, limits: Limits, scope: str, dag_run_id: str | None = None) -> list[Reading]:
    """Read the limits of a Campaign as they are now and write them down; forgets what is too old.

    Active profiles are left out where a recent count is known.
    """
    campaign, ledger = CampaignReadings(conn, limits, scope), Ledger(conn)
    profiles = campaign.profiles_if_due()
    readings = [campaign.database_storage(), campaign.exports(), campaign.batches()]
    readings += [profiles] if profiles else []
    ledger.record_readings(readings, dag_run_id=dag_run_id)
    ledger.forget_readings(KEPT)
    return readings
