"""What the overview of all feeds is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class LastWork:
    """The newest run or window of a feed, previews left out, and the newest that reached its target.

    :param kind: ``run`` or ``window``.
    :param seconds: from opening to the last change.
    :param applied_at: when the newest applied run or finished window was done.
    :param applied_of: time up to which its data goes.
    """

    feed: str
    kind: str
    id: int
    dag_run_id: str
    state: str
    is_open: bool
    at: datetime
    rows: int | None
    rejected: int
    error_code: str | None
    error_message: str | None
    seconds: float
    applied_at: datetime | None
    applied_of: datetime | None
    applied_rows: int | None
    applied_rejected: int | None


@dataclass(frozen=True, slots=True)
class FeedDay:
    """What a feed did in one day, UTC.

    :param works: runs or windows.
    :param lag_seconds: longest time from the data to its target.
    :param seconds: longest duration.
    """

    feed: str
    day: date
    works: int
    rows: int
    rejected: int
    lag_seconds: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class LimitRow:
    """The newest reading of a limit; amounts are bytes, profiles, exports, batches, rows or seconds."""

    limit_name: str
    scope: str
    used: int
    projected: int
    contract: int | None
    warn_pct: float | None
    stop_pct: float | None
    free: int | None
    verdict: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LimitDay:
    """The most that was used of a limit in one day, UTC."""

    limit_name: str
    scope: str
    day: date
    used: int
