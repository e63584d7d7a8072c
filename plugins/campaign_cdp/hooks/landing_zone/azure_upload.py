"""One blob written in blocks: invisible until they are committed."""

from __future__ import annotations

import uuid
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobBlock, BlobClient

from campaign_cdp.hooks.landing_zone.azure_errors import code_of, is_gone, is_source_gone
from campaign_cdp.hooks.landing_zone.azure_source import CopySource
from campaign_cdp.hooks.landing_zone.copying import KeyTakenError, SourceGoneError
from campaign_cdp.hooks.landing_zone.object_stream import Mapped


class BlockUpload:
    """Write a blob in blocks. What is never committed needs no cleaning: Azure drops it after a week, without charge.

    :param blob: client of the new blob.
    :param url: for messages.
    :param mapped: context manager factory that maps the client's errors.
    """

    def __init__(self, blob: BlobClient, url: str, mapped: Mapped) -> None:
        self._blob, self._mapped, self._doing = blob, mapped, f"write {url}"
        # Another writer to the same key must not replace our blocks. Azure wants all ids of a blob of one length.
        self._mark = uuid.uuid4().hex
        self._blocks: list[BlobBlock] = []

    def put(self, body: bytes) -> None:
        with self._mapped(self._doing):
            self._blob.stage_block(block_id := self._new_id(), body, length=len(body))
        self._blocks.append(BlobBlock(block_id))

    def copy(self, source: CopySource, offset: int, length: int) -> None:
        """Have the server copy a range of another blob.

        :raises SourceGoneError: if the source is gone or has another ETag.
        """
        with self._mapped(f"copy {source.url} to {self._blob.blob_name}"):
            try:
                self._blob.stage_block_from_url(
                    block_id := self._new_id(),
                    source_offset=offset,
                    source_length=length,
                    **source.granted(),
                )
            except HttpResponseError as err:
                if is_source_gone(err):
                    raise SourceGoneError from err
                raise
        self._blocks.append(BlobBlock(block_id))

    def commit(self, *, only_if_free: bool = False, metadata: dict[str, str] | None = None) -> None:
        """Make the blob appear.

        :param only_if_free: never replace a blob.
        :raises KeyTakenError: if there is one.
        """
        condition: dict[str, Any] = {"match_condition": MatchConditions.IfMissing} if only_if_free else {}
        with self._mapped(self._doing):
            try:
                self._blob.commit_block_list(self._blocks, metadata=metadata, **condition)
            except HttpResponseError as err:
                if only_if_free and _is_taken(err):
                    raise KeyTakenError from err
                raise

    def _new_id(self) -> str:
        return f"{self._mark}-{len(self._blocks):08d}"


def _is_taken(err: HttpResponseError) -> bool:
    # Whoever commits first takes away the blocks of all others.
    return is_gone(err) or code_of(err) in {"BlobAlreadyExists", "InvalidBlockList"}
