"""The logs that the export benchmark exports: equal numbers of events, equal rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import psycopg

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database, create_tables, seed
from campaign_cdp.sandbox.deliveries import simulate
from tests.benchmarks.database import Databases

#: Nothing in the logs is younger.
AT: Final = datetime(2026, 1, 8, tzinfo=UTC)
#: Tables that are read, to have them in memory.
TABLES: Final = (
    *("nmsbroadlogrcp", "nmstrackinglogrcp", "nmsrecipient"),
    *("nmsdelivery", "nmsbroadlogmsg", "nmstrackingurl"),
)
_DELIVERIES: Final = 2000
_PER_DELIVERY: Final = 100


@dataclass(frozen=True, slots=True)
class EventLogs:
    """Two delivery logs per tracking log and recipient.

    :param events: rows of both logs together.
    """

    events: int

    @property
    def recipients(self) -> int:
        return self.events // 3

    @property
    def deliveries(self) -> int:
        return max(1, min(_DELIVERIES, self.events // _PER_DELIVERY))

    @property
    def recipients_each(self) -> int:
        """Recipients of one delivery."""
        return round(self.events * 2 / 3 / self.deliveries)

    def create(self, databases: Databases, name: str) -> int:
        """Create a Campaign database with these logs and an empty ledger; returns the number of events in the logs."""
        create_database(databases.server.dsn(), name)
        with psycopg.connect(databases.server.dsn(name)) as conn:
            create_tables(conn)
            seed(conn, recipients=self.recipients)
            found = simulate(conn, deliveries=self.deliveries, recipients=self.recipients_each, at=AT)
            conn.execute("CREATE EXTENSION pg_prewarm")
        upgrade(databases.server.dsn(name))
        databases.settle(name)
        return sum(count for (log, _), count in found.items() if log in {"delivery", "tracking"})
