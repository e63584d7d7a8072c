from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.loader import (
    audience_feed,
    audience_feeds,
    config_hash,
    event_feed,
    event_feeds,
    load_feed,
    load_feeds,
)
from campaign_cdp.feeds.problems import FeedFileError
from campaign_cdp.settings import include_dir

EVENT_FEED = """\
id: opens
direction: event_export
owner: team
instance: acme-prod
landing_zone: {type: s3, connection: zone, bucket: sources, prefix: events/opens/, staging: staging/opens/}
logs:
  tracking: {overlap: 7d}
"""
TOMORROW = datetime.now(UTC).date() + timedelta(days=1)
WriteFeed = Callable[..., Path]


@pytest.fixture
def write_event_feed(tmp_path: Path) -> WriteFeed:
    """Write the sample event feed with some words replaced; ``more`` is appended."""

    def write(*changes: tuple[str, str], name: str = "opens", more: str = "") -> Path:
        text = EVENT_FEED + more
        for old, new in (*changes, ("opens", name)):
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / f"{name}.yaml"
        path.write_text(text)
        return path

    return write


def load(path: Path) -> EventFeed:
    feed = load_feed(path)
    assert isinstance(feed, EventFeed)
    return feed


def problems(path: Path) -> str:
    with pytest.raises(FeedFileError) as caught:
        load_feed(path)
    return "\n".join(str(problem) for problem in caught.value.problems)


def test_shipped_event_feeds_are_one_csv_and_one_json_lines() -> None:
    feeds = {feed.id: feed for feed in event_feeds()}

    assert {name: feed.format for name, feed in feeds.items()} == {
        "delivery_events": "csv",
        "delivery_events_json": "jsonl",
    }
    assert {feed.instance for feed in feeds.values()} == {"acme-prod"}
    assert load_feeds()[1] == []


def test_feeds_are_told_apart_by_direction(write_event_feed: WriteFeed, write_feed: WriteFeed, tmp_path: Path) -> None:
    write_event_feed()
    write_feed()

    assert [feed.id for feed in load_feeds(tmp_path)[0]] == ["gold", "opens"]
    assert [feed.id for feed in audience_feeds(tmp_path)] == ["gold"]
    assert [feed.id for feed in event_feeds(tmp_path)] == ["opens"]


def test_feed_of_the_other_direction_is_refused(
    write_event_feed: WriteFeed, write_feed: WriteFeed, tmp_path: Path
) -> None:
    write_event_feed()
    write_feed()

    assert (audience_feed("gold", tmp_path).id, event_feed("opens", tmp_path).id) == ("gold", "opens")
    with pytest.raises(FeedConfigError, match="exports events; this takes a feed with direction: audience_import"):
        audience_feed("opens", tmp_path)
    with pytest.raises(FeedConfigError, match="imports an audience; this takes a feed with direction: event_export"):
        event_feed("gold", tmp_path)


def test_unknown_direction_is_the_only_problem_named(write_event_feed: WriteFeed) -> None:
    found = problems(write_event_feed(("event_export", "events_export")))

    assert found == (
        "opens.yaml:2: direction: 'events_export' is not allowed; write 'audience_import' or 'event_export'. "
        "Did you mean 'event_export'?"
    )


def test_defaults_are_the_safe_ones(write_event_feed: WriteFeed) -> None:
    feed = load(write_event_feed())

    assert (feed.format, feed.compression, feed.window.first_run, feed.identity) == ("csv", "gzip", "now", "account")
    assert feed.logs["tracking"].events is None


def test_parquet_has_no_compression_of_its_own(write_event_feed: WriteFeed) -> None:
    assert load(write_event_feed(more="format: parquet\n")).compression == "none"
    assert "parquet compresses inside" in problems(write_event_feed(more="format: parquet\ncompression: gzip\n"))


