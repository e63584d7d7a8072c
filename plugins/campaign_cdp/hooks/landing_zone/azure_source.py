"""A blob that the server shall read by itself, which has to be allowed even within one account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from azure.core.credentials import AzureSasCredential
from azure.storage.blob import BlobClient, BlobSasPermissions, BlobServiceClient, generate_blob_sas

from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.object_stream import quoted

_TOKEN_SCOPE: Final = "https://storage.azure.com/.default"  # noqa: S105 - whom the token is for
_VALID: Final = timedelta(hours=1)


class CopySource:
    """One version of a blob, readable with whatever the connection has: key, SAS or token.

    :param service: the connection's client.
    :param blob: client of the blob.
    :param obj: the version that is meant.
    """

    def __init__(self, service: BlobServiceClient, blob: BlobClient, obj: StoredObject) -> None:
        self._credential, self._account = service.credential, service.account_name
        self._blob, self._etag = blob, obj.etag
        self.url = f"abfs://{blob.container_name}/{obj.key}"

    def granted(self) -> dict[str, Any]:
        """Return arguments of a request that has the server read it; the grant soon ends, so ask for each anew."""
        url, bearer = self._blob.url, {}
        # Client errors never show these, and the client's own log masks them.
        if isinstance(self._credential, AzureSasCredential):
            url = f"{url}?{self._credential.signature.lstrip('?')}"
        elif hasattr(self._credential, "account_key"):
            url = f"{url}?{self._signed(self._credential.account_key)}"
        elif self._credential is not None:
            bearer = {"source_authorization": f"Bearer {self._credential.get_token(_TOKEN_SCOPE).token}"}
        return {"source_url": url, "headers": {"x-ms-source-if-match": quoted(self._etag)}, **bearer}

    def _signed(self, account_key: str) -> str:
        return generate_blob_sas(
            account_name=str(self._account),
            container_name=self._blob.container_name,
            blob_name=self._blob.blob_name,
            account_key=account_key,
            permission=BlobSasPermissions(read=True),
            expiry=datetime.now(UTC) + _VALID,
        )
