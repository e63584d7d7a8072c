"""What each route says of a small ledger."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.ops_page.conftest import get
from tests.ops_page.samples import Sample


def feeds_by_name(client: TestClient) -> dict[str, Any]:
    return {feed["feed"]: feed for feed in get(client, "/feeds")["feeds"]}


@pytest.fixture
def broken_feed(feeds_folder: Path) -> Iterator[str]:
    path = feeds_folder / "half_done.yaml"
    path.write_text("direction: audience_import\nshedule: daily\n")
    yield "half_done"
    path.unlink()


def test_overview_tells_how_each_feed_is(admin: TestClient, sample: Sample) -> None:
    feeds = feeds_by_name(admin)

    assert {name: feed["state"] for name, feed in feeds.items()} == {
        "cart_abandoners": "failed",
        "delivery_events": "warning",
        "loyalty_gold": "warning",
    }
    gold = feeds["loyalty_gold"]
    assert gold["last"]["id"] == sample.applied
    assert (gold["rows_7d"], gold["rejects_7d"]) == (2000, 15)
    assert gold["trend"][-1]["rows"] == 2000
    assert len(gold["trend"]) == 30
    assert 3600 <= gold["lag_seconds"] < 3700
    assert gold["zone"]["url"] == "s3://aep-exports/audiences/loyalty_gold/"
    assert gold["next_expected"] > "2026"
    assert gold["can_edit"]
    assert feeds["cart_abandoners"]["last"]["error_code"] == "ACR-310"
    assert feeds["cart_abandoners"]["last"]["rejected"] == 50
    assert feeds["delivery_events"]["last"]["rows"] == 100


def test_a_broken_feed_file_is_shown_with_what_is_wrong(admin: TestClient, broken_feed: str) -> None:
    feed = feeds_by_name(admin)[broken_feed]

    assert (feed["state"], feed["dag_id"]) == ("broken", None)
    assert "half_done.yaml:2" in feed["problem"]
    assert admin.get(f"/campaign-cdp/api/feeds/{broken_feed}/runs").status_code == 404


def test_a_feed_file_that_is_corrected_is_read_again(admin: TestClient, feeds_folder: Path) -> None:
    path = feeds_folder / "loyalty_gold.yaml"
    before = path.read_text()
    try:
        path.write_text(before.replace("Gold members of", "Best members of"))
        assert feeds_by_name(admin)["loyalty_gold"]["description"] == "Best members of the loyalty programme"
    finally:
        path.write_text(before)


def test_runs_and_their_details(admin: TestClient, sample: Sample) -> None:
    (listed,) = get(admin, "/feeds/loyalty_gold/runs")["runs"]
    run = get(admin, f"/runs/{sample.applied}")

    assert (listed["run_id"], listed["parts"], listed["state"]) == (sample.applied, 2, "applied")
    assert run["counts"] == {"rows": 2000, "rejected": 15, "inserted": 7, "updated": 3}
    assert run["dag_id"] == "audience_import__loyalty_gold"
    assert [(file["part_no"], file["state"], file["url"]) for file in run["files"]] == [
        (0, "applied", "s3://aep-exports/audiences/loyalty_gold/manifest.json"),
        (1, "historised", "s3://aep-exports/historised/a.csv"),
        (2, "applied", "s3://aep-exports/audiences/loyalty_gold/a_2.csv"),
    ]
    assert [step["step"] for step in run["steps"]] == ["deduplication"]
    assert run["rejects_by_code"] == {"bad_email": 10, "too_long": 5}
    assert ("Dag run scheduled__1", "start over") in [(entry["actor"], entry["action"]) for entry in run["audit"]]


def test_rejects_are_masked_and_in_file_order(admin: TestClient, sample: Sample) -> None:
    found = get(admin, f"/runs/{sample.applied}/rejects", limit=12)
    long = get(admin, f"/runs/{sample.applied}/rejects", code="too_long")

    assert [(one["part_no"], one["line_no"]) for one in found["rejects"]] == [
        *((1, line) for line in range(2, 12)),
        (2, 2),
        (2, 3),
    ]
    assert found["rejects"][0] | {"tid": ""} == {
        "part_no": 1,
        "line_no": 2,
        "column": "email",
        "code": "bad_email",
        "value": "xxx@",
        "replayed_by": None,
        "tid": "",
    }
    assert {one["code"] for one in long["rejects"]} == {"too_long"}
    assert long["next"] is None


def test_rejects_are_downloaded_as_csv(admin: TestClient, sample: Sample) -> None:
    answer = admin.get(f"/campaign-cdp/api/runs/{sample.applied}/rejects.csv")

    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0][:5] == ["part", "line", "column", "code", "value"]
    assert rows[1][:5] == ["1", "2", "email", "bad_email", "xxx@"]
    assert len(rows) == 16
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="rejects_loyalty_gold_run_{sample.applied}.csv"'
    )
    assert answer.headers["Cache-Control"] == "no-store"


def test_windows_and_their_details(admin: TestClient, sample: Sample) -> None:
    (listed,) = get(admin, "/feeds/delivery_events/windows")["windows"]
    window = get(admin, f"/windows/{sample.window}")

    assert (listed["window_id"], listed["rows"], listed["files"], listed["bytes"]) == (sample.window, 100, 1, 700)
    assert [(bound["log"], bound["rows"]) for bound in listed["bounds"]] == [("delivery", 70), ("tracking", 30)]
    assert [(file["url"], file["rows"]) for file in window["files"]] == [
        ("s3://aep-sources/events/delivery_events/delivery_1.csv.gz", 70)
    ]
    assert window["dag_id"] == "event_export__delivery_events"


def test_watermarks_tell_how_far_each_log_is(admin: TestClient, sample: Sample) -> None:
    found = get(admin, "/feeds/delivery_events/watermarks")["watermarks"]

    assert [mark["log"] for mark in found] == ["delivery", "tracking"]
    assert {mark["window_id"] for mark in found} == {sample.window}


@pytest.mark.parametrize(("feed", "rows", "rejected"), [("loyalty_gold", 2000, 15), ("delivery_events", 100, 0)])
def test_charts_have_a_point_for_every_day(admin: TestClient, feed: str, rows: int, rejected: int) -> None:
    days = get(admin, f"/feeds/{feed}/charts", days=7)["days"]

    assert len(days) == 7
    assert (days[-1]["rows"], days[-1]["rejected"], days[-1]["works"]) == (rows, rejected, 1)
    assert days[-1]["lag_seconds"] > 0
    assert days[0] == {
        "day": days[0]["day"],
        "works": 0,
        "rows": 0,
        "rejected": 0,
        "lag_seconds": None,
        "seconds": None,
    }


def test_limits_come_with_their_trend(admin: TestClient) -> None:
    limits = {limit["limit"]: limit for limit in get(admin, "/limits")["limits"]}

    assert set(limits) == {"database_storage", "rows_per_file"}
    storage = limits["database_storage"]
    assert (storage["used"], storage["projected"], storage["used_pct"], storage["verdict"]) == (40, 50, 40.0, "ok")
    assert [point["used"] for point in storage["trend"]] == [40]
    assert limits["rows_per_file"]["verdict"] == "warn"


def test_an_error_code_is_explained(admin: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDP_DOCS_URL", "https://docs.example.com/cdp/")
    found = get(admin, "/errors/ACR-310")

    assert found["title"] == "Too many lines were rejected"
    assert found["next_step"].startswith("Look at the codes in the message")
    assert len(found["steps"]) == 4
    assert found["url"] == "https://docs.example.com/cdp/errors/ACR-310/"


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("/errors/ACR-999", 404),
        ("/errors/..%2F..%2FREADME", 404),
        ("/feeds/nobody/runs", 404),
        ("/runs/999999", 404),
        ("/windows/999999", 404),
        ("/runs/one", 422),
        ("/runs/99999999999999999999", 404),
        ("/feeds/loyalty_gold/runs?after=x", 400),
        ("/feeds/loyalty_gold/runs?limit=0", 422),
        ("/feeds/loyalty_gold/runs?since=yesterday", 422),
        ("/feeds/loyalty_gold/charts?days=9999", 422),
        ("/nothing", 404),
    ],
)
def test_mistakes_are_answered_with_a_message_and_a_step(admin: TestClient, path: str, number: int) -> None:
    answer = admin.get(f"/campaign-cdp/api{path}")

    assert answer.status_code == number
    assert set(answer.json()) == {"code", "message", "next_step"}
    assert answer.json()["message"]
    assert answer.json()["next_step"]


@pytest.mark.parametrize(
    ("query", "states"),
    [
        ("state=quarantined", ["quarantined"]),
        ("state=applied,ended", []),
        ("state=open&state=quarantined", ["quarantined"]),
        ("since=2999-01-01", []),
        ("until=2999-01-01T00:00:00Z", ["quarantined"]),
        ("state=' OR TRUE --", []),
    ],
)
def test_runs_are_filtered(admin: TestClient, query: str, states: list[str]) -> None:
    answer = admin.get(f"/campaign-cdp/api/feeds/cart_abandoners/runs?{query}").json()

    assert [run["state"] for run in answer["runs"]] == states
    assert answer["total_estimate"] == len(states)
