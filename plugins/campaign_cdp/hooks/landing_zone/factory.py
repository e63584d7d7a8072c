"""Makes the landing zone that a feed names. Storages are imported only when one of their kind is asked for."""

from __future__ import annotations

from typing import assert_never

from campaign_cdp.feeds.zones import AnyStorage, AzureBlobStorage, LocalStorage, S3Storage, SftpStorage
from campaign_cdp.hooks.landing_zone.base import LandingZone


def landing_zone_for(storage: AnyStorage) -> LandingZone:
    """Return a new instance, to be used in a ``with`` block; nothing is connected yet."""
    match storage:
        case S3Storage():
            from campaign_cdp.hooks.landing_zone.s3 import S3LandingZone

            return S3LandingZone(storage.bucket, connection=storage.connection)
        case AzureBlobStorage():
            from campaign_cdp.hooks.landing_zone.azure_blob import AzureBlobLandingZone

            return AzureBlobLandingZone(storage.container, connection=storage.connection)
        case SftpStorage():
            from campaign_cdp.hooks.landing_zone.sftp import SftpLandingZone

            return SftpLandingZone(storage.path, connection=storage.connection)
        case LocalStorage():
            from campaign_cdp.hooks.landing_zone.local import LocalLandingZone

            return LocalLandingZone(storage.path, connection=storage.connection)
        case _:
            assert_never(storage)
