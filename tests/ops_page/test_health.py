from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaign_cdp.ops_page.health import (
    Expectation,
    Facts,
    Health,
    RejectLimits,
    health_of,
    is_near_limit,
    last_tick,
    next_tick,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAILY = Expectation("20 4 * * *", timedelta(hours=4))  # today's tick had its time until 08:20
LIMITS = RejectLimits(max_pct=1.0, max_count=None)
TODAY, YESTERDAY = datetime(2026, 11, 24, 5, 0, tzinfo=UTC), datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
GOOD = {"last_state": "ended", "applied_at": TODAY, "rows": 1000, "dag_run_state": "success"}


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        pytest.param({}, "never", id="nothing_yet"),
        pytest.param(GOOD, "ok", id="applied_in_time"),
        pytest.param({**GOOD, "last_state": "quarantined"}, "failed", id="quarantined_after_a_good_one"),
        pytest.param({**GOOD, "dag_run_state": "failed"}, "failed", id="dag_run_failed"),
        pytest.param({**GOOD, "last_state": "open", "is_open": True}, "running", id="run_is_open"),
        pytest.param({**GOOD, "dag_run_state": "running"}, "ok", id="dag_run_waits_for_files"),
        pytest.param({**GOOD, "applied_at": YESTERDAY}, "late", id="nothing_since_the_tick"),
        pytest.param({**GOOD, "applied_at": YESTERDAY, "is_paused": True}, "ok", id="paused_dag_is_not_late"),
        pytest.param(
            {**GOOD, "applied_at": YESTERDAY, "last_state": "quarantined"}, "failed", id="failed_is_worse_than_late"
        ),
        pytest.param({"first_seen_at": YESTERDAY, "dag_run_state": "running"}, "late", id="first_run_brought_nothing"),
        pytest.param({"first_seen_at": NOW, "dag_run_state": "running"}, "never", id="first_run_has_time_left"),
        pytest.param({**GOOD, "rejected": 6}, "warning", id="rejects_above_half_the_limit"),
        pytest.param({**GOOD, "rejected": 5}, "ok", id="rejects_at_half_the_limit"),
        pytest.param({**GOOD, "limit_warns": True}, "warning", id="limit_of_the_contract"),
        pytest.param(
            {**GOOD, "last_state": "open", "is_open": True, "rejected": 9}, "warning", id="warning_shows_while_running"
        ),
        pytest.param({"last_state": "open", "is_open": True}, "running", id="first_run_is_open"),
    ],
)
def test_state(facts: dict[str, object], state: str) -> None:
    assert health_of(Facts(**facts), DAILY, LIMITS, NOW) == Health(state)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("schedule", "late_after", "state"),
    [
        pytest.param("20 4 * * *", timedelta(hours=8), "ok", id="tick_has_time_left"),
        pytest.param(None, timedelta(hours=4), "ok", id="no_schedule"),
        pytest.param("20 4 * * *", None, "ok", id="a_run_without_files_is_fine"),
        pytest.param("0 * * * *", timedelta(minutes=30), "late", id="hourly"),
        pytest.param("0 4 * * 1", timedelta(hours=4), "ok", id="weekly"),
    ],
)
def test_late_depends_on_the_schedule(schedule: str | None, late_after: timedelta | None, state: str) -> None:
    facts = Facts(last_state="ended", applied_at=YESTERDAY)

    assert health_of(facts, Expectation(schedule, late_after), None, NOW) == Health(state)


@pytest.mark.parametrize(
    ("rejected", "limits", "near"),
    [
        (0, RejectLimits(0.0, 0), False),
        (1, RejectLimits(0.0, None), True),
        (11, RejectLimits(50.0, 20), True),
        (10, RejectLimits(50.0, 20), False),
        (251, RejectLimits(50.0, None), True),
        (250, RejectLimits(50.0, None), False),
    ],
)
def test_either_limit_of_rejects_warns(rejected: int, limits: RejectLimits, near: bool) -> None:
    assert is_near_limit(Facts(rows=1000, rejected=rejected), limits) is near


def test_ticks_are_in_utc_and_a_tick_counts_from_its_own_second() -> None:
    tick = datetime(2026, 11, 24, 4, 20, tzinfo=UTC)

    assert last_tick("20 4 * * *", tick) == tick
    assert last_tick("20 4 * * *", tick - timedelta(seconds=1)) == tick - timedelta(days=1)
    assert next_tick("20 4 * * *", tick) == tick + timedelta(days=1)
