"""Which span of each log an export run takes.

A window is on the time of a row's last change, never on ids: Campaign's are not handed out in order. It reaches back
behind the watermark by the *overlap*, for rows that came late; what was exported already is remembered and left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final

from campaign_cdp.exceptions import FeedConfigError, WindowGapError
from campaign_cdp.feeds.event_feed import EventFeed, Log

#: Tracking logs are fetched hourly, and after an outage days late; the other logs are written as things happen.
OVERLAP: Final = MappingProxyType(
    {
        "delivery": timedelta(days=1),
        "exclusion": timedelta(days=1),
        "subscription": timedelta(days=1),
        "tracking": timedelta(days=7),
    }
)
#: A delivery log may be written again, with the same state, long after it was exported; a bounce comes within days.
REWRITTEN_WITHIN: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class LogWindow:
    """Rows of one log that changed in ``[lower, upper)``, aware UTC.

    :param lower: ``None`` takes everything before ``upper``.
    """

    log: Log
    lower: datetime | None
    upper: datetime

    def to_json(self) -> dict[str, Any]:
        lower = self.lower.isoformat() if self.lower else None
        return {"log": self.log, "lower": lower, "upper": self.upper.isoformat()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> LogWindow:
        lower = datetime.fromisoformat(data["lower"]) if data["lower"] else None
        return cls(data["log"], lower, datetime.fromisoformat(data["upper"]))


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far one log is exported.

    :param value: rows that changed before it were exported.
    :param floor: rows that changed before it are never looked at again: the first run began here, or what was exported
        is not remembered any more. ``None`` where everything is.
    """

    value: datetime
    floor: datetime | None = None


Span = tuple[datetime, datetime]


def plan_bounds(
    feed: EventFeed,
    watermarks: Mapping[str, Watermark],
    upper: datetime,
    backfill: Span | None = None,
    *,
    accept_gap: bool = False,
) -> tuple[LogWindow, ...]:
    """Return the window of each log of the feed.

    :param watermarks: log -> how far it is exported; a log that never was is left out.
    :param upper: rows that change from then on are left for the next run.
    :param backfill: take exactly this span instead, of every log.
    :param accept_gap: go on behind rows that Campaign purged before they were exported.
    :raises WindowGapError: if Campaign purged rows that were never exported.
    :raises FeedConfigError: if the backfill's span is empty.
    """
    if backfill:
        return _backfill(feed, *backfill)
    if not accept_gap:
        _refuse_gap(feed, watermarks, upper)
    lowers = {log: _lower(feed, log, watermarks.get(log), upper) for log in feed.logs}
    return tuple(LogWindow(log, lower and min(lower, upper), upper) for log, lower in lowers.items())


def overlap_of(feed: EventFeed, log: Log) -> timedelta:
    """Return how far a window of a log reaches back behind its watermark."""
    configured = feed.logs[log].overlap
    return OVERLAP[log] if configured is None else configured


def forget_before(feed: EventFeed, log: Log, watermark: datetime, *, rewritten: bool) -> datetime:
    """Return the time before which nobody has to remember what was exported of a log.

    :param watermark: of the log, after this run.
    :param rewritten: its rows are written again, so the time of their last change is not the event's.
    """
    overlap = overlap_of(feed, log)
    return watermark - (max(overlap, REWRITTEN_WITHIN) if rewritten else overlap)


def _lower(feed: EventFeed, log: Log, watermark: Watermark | None, upper: datetime) -> datetime | None:
    if watermark is None:
        return _first(feed.window.first_run, upper)
    lower = watermark.value - overlap_of(feed, log)
    return max(lower, watermark.floor) if watermark.floor else lower


def _first(first_run: str | date, upper: datetime) -> datetime | None:
    if isinstance(first_run, date):
        return datetime.combine(first_run, time(), UTC)
    return None if first_run == "all" else upper


def _backfill(feed: EventFeed, lower: datetime, upper: datetime) -> tuple[LogWindow, ...]:
    if lower >= upper:
        raise FeedConfigError(
            f"The backfill of {feed.id} ends at {_utc(upper)}, not after its start, {_utc(lower)}. Nothing was "
            f"exported. Correct the parameters of the Dag run; the end itself is not part of the span."
        )
    return tuple(LogWindow(log, lower, upper) for log in feed.logs)


def _refuse_gap(feed: EventFeed, watermarks: Mapping[str, Watermark], upper: datetime) -> None:
    kept_from = upper - feed.window.retention
    late = {log: watermarks[log].value for log in feed.logs if log in watermarks and watermarks[log].value < kept_from}
    if not late:
        return
    lost = "; ".join(f"{log}: {_utc(value)} to {_utc(kept_from)}" for log, value in late.items())
    raise WindowGapError(
        f"{feed.id} was last exported {_days(upper - min(late.values()))} ago, and Campaign keeps its logs for "
        f"{_days(feed.window.retention)} (window.retention). Purged before they were exported: {lost}. Nothing was "
        f"exported. To go on with what is left, trigger the Dag with accept_gap."
    )


def _days(span: timedelta) -> str:
    return f"{span / timedelta(days=1):.1f} days"


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
