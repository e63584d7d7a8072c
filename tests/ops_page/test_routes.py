"""What each route says of a small ledger."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from tests.ops_page.conftest import get
from tests.ops_page.samples import Sample


def feeds_by_name(client: TestClient) -> dict[str, Any]:
    return {feed["feed"]: feed for feed in get(client, "/feeds")["feeds"]}


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
    assert feeds["cart_abandoners"]["last"]["error_code"] == "ACR-310"
    assert feeds["delivery_events"]["last"]["rows"] == 100
