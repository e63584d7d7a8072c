from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import BinaryIO

from azure.storage.blob import BlobServiceClient, StorageStreamDownloader

from campaign_cdp.sandbox.storages import OutsideObject


class AzureBlobStorage:
    """One container, through Azure's own client."""

    def __init__(self, client: BlobServiceClient, container: str) -> None:
        self._container, self.url = client.get_container_client(container), f"abfs://{container}"

    def put(self, key: str, path: Path) -> None:
        with path.open("rb") as content:
            self._container.upload_blob(key, content, length=path.stat().st_size, overwrite=True)

    def objects(self, prefix: str) -> Iterator[OutsideObject]:
        for blob in self._container.list_blobs(name_starts_with=prefix):
            yield OutsideObject(blob.name, blob.size, blob.last_modified.astimezone(UTC))

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        with io.BufferedReader(_Download(self._container.download_blob(key, decompress=False)), 1 << 20) as content:
            yield content


class _Download(io.RawIOBase):
    """The client's download as a stream; the client raises if it ends too early."""

    def __init__(self, download: StorageStreamDownloader[bytes]) -> None:
        super().__init__()
        self._download = download

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._download.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
