"""What an export is held against the contract's limits for, in the transaction that opens its window."""

from __future__ import annotations

from typing import Final

import psycopg

from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.hooks.campaign.events import Partition
from campaign_cdp.hooks.limits.campaign import CampaignReadings
from campaign_cdp.hooks.limits.database import DatabaseUse, key_bytes
from campaign_cdp.hooks.limits.storage import is_limited, read_storage, storage_readings
from campaign_cdp.ledger.store import Ledger, Window
from campaign_cdp.operators.limits import LimitGate

#: Bytes of an event in its file, until the feed has files to go by.
_EVENT_BYTES: Final = {"gzip": 100, "none": 500}


class ExportGate:
    """Refuses a new window that would cross a limit; the error rolls the window back, so there never was one.

    :param conn: transaction that opened the window.
    """

    def __init__(self, conn: psycopg.Connection, feed: EventFeed, window: Window) -> None:
        self._conn, self._feed, self._window = conn, feed, window
        self._gate = LimitGate(feed, window.dag_run_id, preview=window.preview)
        self._campaign = CampaignReadings(conn, self._gate.limits, feed.campaign)
        self._size_before = DatabaseUse(conn).size()

    def check_opening(self) -> None:
        """Check what needs no look at the logs, before they are read.

        Windows are counted under a lock that lasts as long as the transaction: two exports that start at once must not
        both be the last one of the day.

        :raises LimitError: with the numbers.
        """
        ledger, window_id = Ledger(self._conn), self._window.window_id
        ledger.lock_limits()
        expected = max(ledger.rows_per_window(self._feed.id), 1)
        self._gate.judge(
            [self._campaign.database_storage(key_bytes(expected)), self._campaign.exports(window_id=window_id)]
        )

    def check_selected(self, partitions: list[Partition]) -> None:
        """Check what the selected events come to, before any of them is written to a file.

        :raises LimitError: with the numbers.
        """
        rows = sum(part.rows for part in partitions)
        largest = max((part.rows for part in partitions), default=0)
        limits, size = self._gate.limits, DatabaseUse(self._conn).size()
        readings = [
            limits.reading("database_storage", self._feed.campaign, self._size_before, max(size, self._size_before)),
            limits.reading("rows_per_file", self._feed.id, 0, min(self._feed.parts.max_rows, largest)),
            self._campaign.batches(window_id=self._window.window_id, has_events=rows > 0),
        ]
        if is_limited(self._feed.landing_zone):
            use = read_storage(self._feed.landing_zone)
            readings += storage_readings(limits, self._feed.landing_zone, use, self._file_bytes(rows))
        self._gate.judge(readings)

    def _file_bytes(self, rows: int) -> int:
        known = Ledger(self._conn).bytes_per_row(self._feed.id)
        return round(rows * (known or _EVENT_BYTES[self._feed.compression]))
