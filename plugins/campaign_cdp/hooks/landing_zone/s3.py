"""Landing zone in an S3 bucket, on the Amazon provider's hook and connection.

S3 gives a copy another ETag than its source, since an upload in parts has an ETag over its parts. Nothing is ever
overwritten by a copy: it is completed with ``If-None-Match: *``, and its source is pinned with
``x-amz-copy-source-if-match``.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC
from functools import cached_property
from typing import Any, BinaryIO, Final

from airflow.sdk.exceptions import AirflowNotFoundException
from botocore.exceptions import ClientError

from campaign_cdp.exceptions import FeedConfigError, RetriableSyncError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.copying import Copy, CopyingLandingZone, SourceGoneError
from campaign_cdp.hooks.landing_zone.object_stream import ObjectStream, quoted
from campaign_cdp.hooks.landing_zone.ranges import RangeBody
from campaign_cdp.hooks.landing_zone.rechunk import rechunked
from campaign_cdp.hooks.landing_zone.refusals import replaced
from campaign_cdp.hooks.landing_zone.s3_clients import client_for
from campaign_cdp.hooks.landing_zone.s3_errors import is_gone, mapped_errors, whole
from campaign_cdp.hooks.landing_zone.s3_upload import MultipartUpload, unless_taken

#: Metadata key of a copy: the ETag of what it was copied from.
ORIGIN: Final = "cdp-origin-etag"
_MIB: Final = 1024 * 1024
_READ_AHEAD: Final = _MIB


class S3LandingZone(CopyingLandingZone):
    """One bucket.

    :param bucket: its name, without ``s3://``.
    :param connection: Airflow connection id of type ``aws``. Endpoint, retries, time-outs and TLS come from its extra.
    :param page_size: keys a listing request asks for, at most 1,000.
    :param part_size: bytes of an uploaded part; two of them are in memory.
    :param copy_part_size: bytes that the server copies at once, at most 5 GiB.
    """

    def __init__(
        self,
        bucket: str,
        *,
        connection: str = "landing_zone_s3",
        page_size: int = 1000,
        part_size: int = 8 * _MIB,
        copy_part_size: int = 1024 * _MIB,
    ) -> None:
        self.bucket, self.connection, self.url = bucket, connection, f"s3://{bucket}"
        self.page_size, self.part_size, self.copy_part_size = page_size, part_size, copy_part_size

    @cached_property
    def _s3(self) -> Any:
        try:
            with self._mapped(f"connect to {self.url}"):
                return client_for(self.connection)
        except AirflowNotFoundException as err:
            raise FeedConfigError(
                f"Airflow connection {self.connection!r} does not exist, so {self.url} cannot be reached. Create it "
                "(type aws), or correct landing_zone.connection of the feed."
            ) from err

    def iter_pages(self, prefix: str) -> Iterator[list[StoredObject]]:
        paginator = self._s3.get_paginator("list_objects_v2")
        pages = iter(
            paginator.paginate(Bucket=self.bucket, Prefix=prefix, PaginationConfig={"PageSize": self.page_size})
        )
        while True:
            with self._mapped(f"list {self.url}/{prefix}"):
                page = next(pages, None)
                if page is not None:
                    whole(page, "IsTruncated")
            if page is None:
                return
            yield [_stored(item) for item in page.get("Contents", ())]

    def stat(self, key: str) -> StoredObject | None:
        # A listing, because HEAD answers 404 for a missing bucket too.
        with self._mapped(f"look for {self.url}/{key}"):
            page = whole(self._s3.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1), "IsTruncated")
        return next((_stored(item) for item in page.get("Contents", ()) if item["Key"] == key), None)

    def open(self, obj: StoredObject) -> BinaryIO:
        url = f"{self.url}/{obj.key}"

        def fetch(start: int, length: int) -> bytes:
            bounds = {} if length == obj.size else {"Range": f"bytes={start}-{start + length - 1}"}
            try:
                answer = self._s3.get_object(Bucket=self.bucket, Key=obj.key, IfMatch=quoted(obj.etag), **bounds)
            except ClientError as err:
                if is_gone(err):
                    raise replaced(url) from err
                raise
            return answer["Body"].read()

        with self._mapped(f"open {url}"):
            body = RangeBody(fetch, obj.size, self.part_size).opened()
        return io.BufferedReader(ObjectStream(body, obj.size, url, self._mapped), _READ_AHEAD)

    def stage(self, key: str, body: Iterator[bytes]) -> StoredObject:
        parts = rechunked(body, self.part_size)
        first = next(parts, b"")
        if len(first) < self.part_size:
            with self._mapped(f"write {self.url}/{key}"):
                self._s3.put_object(Bucket=self.bucket, Key=key, Body=first)
        else:
            with self._upload(key, {}) as upload:
                upload.put(first)
                del first
                for part in parts:
                    upload.put(part)
                upload.complete()
        staged = self.stat(key)
        if staged is None:
            raise RetriableSyncError(f"{self.url}/{key} was written and is gone again. It will be tried again.")
        return staged

    def delete(self, obj: StoredObject) -> bool:
        current = self.stat(obj.key)
        if current is None or current.identity != obj.identity:
            return False
        with self._mapped(f"delete {self.url}/{obj.key}"):
            try:
                self._s3.delete_object(Bucket=self.bucket, Key=obj.key, IfMatch=quoted(obj.etag))
            except ClientError as err:
                if is_gone(err):
                    return False
                raise
        return True

    # -- Copying --------------------------------------------------------------------------------------------------

    def _find(self, key: str) -> Copy | None:
        with self._mapped(f"look for {self.url}/{key}"):
            try:
                head = whole(self._s3.head_object(Bucket=self.bucket, Key=key), "ContentLength", "ETag", "LastModified")
            except ClientError as err:
                if is_gone(err):
                    return None
                raise
        return Copy(_stored({**head, "Key": key, "Size": head["ContentLength"]}), head["Metadata"].get(ORIGIN))

    def _copy(self, obj: StoredObject, key: str) -> None:
        if not obj.size:
            self._copy_empty(obj, key)
            return
        with self._upload(key, {ORIGIN: obj.etag}) as upload:
            for start in range(0, obj.size, self.copy_part_size):
                upload.copy(obj, start, min(start + self.copy_part_size, obj.size) - 1)
            upload.complete(only_if_free=True)

    def _copy_empty(self, obj: StoredObject, key: str) -> None:
        """An upload in parts needs a byte at least."""
        current = self.stat(obj.key)
        if current is None or current.identity != obj.identity:
            raise SourceGoneError
        with self._mapped(f"write {self.url}/{key}"), unless_taken():
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=b"", Metadata={ORIGIN: obj.etag}, IfNoneMatch="*")

    def _upload(self, key: str, metadata: dict[str, str]) -> MultipartUpload:
        return MultipartUpload(self._s3, self.bucket, key, metadata, self._mapped)

    def _mapped(self, doing: str) -> AbstractContextManager[None]:
        return mapped_errors(doing, self.connection)


def _stored(item: Mapping[str, Any]) -> StoredObject:
    return StoredObject(item["Key"], item["Size"], item["ETag"].strip('"'), item["LastModified"].astimezone(UTC))
