"""Tells channels what happened, each of them once, and never makes a run fail."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from campaign_cdp.alerts.alert import OF_A_RUN, Alert, Kind, Occurrence, placed, resolved_alert
from campaign_cdp.exceptions import AlertNotSentError, SyncError
from campaign_cdp.feeds.alerts import AnyChannel
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.ledger.alerts import AlertRecord
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.notifiers.channels import send
from campaign_cdp.notifiers.places import links_of

log = logging.getLogger(__name__)
#: Seconds; a database that is away must not hold up the message that says so.
_TIMEOUT: Final = 10


class AlertDesk:
    """Where alerts of one feed, or of the contract's limits, are handed in.

    At least once: a channel is claimed in the ledger while its message is on its way, and written off after it. A
    worker that dies in between has told it, perhaps, and the next occurrence tells it again. Without the ledger every
    occurrence is told.

    :param campaign: Airflow connection id of the database with the ledger.
    :param repeat_after: an alert that goes on is told again after this.
    """

    def __init__(self, channels: Sequence[AnyChannel], repeat_after: timedelta, campaign: str) -> None:
        self._channels, self._repeat_after, self._campaign = channels, repeat_after, campaign

    def tell(self, alert: Alert) -> None:
        """Tell every channel that wants it and was not told lately."""
        channels = [channel for channel in self._channels if channel.wants(alert.kind)]
        if not channels:
            return
        try:
            record = self._record(alert)
        except Exception as err:
            log.warning("The ledger cannot say who was told of %s already: %s", alert.dedup_key, _name(err))
            for channel in channels:
                _attempt(channel, alert.dedup_key, lambda c: send(c, Occurrence(alert, _now()), links_of(alert)))
            return
        seen = Occurrence(alert, _now(), record.first_at, record.count)
        for channel in channels:
            _attempt(channel, alert.dedup_key, lambda c: self._tell_once(c, seen))

    def end_feed(self, feed: str, *, still: Iterable[Alert], place: Alert | None = None) -> None:
        """Say that a feed's alerts are over.

        :param still: what goes on.
        :param place: an alert that knows the run that ended well.
        """
        keys = [alert.dedup_key for alert in still]
        self._end(feed, lambda ledger: ledger.resolve_feed_alerts(feed, [*OF_A_RUN], still=keys), place)

    def end(self, dedup_keys: Sequence[str]) -> None:
        """Say that alerts about limits are over."""
        self._end(None, lambda ledger: ledger.resolve_alerts(dedup_keys), None)

    def _record(self, alert: Alert) -> AlertRecord:
        with connect(self._campaign, connect_timeout=_TIMEOUT) as conn:
            return Ledger(conn).raise_alert(
                alert.dedup_key,
                feed=alert.feed,
                kind=alert.kind,
                subject=alert.subject,
                aspect=alert.aspect,
                code=alert.code,
            )

    def _tell_once(self, channel: AnyChannel, seen: Occurrence) -> None:
        key = seen.alert.dedup_key
        with connect(self._campaign, connect_timeout=_TIMEOUT) as conn:
            ledger = Ledger(conn)
            if not ledger.claim_alert(key, channel.name, self._repeat_after):
                log.info("%s was told to %s already, less than %s ago", key, channel.name, self._repeat_after)
                return
            send(channel, seen, links_of(seen.alert))
            ledger.alert_sent(key, channel.name)
        log.info("Told %s of %s", channel.name, key)

    def _end(self, feed: str | None, resolve: Callable[[Ledger], int], place: Alert | None) -> None:
        if not self._channels:
            return
        try:
            with connect(self._campaign, connect_timeout=_TIMEOUT) as conn:
                resolve(Ledger(conn))
                records = Ledger(conn).untold_alerts(feed)
        except Exception as err:
            log.warning("The ledger cannot say which alerts are over: %s", _name(err))
            return
        for record in records:
            seen = _over(record, place)
            for channel in self._channels:
                _attempt(channel, record.dedup_key, lambda c, s=seen: self._tell_end(c, s))  # type: ignore[misc]

    def _tell_end(self, channel: AnyChannel, seen: Occurrence) -> None:
        key = seen.alert.dedup_key
        with connect(self._campaign, connect_timeout=_TIMEOUT) as conn:
            ledger = Ledger(conn)
            if not ledger.claim_end(key, channel.name):
                return
            send(channel, seen, links_of(seen.alert))
            ledger.end_sent(key, channel.name)
        log.info("Told %s that %s is over", channel.name, key)


def _attempt(channel: AnyChannel, key: str, tell: Callable[[AnyChannel], None]) -> None:
    try:
        tell(channel)
    except SyncError as err:
        log.error("%s", err)  # without a traceback, which may hold addresses
    except Exception as err:
        log.error(
            "%s",
            AlertNotSentError(f"Channel {channel.name} was not told of {key}: {_name(err)}. The run is not affected."),
        )


def _over(record: AlertRecord, place: Alert | None) -> Occurrence:
    alert = resolved_alert(Kind(record.kind), record.subject, record.code, record.aspect, record.feed)
    if place:
        alert = placed(alert, path=place.path, dag_id=place.dag_id, dag_run_id=place.dag_run_id)
    return Occurrence(alert, _now(), record.first_at, record.count, resolved=True)


def _name(err: BaseException) -> str:
    return f"{err.code} {type(err).__name__}" if isinstance(err, SyncError) else type(err).__name__


def _now() -> datetime:
    return datetime.now(UTC)
