"""Which readings of limits concern a feed."""

from __future__ import annotations

from campaign_cdp.feeds.directions import Feed
from campaign_cdp.hooks.limits.storage import is_limited, scope_of


def scopes_of(feed: Feed) -> frozenset[str]:
    """Return the scopes under which its database, its landing zone and itself are read."""
    zone = {scope_of(feed.landing_zone)} if is_limited(feed.landing_zone) else set()
    return frozenset({feed.campaign, feed.id} | zone)
