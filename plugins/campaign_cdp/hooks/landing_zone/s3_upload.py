"""One S3 upload in parts: invisible until complete, aborted when anything goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from botocore.exceptions import ClientError

from campaign_cdp.exceptions import SyncError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.copying import KeyTakenError, SourceGoneError
from campaign_cdp.hooks.landing_zone.object_stream import Mapped, quoted
from campaign_cdp.hooks.landing_zone.s3_errors import code_of, is_gone, status_of, whole

log = logging.getLogger(__name__)


class MultipartUpload:
    """Write an object in parts. Leaving the block without :meth:`complete` aborts it: hidden parts would be paid for.

    :param s3: boto3 client.
    :param metadata: of the new object.
    :param mapped: context manager factory that maps the client's errors.
    """

    def __init__(self, s3: Any, bucket: str, key: str, metadata: dict[str, str], mapped: Mapped) -> None:
        self._s3, self._metadata, self._mapped = s3, metadata, mapped
        self._bucket, self._target = bucket, {"Bucket": bucket, "Key": key}
        self._doing = f"write s3://{bucket}/{key}"
        self._parts: list[dict[str, Any]] = []
        self._is_open = False

    def __enter__(self) -> Self:
        with self._mapped(self._doing):
            answer = whole(self._s3.create_multipart_upload(**self._target, Metadata=self._metadata), "UploadId")
        self._target["UploadId"] = answer["UploadId"]
        self._is_open = True
        return self

    def put(self, body: bytes) -> None:
        number = len(self._parts) + 1
        with self._mapped(self._doing):
            answer = whole(self._s3.upload_part(**self._target, PartNumber=number, Body=body), "ETag")
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})

    def copy(self, source: StoredObject, first: int, last: int) -> None:
        """Have the server copy bytes ``first`` to ``last``.

        :raises SourceGoneError: if the source is gone or has another ETag.
        """
        number = len(self._parts) + 1
        # A range is refused for an object that needs none.
        bounds = {} if (first, last) == (0, source.size - 1) else {"CopySourceRange": f"bytes={first}-{last}"}
        with self._mapped(f"copy s3://{self._bucket}/{source.key}"):
            try:
                answer = self._s3.upload_part_copy(
                    **self._target,
                    **bounds,
                    PartNumber=number,
                    CopySource={"Bucket": self._bucket, "Key": source.key},
                    CopySourceIfMatch=quoted(source.etag),
                )
            except ClientError as err:
                if is_gone(err):
                    raise SourceGoneError from err
                raise
            result = whole(answer.get("CopyPartResult", {}), "ETag")
        self._parts.append({"PartNumber": number, "ETag": result["ETag"]})

    def complete(self, *, only_if_free: bool = False) -> None:
        """Make the object appear.

        :param only_if_free: never replace an object.
        :raises KeyTakenError: if there is one.
        """
        condition = {"IfNoneMatch": "*"} if only_if_free else {}
        with self._mapped(self._doing), unless_taken():
            self._s3.complete_multipart_upload(**self._target, **condition, MultipartUpload={"Parts": self._parts})
        self._is_open = False

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_open:
            return
        try:
            with self._mapped(f"abort the upload of {self._target['Key']}"):
                self._s3.abort_multipart_upload(**self._target)
        except SyncError as abort_err:
            log.warning("%s A lifecycle rule for incomplete uploads will remove its parts.", abort_err)


@contextmanager
def unless_taken() -> Iterator[None]:
    """Tell a refused ``If-None-Match: *`` from other errors."""
    try:
        yield
    except ClientError as err:
        if status_of(err) == 412 or code_of(err) == "PreconditionFailed":
            raise KeyTakenError from err
        raise
