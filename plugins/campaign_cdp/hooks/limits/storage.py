"""What lies in a landing zone, for the storages that a contract limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeGuard

from campaign_cdp.feeds.zones import AnyStorage, LocalStorage, SftpStorage
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.limits.model import Limits
from campaign_cdp.limits.reading import Reading


@dataclass(frozen=True, slots=True)
class StorageUse:
    """:param oldest: when the oldest file was last modified.
    :param free: bytes that the storage still takes, if it says.
    """

    used: int
    files: int
    oldest: datetime | None
    free: int | None


def is_limited(storage: AnyStorage) -> TypeGuard[SftpStorage | LocalStorage]:
    """True for storages of a fixed size; S3 and Azure Blob have none."""
    return isinstance(storage, SftpStorage | LocalStorage)


def scope_of(storage: AnyStorage) -> str:
    """Name a landing zone in readings: its connection and, if it has one, its root."""
    return f"{storage.connection}:{storage.root}" if storage.root else storage.connection


def read_storage(storage: AnyStorage) -> StorageUse:
    """Add up everything below the root, in constant memory."""
    used, files, oldest = 0, 0, None
    with landing_zone_for(storage) as zone:
        for page in zone.iter_pages(""):
            files += len(page)
            for obj in page:
                used += obj.size
                oldest = min(oldest or obj.modified, obj.modified)
        return StorageUse(used, files, oldest, zone.free_bytes())


def storage_readings(limits: Limits, storage: AnyStorage, use: StorageUse, added: int = 0) -> list[Reading]:
    """Put the use of a storage beside its limits.

    :param added: bytes that a run would write.
    """
    scope = scope_of(storage)
    age = (datetime.now(UTC) - use.oldest).total_seconds() if use.oldest else 0
    return [
        limits.reading("sftp_storage", scope, use.used, use.used + added, free=use.free),
        limits.reading("sftp_file_age", scope, max(int(age), 0)),
    ]
