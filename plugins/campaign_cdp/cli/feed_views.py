"""How ``cdp feeds`` shows feeds: one line each, and their columns in Campaign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from campaign_cdp.events.layout import IDENTITY, feed_mappings, flat_columns
from campaign_cdp.events.mapping import EventColumn, LogMapping
from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.feeds.schema import describe
from campaign_cdp.settings import feeds_dir


def summary(feed: Feed) -> dict[str, Any]:
    """Return the line of a feed in the list of feeds."""
    zone = feed.landing_zone
    head = {"id": feed.id, "direction": feed.direction, "schedule": feed.schedule}
    what = _audience(feed) if isinstance(feed, AudienceFeed) else _events(feed)
    return head | what | {"files": f"{zone.type}://{zone.root}/{zone.prefix}"}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Write the lines under their headings."""
    if not rows:
        return f"No feeds in {feeds_dir()}. Create one: cdp feeds new my_feed --direction audience_import"
    cells = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells)


def campaign_columns(feed: Feed) -> dict[str, str]:
    """Return where each column goes to or comes from in Campaign."""
    if isinstance(feed, AudienceFeed):
        return {name: describe(feed.attribute(name)) for name in feed.columns}
    mappings = feed_mappings(feed)
    return {column.header: _sources(column, mappings) for column in flat_columns(mappings, feed)}


def _audience(feed: AudienceFeed) -> dict[str, Any]:
    kept = f"{feed.list.name} ({feed.list.mode})" if feed.list else None
    return {"export": feed.export, "profiles": feed.profiles.mode, "list": kept, "logs": None}


def _events(feed: EventFeed) -> dict[str, Any]:
    return {"export": feed.format, "profiles": None, "list": None, "logs": list(feed.logs)}


def _sources(column: EventColumn, mappings: Sequence[LogMapping]) -> str:
    places = []
    for mapping in mappings:
        own = column if column.header == IDENTITY.header else mapping.column(column.header)
        if own and own.attribute:
            ref = mapping.source.resolve(own.attribute)
            places.append(f"{mapping.log}: {ref.table}.{ref.column}")
    return ", ".join(places) or "computed"


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value or "-")
