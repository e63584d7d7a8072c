"""Which alerts are open, and when each channel was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from campaign_cdp.ledger.session import LedgerSession

_RAISE: Final = """
INSERT INTO cdp.alert AS a (dedup_key, feed, kind, subject, aspect, code)
VALUES (%(dedup_key)s, %(feed)s, %(kind)s, %(subject)s, %(aspect)s, %(code)s)
ON CONFLICT (dedup_key) DO UPDATE SET
    first_at = CASE WHEN a.resolved_at IS NULL THEN a.first_at ELSE now() END,
    count = CASE WHEN a.resolved_at IS NULL THEN a.count + 1 ELSE 1 END,
    last_at = now(),
    code = excluded.code,
    resolved_at = NULL
RETURNING a.dedup_key, a.feed, a.kind, a.subject, a.aspect, a.code, a.first_at, a.count
"""
_UNTOLD: Final = """
SELECT a.dedup_key, a.feed, a.kind, a.subject, a.aspect, a.code, a.first_at, a.count
FROM cdp.alert AS a
WHERE a.feed IS NOT DISTINCT FROM %(feed)s AND a.resolved_at IS NOT NULL AND EXISTS (
    SELECT FROM cdp.alert_channel AS c WHERE c.dedup_key = a.dedup_key AND c.last_sent_at IS NOT NULL
)
ORDER BY a.dedup_key
"""
_IS_DUE: Final = """
SELECT last_sent_at IS NULL OR last_sent_at < clock_timestamp() - %s AS is_due FROM cdp.alert_channel
WHERE dedup_key = %s AND channel = %s FOR UPDATE
"""
_IS_OVER: Final = """
SELECT 1 FROM cdp.alert_channel AS c INNER JOIN cdp.alert AS a USING (dedup_key)
WHERE c.dedup_key = %s AND c.channel = %s AND c.last_sent_at IS NOT NULL AND a.resolved_at IS NOT NULL
FOR UPDATE OF c
"""


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert as the ledger knows it.

    :param feed: ``None`` for a limit of the contract.
    :param count: how often it happened since ``first_at``.
    """

    dedup_key: str
    feed: str | None
    kind: str
    subject: str
    aspect: str
    code: str
    first_at: datetime
    count: int


class Alerting(LedgerSession):
    """Channels are told one by one: each in a transaction that holds its row while the message is on its way.

    A channel may thus be told twice, if the worker dies between sending and committing; it is never left untold by a
    crash, for the next occurrence finds it unclaimed.
    """

    def raise_alert(
        self, dedup_key: str, *, feed: str | None, kind: str, subject: str, aspect: str, code: str
    ) -> AlertRecord:
        """Write down that an alert happened; one that was over begins anew."""
        values = {"feed": feed, "kind": kind, "subject": subject, "aspect": aspect, "code": code}
        return AlertRecord(**self._rows(_RAISE, {"dedup_key": dedup_key, **values})[0])

    def claim_alert(self, dedup_key: str, channel: str, repeat_after: timedelta) -> bool:
        """Tell whether the channel is to be told now. Until the transaction ends nobody else can claim it."""
        self._execute(
            "INSERT INTO cdp.alert_channel (dedup_key, channel) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (dedup_key, channel),
        )
        row = self._row(_IS_DUE, (repeat_after, dedup_key, channel))
        return bool(row and row["is_due"])

    def alert_sent(self, dedup_key: str, channel: str) -> None:
        """Write down that the channel was told."""
        self._execute(
            "UPDATE cdp.alert_channel SET last_sent_at = clock_timestamp() WHERE dedup_key = %s AND channel = %s",
            (dedup_key, channel),
        )
        self._execute("UPDATE cdp.alert SET last_sent_at = clock_timestamp() WHERE dedup_key = %s", (dedup_key,))

    def resolve_feed_alerts(self, feed: str, kinds: Sequence[str], *, still: Sequence[str]) -> int:
        """Write down that a feed's alerts are over, but for the keys in ``still``; returns how many were open."""
        return self._execute(
            "UPDATE cdp.alert SET resolved_at = now() "
            "WHERE feed = %s AND kind = ANY(%s) AND resolved_at IS NULL AND dedup_key <> ALL(%s)",
            (feed, list(kinds), list(still)),
        )

    def resolve_alerts(self, dedup_keys: Sequence[str]) -> int:
        """Write down that alerts are over; returns how many were open."""
        return self._execute(
            "UPDATE cdp.alert SET resolved_at = now() WHERE dedup_key = ANY(%s) AND resolved_at IS NULL",
            (list(dedup_keys),),
        )

    def untold_alerts(self, feed: str | None) -> list[AlertRecord]:
        """Return what is over, with channels that were told that it began and not that it ended."""
        return [AlertRecord(**row) for row in self._rows(_UNTOLD, {"feed": feed})]

    def claim_end(self, dedup_key: str, channel: str) -> bool:
        """Tell whether the channel is to be told that an alert is over; held as by :meth:`claim_alert`."""
        return self._row(_IS_OVER, (dedup_key, channel)) is not None

    def end_sent(self, dedup_key: str, channel: str) -> None:
        """Write down that the channel was told; if the alert comes back, it is told at once."""
        self._execute("DELETE FROM cdp.alert_channel WHERE dedup_key = %s AND channel = %s", (dedup_key, channel))
