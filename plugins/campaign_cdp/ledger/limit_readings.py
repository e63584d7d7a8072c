"""Readings of the contract's limits: written whenever one is checked, read for the trend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from campaign_cdp.ledger.session import LedgerSession

_INSERT = """
INSERT INTO cdp.limit_reading (
    limit_name, scope, feed, dag_run_id, used, projected, contract, warn_pct, stop_pct, free, verdict
) VALUES (
    %(limit_name)s, %(scope)s, %(feed)s, %(dag_run_id)s, %(used)s, %(projected)s, %(contract)s, %(warn_pct)s,
    %(stop_pct)s, %(free)s, %(verdict)s
)
"""
_SELECT = """
SELECT limit_name, scope, used, projected, contract, warn_pct, stop_pct, verdict, free, feed, dag_run_id, at
FROM cdp.limit_reading
"""
_NEWEST = """
WHERE reading_id IN (
    SELECT DISTINCT ON (limit_name, scope) reading_id FROM cdp.limit_reading
    ORDER BY limit_name, scope, at DESC, reading_id DESC
)
ORDER BY limit_name, scope
"""


@dataclass(frozen=True, slots=True)
class LimitReading:
    """One row of the trend.

    :param scope: what was read: a database or a landing zone.
    :param used: bytes, profiles, exports, rows or seconds, as the limit counts.
    :param projected: the same once the run is done; equal to ``used`` where no run asked.
    :param contract: ``None``: the limit is only recorded.
    :param free: bytes that the storage still takes, if it says.
    :param at: ``None`` until it is written.
    """

    limit_name: str
    scope: str
    used: int
    projected: int
    contract: int | None
    warn_pct: float | None
    stop_pct: float | None
    verdict: str
    free: int | None = None
    feed: str | None = None
    dag_run_id: str | None = None
    at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat() if self.at else None}


class LimitReadings(LedgerSession):
    def record_readings(self, readings: Iterable[LimitReading]) -> None:
        """Write down what was read."""
        for reading in readings:
            self._execute(_INSERT, asdict(reading))

    def newest_reading(self, limit_name: str, scope: str, *, younger_than: timedelta) -> LimitReading | None:
        """Return the last reading of a limit, if it is young enough to go by."""
        where = "WHERE limit_name = %s AND scope = %s AND at > now() - %s ORDER BY at DESC, reading_id DESC LIMIT 1"
        row = self._row(_SELECT + where, (limit_name, scope, younger_than))
        return LimitReading(**row) if row else None

    def readings(self, *, since: datetime | None = None, limit_name: str | None = None) -> list[LimitReading]:
        """Return readings in the order they were made.

        :param since: aware; without it all that are kept.
        """
        where = (
            "WHERE (%(since)s::timestamptz IS NULL OR at >= %(since)s) "
            "AND (%(name)s::text IS NULL OR limit_name = %(name)s) ORDER BY at, reading_id"
        )
        return [LimitReading(**row) for row in self._rows(_SELECT + where, {"since": since, "name": limit_name})]

    def newest_readings(self) -> list[LimitReading]:
        """Return the last reading of each limit and scope."""
        return [LimitReading(**row) for row in self._rows(_SELECT + _NEWEST)]

    def forget_readings(self, older_than: timedelta) -> int:
        """Delete old readings; returns how many."""
        return self._execute("DELETE FROM cdp.limit_reading WHERE at < now() - %s", (older_than,))
