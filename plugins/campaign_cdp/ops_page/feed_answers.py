"""What the routes about feeds answer with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from campaign_cdp.ledger.browse_records import WatermarkRow
from campaign_cdp.ops_page.health import Health


@dataclass(frozen=True, slots=True)
class ZoneAnswer:
    type: str
    connection: str
    url: str
    prefix: str


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """The newest run or window.

    :param kind: ``run`` or ``window``.
    """

    id: int
    kind: str
    dag_run_id: str
    at: datetime
    state: str
    rows: int | None
    rejected: int
    error_code: str | None
    error_message: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class DayAnswer:
    day: date
    works: int
    rows: int
    rejected: int
    lag_seconds: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class TrendDay:
    day: date
    rows: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Trend:
    """One point per day, the oldest first, today included; and the sums of its last seven."""

    days: tuple[TrendDay, ...]
    rows_7d: int
    rejects_7d: int


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """One feed of the overview.

    :param lag_seconds: how old the data in the target is: since the newest applied file set, or the last window's end.
    :param next_expected: next tick of the schedule; ``None`` while the Dag is paused.
    :param problem: why there is nothing to see: a broken file, or a database that does not answer.
    """

    feed: str
    dag_id: str | None
    state: Health
    direction: str | None = None
    zone: ZoneAnswer | None = None
    schedule: str | None = None
    owner: str | None = None
    description: str | None = None
    campaign: str | None = None
    paused: bool | None = None
    can_edit: bool = False
    last: LastAnswer | None = None
    applied_at: datetime | None = None
    lag_seconds: float | None = None
    rows_7d: int = 0
    rejects_7d: int = 0
    trend: tuple[TrendDay, ...] = ()
    next_expected: datetime | None = None
    problem: str | None = None
    problem_code: str | None = None


@dataclass(frozen=True, slots=True)
class FeedsAnswer:
    """:param user: name of whoever asks."""

    feeds: list[FeedAnswer]
    user: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ChartsAnswer:
    feed: str
    days: list[DayAnswer]


@dataclass(frozen=True, slots=True)
class WatermarksAnswer:
    watermarks: list[WatermarkRow]
