"""Mapping set for AEP's Data Prep, so that nobody has to map the columns of a dataflow by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from campaign_cdp.events.layout import feed_mappings, flat_columns
from campaign_cdp.exceptions import FeedConfigError

if TYPE_CHECKING:
    from campaign_cdp.feeds.event_feed import EventFeed


def mapping_set(feed: EventFeed) -> list[dict[str, str]]:
    """Return one entry per column of the feed's files.

    :raises FeedConfigError: if the feed writes JSON lines; they are XDM already, and AEP takes them without a mapping.
    """
    if feed.format == "jsonl":
        raise FeedConfigError(
            f"The feed {feed.id} writes JSON lines in XDM's own shape. Only flat files need a Data Prep mapping."
        )
    columns = flat_columns(feed_mappings(feed), feed)
    return [{"sourceType": "ATTRIBUTE", "source": column.header, "destination": column.path} for column in columns]


def mapping_set_text(feed: EventFeed) -> str:
    """Return the mapping set as a file."""
    return json.dumps(mapping_set(feed), indent=2) + "\n"
