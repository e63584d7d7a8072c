"""Makes the landing zone that a feed names. Storages are imported only when one of their kind is asked for."""

from __future__ import annotations

from typing import assert_never

from campaign_cdp.feeds.event_feed import EventZoneConfig
from campaign_cdp.feeds.model import LandingZoneConfig
from campaign_cdp.hooks.landing_zone.base import LandingZone


def landing_zone_for(config: LandingZoneConfig | EventZoneConfig) -> LandingZone:
    """Return a new instance; nothing is connected yet."""
    match config.type:
        case "s3":
            from campaign_cdp.hooks.landing_zone.s3 import S3LandingZone

            return S3LandingZone(config.bucket, connection=config.connection)
        case _:
            assert_never(config.type)
