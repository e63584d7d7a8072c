"""An Azure Blob server (Azurite) on Node.js from a wheel."""

from __future__ import annotations

import base64
import json
import secrets
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import urlsplit

from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient

from campaign_cdp.sandbox.addresses import LOOPBACK, bind_address, host
from campaign_cdp.sandbox.hosts import StorageServer
from campaign_cdp.sandbox.node import installed, node
from campaign_cdp.sandbox.storages.azure_blob import AzureBlobStorage

#: Name of the storage account.
ACCOUNT: Final = "sandbox"
#: Where the stand-in for AEP writes its exports, and where the stand-in for AEP Sources looks for event files.
CONTAINERS: Final = ("aep-exports", "aep-sources")
_PACKAGE: Final = Path(__file__).with_name("azurite_node")
_HEAP_MIB: Final = 256


class AzuriteServer(StorageServer):
    """An Azure Blob server on the loopback interface, with one account and a key of its own."""

    name: ClassVar[str] = "azure_blob"
    port_names: ClassVar[tuple[str, ...]] = ("blob",)

    @property
    def account_url(self) -> str:
        return f"http://{host()}:{self.record.ports['blob']}/{ACCOUNT}"

    @property
    def account_key(self) -> str:
        return self.record.secrets["account_key"]

    def client(self, *, timeout: float = 30) -> BlobServiceClient:
        """Return a client of the SDK.

        :param timeout: seconds to wait for an answer.
        """
        return BlobServiceClient(
            self.account_url,
            credential=AzureNamedKeyCredential(ACCOUNT, self.account_key),
            retry_total=0,
            connection_timeout=2,
            read_timeout=timeout,
        )

    def connections(self) -> dict[str, str]:
        return {"AIRFLOW_CONN_LANDING_ZONE_AZURE_BLOB": account_connection(self.account_url, self.account_key)}

    def storage(self, root: str) -> AzureBlobStorage:
        client = self.client()
        ensure_container(client, root)
        return AzureBlobStorage(client, root)

    def new_secrets(self) -> dict[str, str]:
        return {"account_key": base64.b64encode(secrets.token_bytes(64)).decode("ascii")}

    def prepare(self) -> None:
        self.folder.chmod(0o700)
        self._data.mkdir(parents=True, exist_ok=True)
        self._program()

    def command(self) -> list[str]:
        return [
            *(str(node()), f"--max-old-space-size={_HEAP_MIB}", str(self._program())),
            *("--blobHost", bind_address(), "--blobPort", str(self.record.ports["blob"])),
            *("--location", str(self._data)),
            *("--silent", "--disableTelemetry"),
            # The SDK speaks a newer version than Azurite knows by name.
            "--skipApiVersionCheck",
        ]

    def environment(self) -> dict[str, str]:
        # Azurite reads the source of a copy from itself, which no proxy could.
        return {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{self.account_key}", "NO_PROXY": host(), "no_proxy": host()}

    def check_ready(self) -> None:
        client = self.client(timeout=5)
        for container in CONTAINERS:
            ensure_container(client, container)
        blob = client.get_blob_client(CONTAINERS[0], ".sandbox-ready")
        blob.upload_blob(b"ready", overwrite=True)
        blob.delete_blob()

    def _program(self) -> Path:
        folder = installed("azurite", _PACKAGE, self.progress)
        return folder / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"

    @property
    def _data(self) -> Path:
        return self.folder / "data"


def account_connection(account_url: str, account_key: str) -> str:
    """Return the Airflow connection (JSON) for an account of a local server, which needs no patience."""
    extra = {"retry_total": 2, "initial_backoff": 1, "increment_base": 1, "random_jitter_range": 0}
    login = account_url.rsplit("/", 1)[-1]
    if urlsplit(account_url).hostname != LOOPBACK:
        # The SDK takes the account's name out of an address of Azure or of this machine; else it has to be told.
        told = f"DefaultEndpointsProtocol=http;AccountName={login};AccountKey={account_key};BlobEndpoint={account_url};"
        return json.dumps({"conn_type": "wasb", "extra": {"connection_string": told, **extra}})
    return json.dumps(
        {"conn_type": "wasb", "login": login, "password": account_key, "host": account_url, "extra": extra}
    )


def ensure_container(client: BlobServiceClient, name: str) -> None:
    """Create a container unless it exists."""
    with suppress(ResourceExistsError):
        client.create_container(name)
