"""Rules between the keys of an event feed, and between the feed and the mappings of its logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from campaign_cdp.events.layout import flat_columns
from campaign_cdp.events.mapping import LogMapping, load_mapping, only_states
from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.feeds.rules import FeedRuleError, UnknownNameError, broken_folders

if TYPE_CHECKING:
    from campaign_cdp.feeds.event_feed import EventFeed, Log, LogConfig


def broken_event_rules(feed: EventFeed) -> Iterator[FeedRuleError]:
    """Yield every rule between keys that ``feed`` breaks."""
    yield from broken_folders(feed)
    if feed.format == "parquet" and feed.compression == "gzip":
        yield FeedRuleError(("compression",), "parquet compresses inside its files; write none or leave the key out")
    for log, config in feed.logs.items():
        yield from _log(feed, log, config)
    yield from _window(feed)


def broken_mapping_rules(feed: EventFeed) -> Iterator[FeedRuleError]:
    """Yield every rule between ``feed`` and its mappings that is broken; reads the mappings."""
    mappings: list[LogMapping] = []
    for log, config in feed.logs.items():
        loc: tuple[str, ...] = ("logs", log, "mapping") if config.mapping else ("logs", log)
        try:
            mapping = load_mapping(config.mapping or log)
        except FeedConfigError as err:
            yield FeedRuleError(loc, err.message)
            continue
        yield from _mapping(feed, log, config, mapping)
        mappings.append(only_states(mapping, config.events))
    try:
        flat_columns(mappings, feed)
    except FeedConfigError as err:
        yield FeedRuleError(("logs",), err.message)


def _log(feed: EventFeed, log: Log, config: LogConfig) -> Iterator[FeedRuleError]:
    if config.overlap and config.overlap >= feed.window.retention:
        text = "must be shorter than window.retention, after which Campaign purges its logs"
        yield FeedRuleError(("logs", log, "overlap"), text)
    if config.events is not None and len(set(config.events)) < max(len(config.events), 1):
        yield FeedRuleError(("logs", log, "events"), "names no state or one twice; leave the key out to export all")


def _window(feed: EventFeed) -> Iterator[FeedRuleError]:
    window, today = feed.window, datetime.now(UTC).date()
    if isinstance(window.first_run, date) and window.first_run > today:
        yield FeedRuleError(("window", "first_run"), f"{window.first_run} is in the future; today is {today} (UTC)")
    if window.retention < timedelta(days=1):
        yield FeedRuleError(("window", "retention"), "must be at least 1d")


def _mapping(feed: EventFeed, log: Log, config: LogConfig, mapping: LogMapping) -> Iterator[FeedRuleError]:
    if mapping.log != log:
        yield FeedRuleError(("logs", log, "mapping"), f"{mapping.name!r} maps the {mapping.log} log, not this one")
        return
    for index, state in enumerate(config.events or ()):
        if state not in mapping.states:
            kind = f"state of the mapping {mapping.name}"
            yield UnknownNameError(("logs", log, "events", index), kind, mapping.states, state)
    people = tuple(mapping.source.links["recipient"].attributes)
    if feed.identity not in people:
        kind = f"attribute of the recipient of {mapping.schema}"
        yield UnknownNameError(("identity",), kind, people, feed.identity)
