"""Where runs are held against the contract's limits: each check is recorded, also that of a refused run."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from campaign_cdp.feeds.directions import Feed
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.limits.loader import load_limits
from campaign_cdp.limits.reading import Reading, Verdict, check

log = logging.getLogger(__name__)


class LimitGate:
    """Lets a run pass, or not. Made anew in each task: a limit raised meanwhile counts.

    :param preview: the run writes nothing, so it is warned only.
    :raises FeedConfigError: if ``limits.yaml`` is broken.
    """

    def __init__(self, feed: Feed, dag_run_id: str, *, preview: bool) -> None:
        self.limits = load_limits()
        self._feed, self._dag_run_id, self._preview = feed, dag_run_id, preview

    def judge(self, readings: Iterable[Reading]) -> None:
        """Write the readings down, in a transaction of their own, and say what is near or above its limit.

        :raises LimitError: if the run would cross a limit.
        """
        readings = list(readings)
        with connect(self._feed.campaign) as conn:
            Ledger(conn).record_readings(readings, feed=self._feed.id, dag_run_id=self._dag_run_id)
        report(readings)
        if not self._preview:
            check(readings, subject=self._feed.id)


def report(readings: Iterable[Reading]) -> None:
    """Log what was read; what is above its limits as a warning."""
    for reading in readings:
        is_fine = reading.verdict is Verdict.OK
        log.log(logging.INFO if is_fine else logging.WARNING, "%s", reading.describe())
