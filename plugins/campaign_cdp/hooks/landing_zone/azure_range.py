"""One range of one version of a blob."""

from __future__ import annotations

from typing import Any

from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.storage.blob import BlobClient

from campaign_cdp.hooks.landing_zone.azure_errors import is_gone
from campaign_cdp.hooks.landing_zone.refusals import replaced


def fetched(blob: BlobClient, pinned: dict[str, Any], url: str, start: int, length: int) -> bytes:
    """Return the bytes, at most the 32 MiB that the client fetches with one request.

    :param pinned: the condition that keeps every range to one version.
    :param url: for messages.
    :raises FileReplacedError: if the blob is gone or has another ETag by now.
    """
    try:
        bounds: dict[str, Any] = {"offset": start, "length": length} if length else {}  # an empty blob has no range
        # As stored: the client would unpack a blob whose Content-Encoding says gzip.
        return blob.download_blob(decompress=False, **bounds, **pinned).readall()
    except HttpResponseError as err:
        if is_gone(err):
            raise replaced(url) from err
        raise
    except (TypeError, LookupError) as err:  # the client stumbles over missing headers
        raise ServiceResponseError(f"The answer was cut off ({err})") from err
