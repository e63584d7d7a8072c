"""What an import is held against the contract's limits for: before it loads, and before it applies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import psycopg

from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.hooks.limits.campaign import CampaignReadings
from campaign_cdp.hooks.limits.database import DatabaseUse, work_table_bytes
from campaign_cdp.hooks.limits.storage import is_limited, read_storage, storage_readings
from campaign_cdp.ledger.store import Ledger, Run
from campaign_cdp.limits.reading import Reading
from campaign_cdp.operators.limits import LimitGate

#: A line of the file of rejects.
_REJECT_BYTES: Final = 80


def check_before_loading(conn: psycopg.Connection, feed: AudienceFeed, run: Run) -> None:
    """Refuse a run whose work tables would take the database beyond its limit.

    :param conn: transaction that opened the run; rolled back by the error, the file set waits untouched.
    :raises LimitError: with the numbers.
    """
    gate = LimitGate(feed, run.dag_run_id, preview=run.preview)
    campaign = CampaignReadings(conn, gate.limits, feed.campaign)
    gate.judge([campaign.database_storage(work_table_bytes(run.file_set.parts))])


def check_plan(feed: AudienceFeed, run: Run, counts: dict[str, int]) -> None:
    """Refuse a plan that would cross a limit, before anything of it is written.

    :param counts: of the plan.
    :raises LimitError: with the numbers.
    """
    gate = LimitGate(feed, run.dag_run_id, preview=run.preview)
    with connect(feed.campaign) as conn:
        readings = [*_of_campaign(conn, gate, feed, run, counts), _rows_per_file(conn, gate, feed, run)]
    if counts["rejected"] and is_limited(feed.landing_zone):
        use = read_storage(feed.landing_zone)
        readings += storage_readings(gate.limits, feed.landing_zone, use, counts["rejected"] * _REJECT_BYTES)
    gate.judge(readings)


def _of_campaign(
    conn: psycopg.Connection, gate: LimitGate, feed: AudienceFeed, run: Run, counts: dict[str, int]
) -> Iterator[Reading]:
    campaign = CampaignReadings(conn, gate.limits, feed.campaign)
    recipients = counts["inserted"] + counts["updated"]
    yield campaign.database_storage(DatabaseUse(conn).growth(recipients, counts["list_added"]))
    profiles = campaign.active_profiles(run.run_id) if feed.list else None
    if profiles:
        yield profiles


def _rows_per_file(conn: psycopg.Connection, gate: LimitGate, feed: AudienceFeed, run: Run) -> Reading:
    lines = ((file.rows or 0) + (file.rejected or 0) for file in Ledger(conn).files(run.run_id))
    return gate.limits.reading("rows_per_file", feed.id, 0, max(lines, default=0))
