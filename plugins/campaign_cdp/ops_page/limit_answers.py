"""What the route about limits answers with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class LimitPoint:
    at: date
    used: int


@dataclass(frozen=True, slots=True)
class LimitAnswer:
    """One limit of one database, landing zone or feed.

    :param unit: what ``used``, ``projected`` and ``contract`` count: bytes, seconds, profiles, exports, batches, rows.
    :param contract: ``None`` where the limit is only recorded.
    :param trend: the most of each day.
    """

    limit: str
    label: str
    unit: str
    remedy: str
    campaign: str
    scope: str
    used: int
    projected: int
    contract: int | None
    warn_pct: float | None
    stop_pct: float | None
    used_pct: float | None
    free: int | None
    verdict: str
    at: datetime
    trend: list[LimitPoint]


@dataclass(frozen=True, slots=True)
class LimitsAnswer:
    """:param problems: Campaign databases that did not answer, with the reason."""

    limits: list[LimitAnswer]
    problems: dict[str, str]
