from __future__ import annotations

from pathlib import Path

import pytest

from campaign_cdp.feeds.loader import load_feeds
from campaign_cdp.sandbox.hosts import ZONES
from campaign_cdp.sandbox.zone_feeds import use_feeds_on


@pytest.mark.parametrize("zone", ZONES)
def test_only_the_landing_zone_block_changes_with_the_storage(
    zone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = {feed.id: feed for feed in load_feeds()[0]}
    monkeypatch.setenv("CDP_FEEDS_DIR", "")

    use_feeds_on(zone, tmp_path)

    feeds, errors = load_feeds()
    assert errors == []
    assert {feed.landing_zone.type for feed in feeds} == {zone}
    for feed in feeds:
        before = shipped[feed.id]
        assert (feed.landing_zone.root, feed.landing_zone.prefix) == (
            before.landing_zone.root,
            before.landing_zone.prefix,
        )
        assert feed.model_copy(update={"landing_zone": before.landing_zone}) == before
