from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaign_cdp.alerts.alert import Alert, Kind, Severity
from campaign_cdp.alerts.rules import failed, limits_over, nothing_arrived, of_counts, of_readings
from campaign_cdp.exceptions import FileSetLateError, LimitError, RunOverdueError, SyncDataError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.limits.reading import Reading
from tests.operators.importing import FEED

ZONE = {"type": "local", "connection": "c", "prefix": "in/"}


def feed(**alerts: Any) -> AudienceFeed:
    return AudienceFeed.model_validate({**FEED, "landing_zone": ZONE, "alerts": alerts})


def counts(**changes: int) -> dict[str, int]:
    return {"lines": 1_000, "rejected": 0, "list_before": 200, "list_removed": 0, **changes}


@pytest.mark.parametrize(
    ("rejected", "removed", "kinds"),
    [(50, 40, []), (51, 40, ["rejects"]), (50, 41, ["shrank"]), (51, 41, ["rejects", "shrank"])],
)
def test_run_is_unusual_above_the_percentages(rejected: int, removed: int, kinds: list[str]) -> None:
    found = list(of_counts(feed(rejects_pct=5, shrank_pct=20), counts(rejected=rejected, list_removed=removed)))

    assert [alert.kind for alert in found] == kinds
    assert {alert.severity for alert in found} <= {Severity.WARNING}


def test_without_percentages_nothing_is_unusual() -> None:
    assert list(of_counts(feed(), counts(rejected=1_000, list_removed=200))) == []


def test_first_run_and_empty_file_divide_by_nothing() -> None:
    assert list(of_counts(feed(rejects_pct=0, shrank_pct=0), counts(lines=0, list_before=0))) == []


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (SyncDataError("x"), Kind.FAILED, "ACR-300"),
        (FileSetLateError("x"), Kind.LATE, "ACR-250"),
        (RunOverdueError("x"), Kind.LATE, "ACR-251"),
        (KeyError("ann@x.io"), Kind.FAILED, "ACR-000"),
        (None, Kind.FAILED, "ACR-000"),
        ("killed ann@x.io", Kind.FAILED, "ACR-000"),
    ],
)
def test_failure_is_told_with_its_code(error: object, kind: Kind, code: str) -> None:
    alert = failed("gold", error, "Look.", task="update_data", feed="gold")

    assert (alert.kind, alert.code, alert.severity) == (kind, code, Severity.ERROR)
    assert alert.dedup_key == f"campaign-cdp/{kind}/gold/{code}"
    assert "ann" not in alert.details


def test_addresses_and_endless_text_are_cut_out_of_messages() -> None:
    alert = failed("gold", SyncDataError("File of-ann.lee@mail.x.io.csv " + "x" * 9_000), "Look.", task="t")

    assert alert.details.startswith("File ***")
    assert len(alert.details) == 1_500


def test_skipped_run_is_for_the_record() -> None:
    alert = nothing_arrived(feed(late_after="4h", late_is="skipped"))

    assert (alert.kind, alert.severity, alert.numbers) == (Kind.LATE, Severity.INFO, {"late_after": "4h"})


READING = Reading("database_storage", "campaign_db", 10, 10, 100, 80, 95)


def at(used: int) -> Reading:
    return replace(READING, used=used, projected=used)


def test_limits_are_near_or_passed() -> None:
    found = list(of_readings([at(80), at(81), at(96)]))

    assert [(alert.kind, alert.severity, alert.code) for alert in found] == [
        (Kind.LIMIT_WARN, Severity.WARNING, LimitError.code),
        (Kind.LIMIT_STOP, Severity.ERROR, LimitError.code),
    ]
    assert found[0].numbers == {
        "used": 81,
        "projected": 81,
        "contract": 100,
        "projected_pct": 81.0,
        "warn_pct": 80,
        "stop_pct": 95,
    }


def test_limit_below_a_mark_ends_the_alert_about_that_mark_only() -> None:
    warn, stop = (alert.dedup_key for alert in of_readings([at(81), at(96)]))

    assert limits_over([at(10)]) == [warn, stop]
    assert limits_over([at(81)]) == [stop]
    assert limits_over([at(96)]) == []


def test_key_tells_apart_what_differs_to_a_person() -> None:
    keys = {Alert(kind, subject, "c", "w", "d", "n").dedup_key for kind in Kind for subject in ("a", "b")}

    assert len(keys) == 2 * len(Kind)
