from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from campaign_cdp.exceptions import FeedConfigError, WindowGapError
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.windows import LogWindow, Watermark, forget_before, overlap_of, plan_bounds

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def feed(*logs: str, **changes: Any) -> EventFeed:
    zone = {"type": "s3", "connection": "s3", "bucket": "b", "prefix": "out/", "staging": "staging/"}
    config = {"id": "events", "direction": "event_export", "owner": "crm@example.com", "instance": "acme"}
    return EventFeed(**{**config, "landing_zone": zone, "logs": {log: {} for log in logs or ("delivery",)}, **changes})


def test_next_window_reaches_back_by_the_overlap_of_its_log() -> None:
    marks = {"delivery": Watermark(NOON - 4 * DAY / 24), "tracking": Watermark(NOON - 5 * DAY / 24)}

    assert plan_bounds(feed("delivery", "tracking"), marks, NOON) == (
        LogWindow("delivery", marks["delivery"].value - DAY, NOON),
        LogWindow("tracking", marks["tracking"].value - 7 * DAY, NOON),
    )


def test_overlap_of_the_feed_wins() -> None:
    custom = feed(logs={"tracking": {"overlap": "2d"}, "delivery": {}})

    assert (overlap_of(custom, "tracking"), overlap_of(custom, "delivery")) == (2 * DAY, DAY)


@pytest.mark.parametrize(
    ("first_run", "lower"),
    [("now", NOON), ("all", None), (date(2026, 2, 1), datetime(2026, 2, 1, tzinfo=UTC))],
)
def test_first_window_starts_where_the_feed_says(first_run: Any, lower: datetime | None) -> None:
    assert plan_bounds(feed(window={"first_run": first_run}), {}, NOON) == (LogWindow("delivery", lower, NOON),)


def test_second_window_does_not_reach_back_behind_the_first_run() -> None:
    first = NOON - DAY / 2

    (window,) = plan_bounds(feed(), {"delivery": Watermark(first, floor=first)}, NOON)

    assert window.lower == first


def test_log_that_joins_a_feed_later_has_a_first_run_of_its_own() -> None:
    delivery, tracking = plan_bounds(feed("delivery", "tracking"), {"delivery": Watermark(NOON - DAY)}, NOON)

    assert (delivery.lower, tracking.lower) == (NOON - 2 * DAY, NOON)


def test_open_transaction_behind_the_overlap_gives_an_empty_window() -> None:
    (window,) = plan_bounds(feed(), {"delivery": Watermark(NOON)}, NOON - 2 * DAY)

    assert window.lower == window.upper == NOON - 2 * DAY


def test_gap_longer_than_campaign_keeps_its_logs_is_refused() -> None:
    marks = {"delivery": Watermark(NOON - 200 * DAY), "tracking": Watermark(NOON - DAY)}

    with pytest.raises(WindowGapError) as caught:
        plan_bounds(feed("delivery", "tracking"), marks, NOON)

    assert str(caught.value) == (
        "ACR-350 events was last exported 200.0 days ago, and Campaign keeps its logs for 180.0 days "
        "(window.retention). Purged before they were exported: delivery: 2025-08-13 12:00 UTC to 2025-09-02 12:00 UTC. "
        "Nothing was exported. To go on with what is left, trigger the Dag with accept_gap."
    )


def test_gap_as_long_as_the_logs_are_kept_is_none() -> None:
    assert plan_bounds(feed(), {"delivery": Watermark(NOON - 180 * DAY)}, NOON)


def test_accepted_gap_goes_on_behind_it() -> None:
    (window,) = plan_bounds(feed(), {"delivery": Watermark(NOON - 200 * DAY)}, NOON, accept_gap=True)

    assert window.upper == NOON


def test_backfill_takes_exactly_its_span_whatever_was_exported() -> None:
    span = (NOON - 400 * DAY, NOON - 399 * DAY)

    windows = plan_bounds(feed("delivery", "tracking"), {"delivery": Watermark(NOON - 300 * DAY)}, NOON, span)

    assert windows == (LogWindow("delivery", *span), LogWindow("tracking", *span))


def test_backfill_of_nothing_is_refused() -> None:
    with pytest.raises(FeedConfigError, match="ends at 2026-03-01 12:00 UTC, not after its start"):
        plan_bounds(feed(), {}, NOON, (NOON, NOON))


def test_exported_events_are_remembered_for_the_overlap_and_longer_where_rows_are_written_again() -> None:
    assert forget_before(feed(), "delivery", NOON, rewritten=True) == NOON - 30 * DAY
    long = feed(logs={"delivery": {"overlap": "40d"}, "tracking": {}})
    assert forget_before(long, "delivery", NOON, rewritten=True) == NOON - 40 * DAY
    assert forget_before(long, "tracking", NOON, rewritten=False) == NOON - 7 * DAY


def test_window_survives_the_way_through_json() -> None:
    for window in (LogWindow("delivery", None, NOON), LogWindow("tracking", NOON - DAY, NOON)):
        assert LogWindow.from_json(window.to_json()) == window
