"""A test's own landing zone in any storage, seen from AEP's side."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from campaign_cdp.sandbox.storages import OutsideStorage, StorageHost

ROOT_KEYS = {"s3": "bucket", "azure_blob": "container", "sftp": "path", "local": "path"}


@dataclass(frozen=True, slots=True)
class Place:
    """One bucket, container or folder.

    :param landing_zone: what a feed says about it, without its folders.
    """

    landing_zone: dict[str, Any]
    storage: OutsideStorage

    @classmethod
    def new(cls, kind: str, host: StorageHost, root: str) -> Place:
        """Make it, empty; Airflow knows the connection already."""
        zone = {"type": kind, "connection": f"landing_zone_{kind}", ROOT_KEYS[kind]: root}
        return cls(zone, host.storage(root))

    @classmethod
    def named(cls, bucket: str) -> Place:
        """An S3 bucket that is only named, never looked into."""
        return cls({"type": "s3", "connection": "landing_zone_s3", "bucket": bucket}, cast("OutsideStorage", None))

    def put(self, key: str, body: bytes) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            self.storage.put(key, Path(file.name))

    def read(self, key: str) -> bytes:
        with self.storage.open(key) as content:
            return content.read()

    def sizes(self, prefix: str = "") -> dict[str, int]:
        return {obj.key: obj.size for obj in self.storage.objects(prefix)}
