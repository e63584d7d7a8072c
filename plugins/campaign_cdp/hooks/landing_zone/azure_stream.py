"""The bytes of one version of a blob, fetched range by range."""

from __future__ import annotations

from typing import Any

from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.storage.blob import BlobClient

from campaign_cdp.hooks.landing_zone.azure_errors import is_gone
from campaign_cdp.hooks.landing_zone.object_stream import replaced


class BlobRanges:
    """A blob's body. The client retries each range by itself, so a slow reader holds no answer open for hours.

    :param size: bytes of the blob.
    :param pinned: the condition that keeps every range to one version.
    :param url: for messages.
    :param range_size: bytes to fetch at once; at most the 32 MiB that the client fetches with one request.
    """

    def __init__(self, blob: BlobClient, size: int, pinned: dict[str, Any], url: str, range_size: int) -> None:
        self._blob, self._size, self._pinned, self._url, self._range_size = blob, size, pinned, url, range_size
        self._next = 0
        self._left = memoryview(b"")

    def read(self, size: int) -> memoryview:
        """Return up to ``size`` bytes, none at the end.

        :raises FileReplacedError: if the blob is gone or has another ETag by now.
        """
        if not self._left and self._next < self._size:
            self._left = memoryview(b"")  # frees the last range before the next one comes
            self._left = memoryview(self._fetch())
            self._next += len(self._left)
        data, self._left = self._left[:size], self._left[size:]
        return data

    def close(self) -> None:
        self._left, self._next = memoryview(b""), self._size

    def _fetch(self) -> bytes:
        length = min(self._range_size, self._size - self._next)
        try:
            # As stored: the client would unpack a blob whose Content-Encoding says gzip.
            answer = self._blob.download_blob(self._next, length, decompress=False, **self._pinned)
            return answer.readall()
        except HttpResponseError as err:
            if is_gone(err):
                raise replaced(self._url) from err
            raise
        except (TypeError, LookupError) as err:  # the client stumbles over missing headers
            raise ServiceResponseError(f"The answer was cut off ({err})") from err
