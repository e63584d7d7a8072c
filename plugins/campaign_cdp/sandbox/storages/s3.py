from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from campaign_cdp.hooks.landing_zone.object_stream import ObjectStream
from campaign_cdp.sandbox.storages import OutsideObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Storage:
    """One bucket, through boto3."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client, self._bucket, self.url = client, bucket, f"s3://{bucket}"

    def put(self, key: str, path: Path) -> None:
        self._client.upload_file(str(path), self._bucket, key)

    def objects(self, prefix: str) -> Iterator[OutsideObject]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                yield OutsideObject(item["Key"], item["Size"], item["LastModified"].astimezone(UTC))

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        answer = self._client.get_object(Bucket=self._bucket, Key=key)
        stream = ObjectStream(answer["Body"], answer["ContentLength"], key, lambda _: nullcontext())
        with io.BufferedReader(stream, 1 << 20) as content:
            yield cast("BinaryIO", content)
