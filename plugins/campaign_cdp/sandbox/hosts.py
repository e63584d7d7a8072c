"""The storages that the sandbox can hold, by the kind that feeds name. Each is imported only when it is wanted."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from campaign_cdp.sandbox.server import EmbeddedServer, ServerRecord
from campaign_cdp.sandbox.storages import OutsideStorage

ServedZone: TypeAlias = Literal["s3", "azure_blob", "sftp"]
Zone: TypeAlias = Literal["s3", "azure_blob", "sftp", "local"]
SERVED: Final[tuple[ServedZone, ...]] = get_args(ServedZone)
ZONES: Final[tuple[Zone, ...]] = get_args(Zone)


class StorageServer(EmbeddedServer):
    """A server that holds landing zones, see :class:`~campaign_cdp.sandbox.storages.StorageHost`."""

    @abstractmethod
    def connections(self) -> dict[str, str]: ...

    @abstractmethod
    def storage(self, root: str) -> OutsideStorage: ...


def storage_server(kind: ServedZone, folder: Path, record: ServerRecord | None) -> StorageServer:
    """Return a server as it was recorded, running or not.

    :param folder: of the sandbox; the server's data is in the folder of its kind.
    """
    match kind:
        case "s3":
            from campaign_cdp.sandbox.s3 import S3Server

            return S3Server(folder / kind, record)
        case "azure_blob":
            from campaign_cdp.sandbox.azurite import AzuriteServer

            return AzuriteServer(folder / kind, record)
        case "sftp":
            from campaign_cdp.sandbox.sftp import SftpServer

            return SftpServer(folder / kind, record)