@pytest.mark.parametrize("first_run", ["now", "all", "2026-01-31"])
def test_first_run_starts_now_at_the_beginning_or_on_a_day(write_event_feed: WriteFeed, first_run: str) -> None:
    loaded = load(write_event_feed(more=f"window: {{first_run: {first_run}}}\n")).window.first_run

    assert loaded == (date(2026, 1, 31) if first_run[0] == "2" else first_run)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("staging: staging/opens/", "staging: events/opens/tmp/"), "5: landing_zone.staging: 'events/opens/tmp/' must neither"),
        (("staging: staging/opens/", "staging: events/"), "landing_zone.staging: 'events/' must neither hold nor lie in 'events/opens/'"),
        (("staging: staging/opens/", "staging: 'a:b/'"), "landing_zone.staging: 'a:b/' does not fit; write a folder of A-Z"),
        (("prefix: events/opens/", "prefix: my events/"), "landing_zone.prefix: 'my events/' does not fit"),
        ((", staging: staging/opens/", ""), "landing_zone.staging: required key is missing. Folder outside of it"),
        (("acme-prod", "acme|prod"), "instance: 'acme|prod' does not fit; write letters, digits"),
        (("  tracking: {overlap: 7d}", "  trackng: {}"), "7: logs.trackng: 'trackng' is not allowed"),
        (("\n  tracking: {overlap: 7d}", " {}"), "logs"),
        (("overlap: 7d", "overlap: 180d"), "logs.tracking.overlap: must be shorter than window.retention"),
        (("overlap: 7d", "overlap: week"), "logs.tracking.overlap: 'week' is not a duration"),
        (("overlap: 7d", "overlop: 7d"), "logs.tracking.overlop: unknown key. Did you mean 'overlap'?"),
        (("overlap: 7d", "events: [open, open]"), "logs.tracking.events: names no state or one twice"),
        (("overlap: 7d", "events: []"), "logs.tracking.events: names no state or one twice"),
        (("overlap: 7d", "events: [open, clik]"), "7: logs.tracking.events[1]: 'clik' is not a state of the mapping tracking. Did you mean 'click'?"),
        (("overlap: 7d", "mapping: delivery"), "logs.tracking.mapping: 'delivery' maps the delivery log, not this one"),
        (("overlap: 7d", "mapping: trackin"), "logs.tracking.mapping: There is no mapping 'trackin'"),
        (("owner: team", "owner: team\nidentity: acount"), "4: identity: 'acount' is not an attribute of the recipient of nms:trackingLogRcp. Did you mean 'account'?"),
        (("owner: team", "owner: team\nidentity_namespace: CRM ID"), "identity_namespace: 'CRM ID' does not fit"),
        (("owner: team", "owner: team\nformat: json"), "format: 'json' is not allowed; write 'csv', 'jsonl' or 'parquet'. Did you mean 'jsonl'?"),
        (("owner: team", "owner: team\nschedule: hourly"), "schedule: 'hourly' is not a cron expression"),
        (("owner: team", "owner: team\nparts: {partitions: 0}"), "parts.partitions: should be greater than or equal to 1, is 0"),
        (("owner: team", "owner: team\nmax_rows: 5"), "max_rows: unknown key here. It belongs under 'parts'"),
        (("owner: team", "owner: team\ncolumns: {}"), "columns: unknown key"),
        (("owner: team", "owner: team\nwindow: {first_run: never}"), "window.first_run"),
        (("owner: team", f"owner: team\nwindow: {{first_run: {TOMORROW}}}"), "is in the future"),
        (("owner: team", "owner: team\nwindow: {retention: 12h}"), "window.retention: must be at least 1d"),
    ],
)  # fmt: skip
def test_mistake_is_named_with_its_line_and_key(
    write_event_feed: WriteFeed, change: tuple[str, str], expected: str
) -> None:
    assert expected in problems(write_event_feed(change))


def test_broken_mapping_costs_the_feeds_that_use_it(
    write_event_feed: WriteFeed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mappings = tmp_path / "include" / "mappings"
    shutil.copytree(include_dir() / "mappings", mappings)
    broken = mappings / "tracking.yaml"
    broken.write_text(broken.read_text().replace("time: logDate", "time: logDat"))
    monkeypatch.setenv("CDP_INCLUDE_DIR", str(tmp_path / "include"))
    write_event_feed(name="alpha")
    write_event_feed(("tracking: {overlap: 7d}", "subscription: {}"), name="beta")

    feeds, errors = load_feeds(tmp_path)

    assert [feed.id for feed in feeds] == ["beta"]
    assert "alpha.yaml:7: logs.tracking: 1 problem in tracking.yaml" in str(errors[0])
    assert "Did you mean 'logDate'?" in str(errors[0])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("events/opens/", "events/alpha/"), "landing_zone.prefix: 'events/alpha/' overlaps"),
        (("staging/opens/", "staging/alpha/x/"), "which is landing_zone.staging of feed 'alpha'"),
        (("events/opens/", "staging/alpha/out/"), "which is landing_zone.staging of feed 'alpha'"),
        (
            ("prefix: events/opens/, staging: staging/opens/", "prefix: out/opens/, staging: events/"),
            "landing_zone.staging: 'events/' overlaps 'events/alpha/'",
        ),
    ],
)
def test_event_feeds_do_not_share_folders(
    write_event_feed: WriteFeed, tmp_path: Path, change: tuple[str, str], expected: str
) -> None:
    write_event_feed(name="alpha")
    write_event_feed(change, name="beta")

    feeds, errors = load_feeds(tmp_path)

    assert [feed.id for feed in feeds] == ["alpha"]
    assert expected in str(errors[0])


def test_events_are_not_published_where_an_audience_is_read(
    write_event_feed: WriteFeed, write_feed: WriteFeed, tmp_path: Path
) -> None:
    write_feed()
    write_event_feed(("bucket: sources", "bucket: exports"), ("events/opens/", "audiences/gold/"))

    assert "which is landing_zone.prefix of feed 'gold'" in str(load_feeds(tmp_path)[1][0])


def test_fingerprint_changes_with_the_feed(write_event_feed: WriteFeed) -> None:
    plain = config_hash(load(write_event_feed()))

    assert plain == config_hash(load(write_event_feed(("owner: team", "owner: 'team'  # us"))))
    assert plain != config_hash(load(write_event_feed(("overlap: 7d", "overlap: 6d"))))
