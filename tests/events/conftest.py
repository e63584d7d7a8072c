from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from campaign_cdp.feeds.event_feed import EventFeed

MAPPING = """\
log: delivery
schema: nms:broadLogRcp
time: eventDate
changed: lastModified
only: {delivery/FCP: [0]}
events:
  sent: {code: 1, event_type: directMarketing.emailSent, counter: sends, when: {status: [1]}}
  failed: {code: 2, counter: notSent, when: {status: [2]}}
columns:
  log_id: {from: id, path: _experience.campaign.broadlogID}
  label: {from: delivery/label, path: _experience.campaign.deliveryLabel}
"""
WriteMapping = Callable[..., str]


@pytest.fixture
def write_mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteMapping:
    """Write the sample mapping with some words replaced; ``more`` is appended. Returns its name."""
    monkeypatch.setenv("CDP_INCLUDE_DIR", str(tmp_path))
    (tmp_path / "mappings").mkdir()

    def write(*changes: tuple[str, str], name: str = "sample", more: str = "") -> str:
        text = MAPPING + more
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "mappings" / f"{name}.yaml").write_text(text)
        return name

    return write


@pytest.fixture
def make_feed() -> Callable[..., EventFeed]:
    """Make an event feed with some keys replaced."""

    def make(**changes: Any) -> EventFeed:
        zone = {"type": "s3", "connection": "zone", "bucket": "b", "prefix": "events/", "staging": "staging/"}
        keys = {
            "id": "opens",
            "direction": "event_export",
            "owner": "team",
            "instance": "acme",
            "landing_zone": zone,
            "logs": {"delivery": {}, "tracking": {}, "subscription": {}, "exclusion": {}},
        }
        return EventFeed.model_validate(keys | changes)

    return make
