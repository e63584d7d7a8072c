from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaign_cdp.cli.check_storage import _compare_clocks, probe_folders
from campaign_cdp.cli.checkup import Report, Status
from campaign_cdp.feeds.loader import load_feeds
from campaign_cdp.feeds.rules import overlap
from tests.conftest import REPO


def test_probes_are_never_where_somebody_looks() -> None:
    feeds = load_feeds(REPO / "include" / "feeds")[0]

    assert not [
        (folder, feed.landing_zone.prefix)
        for feed in feeds
        for folder in probe_folders(feeds)
        if overlap(folder, feed.landing_zone.prefix)
    ]


@pytest.mark.parametrize(
    ("seconds", "status", "words"),
    [(5, Status.OK, "agree"), (600, Status.WARNING, "600 s ahead of"), (-90, Status.WARNING, "90 s behind")],
)
def test_clocks_are_compared(seconds: int, status: Status, words: str) -> None:
    now, report = datetime.now(UTC), Report("zone")

    _compare_clocks(report, now + timedelta(seconds=seconds), now, now)

    assert report.findings[0].status is status
    assert words in report.findings[0].text
