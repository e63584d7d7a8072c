"""Both directions in which a feed may flow."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, TypeAlias

from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.model import AudienceFeed

Feed: TypeAlias = AudienceFeed | EventFeed

#: The model of a feed file, by its ``direction``.
MODELS: Final = MappingProxyType[str, type[AudienceFeed] | type[EventFeed]](
    {"audience_import": AudienceFeed, "event_export": EventFeed}
)
