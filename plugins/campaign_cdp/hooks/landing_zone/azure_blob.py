"""Landing zone in an Azure Blob container, on the Microsoft Azure provider's hook and connection.

Blobs appear by committing a list of blocks, and blocks are invisible until then. So a copy is made of blocks too, which
the server reads from the source by itself: unlike *Copy Blob*, there is no pending or failed copy for anybody to see.
The list is committed with ``If-None-Match: *``, and every block's source is pinned by its ETag.

What is known of a blob always comes out of a listing, never out of headers: where a connection breaks within those, the
client takes what came, the last one perhaps by half, for all there are.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from datetime import UTC
from functools import cached_property, partial
from typing import Any, BinaryIO, Final

from airflow.providers.microsoft.azure.hooks.wasb import WasbHook
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.storage.blob import BlobClient, BlobProperties, BlobServiceClient, ContainerClient

from campaign_cdp.exceptions import FeedConfigError, RetriableSyncError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.azure_errors import connecting, is_gone, mapped_errors
from campaign_cdp.hooks.landing_zone.azure_range import fetched
from campaign_cdp.hooks.landing_zone.azure_source import CopySource
from campaign_cdp.hooks.landing_zone.azure_upload import BlockUpload
from campaign_cdp.hooks.landing_zone.copying import Copy, CopyingLandingZone, SourceGoneError
from campaign_cdp.hooks.landing_zone.object_stream import ObjectStream, quoted
from campaign_cdp.hooks.landing_zone.ranges import RangeBody
from campaign_cdp.hooks.landing_zone.rechunk import rechunked
from campaign_cdp.hooks.landing_zone.refusals import require_verification

#: Metadata name of a copy's mark; Azure allows no dash in one.
ORIGIN: Final = "cdp_origin_etag"
_MIB: Final = 1024 * 1024
_READ_AHEAD: Final = _MIB
# With a hierarchical namespace, folders are listed as empty blobs that carry this.
_FOLDER_MARK: Final = "hdi_isfolder"


class AzureBlobLandingZone(CopyingLandingZone):
    """One container; it is never created here.

    :param container: its name.
    :param connection: Airflow connection id of type ``wasb``: account key, SAS, connection string, service principal or
        managed identity, as the provider reads them. Retries and time-outs come from its extra.
    :param page_size: blobs a listing request asks for, at most 5,000.
    :param block_size: bytes of an uploaded block, and of a range that is read at once; three of them are in memory.
    :param copy_block_size: bytes that the server copies at once, at most 100 MiB.
    """

    def __init__(
        self,
        container: str,
        *,
        connection: str = "landing_zone_azure_blob",
        page_size: int = 5000,
        block_size: int = 8 * _MIB,
        copy_block_size: int = 64 * _MIB,
    ) -> None:
        self.container, self.connection, self.url = container, connection, f"abfs://{container}"
        self.page_size, self.block_size, self.copy_block_size = page_size, block_size, copy_block_size

    @cached_property
    def _service(self) -> BlobServiceClient:
        try:
            # Without one, the hook's own error would not say which feed to correct.
            extra = BaseHook.get_connection(self.connection).extra_dejson
        except AirflowNotFoundException as err:
            raise FeedConfigError(
                f"Airflow connection {self.connection!r} does not exist, so {self.url} cannot be reached. Create it "
                "(type wasb), or correct landing_zone.connection of the feed."
            ) from err
        require_verification(self.connection, extra, "connection_verify")
        with connecting(self.url, self.connection):
            return WasbHook(wasb_conn_id=self.connection).get_conn()

    @property
    def _blobs(self) -> ContainerClient:
        with connecting(self.url, self.connection):
            return self._service.get_container_client(self.container)

    def _blob(self, key: str) -> BlobClient:
        return self._blobs.get_blob_client(key)

    def close(self) -> None:
        service = self.__dict__.pop("_service", None)
        if service is None:
            return
        service.close()
        # Credentials that fetch tokens have connections of their own.
        with suppress(AttributeError):
            service.credential.close()

    def iter_pages(self, prefix: str) -> Iterator[list[StoredObject]]:
        for page in self._pages(prefix, self.page_size):
            yield [_stored(blob) for blob in page]

    def stat(self, key: str) -> StoredObject | None:
        found = self._find(key)
        return found.stored if found else None

    def open(self, obj: StoredObject) -> BinaryIO:
        url = f"{self.url}/{obj.key}"
        fetch = partial(fetched, self._blob(obj.key), _pinned(obj), url)
        with self._mapped(f"open {url}"):
            body = RangeBody(fetch, obj.size, self.block_size).opened()
        return io.BufferedReader(ObjectStream(body, obj.size, url, self._mapped), _READ_AHEAD)

    def stage(self, key: str, body: Iterator[bytes]) -> StoredObject:
        parts = rechunked(body, self.block_size)
        first = next(parts, b"")
        if len(first) < self.block_size:
            with self._mapped(f"write {self.url}/{key}"):
                self._blob(key).upload_blob(first, overwrite=True)
        else:
            upload = self._upload(key)
            upload.put(first)
            del first
            for part in parts:
                upload.put(part)
            upload.commit()
        staged = self.stat(key)
        if staged is None:
            raise RetriableSyncError(f"{self.url}/{key} was written and is gone again. It will be tried again.")
        return staged

    def delete(self, obj: StoredObject) -> bool:
        with self._mapped(f"delete {self.url}/{obj.key}"):
            try:
                self._blob(obj.key).delete_blob(**_pinned(obj))
            except HttpResponseError as err:
                if is_gone(err):
                    return False
                raise
        return True

    def _pages(self, prefix: str, size: int) -> Iterator[list[BlobProperties]]:
        pages = self._blobs.list_blobs(name_starts_with=prefix, include=["metadata"], results_per_page=size).by_page()
        while True:
            with self._mapped(f"list {self.url}/{prefix}"):
                try:
                    page = next(pages, None)
                except AttributeError as err:  # the client stumbles over an answer without a body
                    raise ServiceResponseError("The answer was cut off before the listing") from err
                found = None if page is None else [blob for blob in page if not _is_folder(blob)]
            if found is None:
                return
            yield found

    # -- Copying --------------------------------------------------------------------------------------------------

    def _find(self, key: str) -> Copy | None:
        # A key comes before all others that begin with it.
        first = next(self._pages(key, 1), [])
        return next((Copy(_stored(blob), blob.metadata.get(ORIGIN)) for blob in first if blob.name == key), None)

    def _copy(self, obj: StoredObject, key: str) -> None:
        upload = self._upload(key)
        if not obj.size and self.stat(obj.key) != obj:
            raise SourceGoneError  # there is no block to pin it with
        with self._mapped(f"read {self.url}/{obj.key}"):
            source = CopySource(self._service, self._blob(obj.key), obj)
        for start in range(0, obj.size, self.copy_block_size):
            upload.copy(source, start, min(self.copy_block_size, obj.size - start))
        upload.commit(only_if_free=True, metadata={ORIGIN: obj.etag})

    def _upload(self, key: str) -> BlockUpload:
        return BlockUpload(self._blob(key), f"{self.url}/{key}", self._mapped)

    def _mapped(self, doing: str) -> AbstractContextManager[None]:
        return mapped_errors(doing, self.connection)


def _pinned(obj: StoredObject) -> dict[str, Any]:
    return {"etag": quoted(obj.etag), "match_condition": MatchConditions.IfNotModified}


def _is_folder(blob: BlobProperties) -> bool:
    return (blob.metadata or {}).get(_FOLDER_MARK) == "true"


def _stored(blob: BlobProperties) -> StoredObject:
    return StoredObject(blob.name, blob.size, blob.etag.strip('"'), blob.last_modified.astimezone(UTC))
