"""How a feed is, from what the ledger and Airflow know of it. Pure: the same facts always give the same state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final


class Health(StrEnum):
    """State of a feed, the worst first."""

    BROKEN = "broken"  # its file has errors, so it has no Dag
    UNKNOWN = "unknown"  # its Campaign database does not answer
    FAILED = "failed"
    LATE = "late"
    WARNING = "warning"
    RUNNING = "running"
    NEVER = "never"
    OK = "ok"


_QUARANTINED: Final = "quarantined"
#: Share of a limit from which on it is worth a warning.
_WARN_FROM: Final = 0.5


@dataclass(frozen=True, slots=True)
class RejectLimits:
    """What the feed allows. ``max_count`` is in lines."""

    max_pct: float
    max_count: int | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """When something should have been applied.

    :param schedule: cron in UTC; without one nothing is ever late.
    :param late_after: time after a tick; ``None`` where a run without files is as good as one with.
    """

    schedule: str | None
    late_after: timedelta | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a feed.

    :param last_state: state of its newest run or window in the ledger, previews left out.
    :param is_open: that run or window is not finished.
    :param applied_at: when the newest one was applied or published.
    :param rows: lines of the newest applied run, rejected ones included.
    :param dag_run_state: of its newest Dag run in Airflow.
    :param first_seen_at: when Airflow started its oldest Dag run.
    """

    last_state: str | None = None
    is_open: bool = False
    applied_at: datetime | None = None
    rows: int = 0
    rejected: int = 0
    dag_run_state: str | None = None
    first_seen_at: datetime | None = None
    is_paused: bool = False
    limit_warns: bool = False


def health_of(facts: Facts, expected: Expectation, rejects: RejectLimits | None, now: datetime) -> Health:
    """Return the state of a feed whose file is good and whose ledger can be read.

    :param rejects: ``None`` for feeds that reject nothing.
    """
    if facts.last_state == _QUARANTINED or facts.dag_run_state == "failed":
        return Health.FAILED
    if is_late(facts, expected, now):
        return Health.LATE
    if facts.limit_warns or (rejects and is_near_limit(facts, rejects)):
        return Health.WARNING
    if facts.is_open:
        return Health.RUNNING
    return Health.OK if facts.last_state else Health.NEVER


def is_late(facts: Facts, expected: Expectation, now: datetime) -> bool:
    """True if the newest tick that had its time brought nothing. Neither a paused Dag has ticks, nor a new one."""
    if facts.is_paused or expected.schedule is None or expected.late_after is None:
        return False
    tick = last_tick(expected.schedule, now - expected.late_after)
    began = facts.applied_at or facts.first_seen_at
    if began is None:
        return False
    return facts.applied_at < tick if facts.applied_at else began <= tick


def is_near_limit(facts: Facts, limits: RejectLimits) -> bool:
    """True if the rejected lines are more than half of what the feed allows."""
    by_count = limits.max_count is not None and facts.rejected > limits.max_count * _WARN_FROM
    share = 100 * facts.rejected / facts.rows if facts.rows else 0.0
    return bool(facts.rejected) and (by_count or share > limits.max_pct * _WARN_FROM)


def last_tick(schedule: str, at: datetime) -> datetime:
    """Return the newest time of a cron that is not after ``at``, aware UTC."""
    from croniter import croniter  # type: ignore[import-untyped]

    found: datetime = croniter(schedule, at + timedelta(microseconds=1)).get_prev(datetime)
    return found.astimezone(UTC)


def next_tick(schedule: str, at: datetime) -> datetime:
    """Return the first time of a cron after ``at``, aware UTC."""
    from croniter import croniter

    found: datetime = croniter(schedule, at).get_next(datetime)
    return found.astimezone(UTC)
