"""Landing zones as a feed names them: a kind of storage, and a folder in it for one direction."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from campaign_cdp.feeds.scalars import Prefix, ServerPath, SourceFolder
from campaign_cdp.feeds.strict import Strict


class Storage(Strict):
    """Common to all kinds. Each has a ``root``: what the keys of its objects are relative to."""

    type: str
    connection: str = Field(description="Airflow connection id; its secrets never appear here.")


class S3Storage(Storage):
    type: Literal["s3"] = Field(description="Kind of storage.")
    bucket: str = Field(description="Bucket name, without s3://.")

    @property
    def root(self) -> str:
        return self.bucket


class AzureBlobStorage(Storage):
    type: Literal["azure_blob"] = Field(description="Kind of storage.")
    container: str = Field(description="Name of the blob container.")

    @property
    def root(self) -> str:
        return self.container


class PathStorage(Storage):
    """Keys are relative to a folder instead of a bucket."""

    path: ServerPath = Field(
        default="", description="Folder on the server, or below the path of a local connection; empty is that itself."
    )

    @property
    def root(self) -> str:
        return self.path


class SftpStorage(PathStorage):
    type: Literal["sftp"] = Field(description="Kind of storage.")


class LocalStorage(PathStorage):
    type: Literal["local"] = Field(description="Kind of storage.")


class AudienceFolder(Strict):
    """Where AEP writes the files of one audience."""

    prefix: Prefix = Field(description="Folder of this feed, ending in /. One feed per folder.")
    name_pattern: str = Field(default="*.csv*", description="Glob for the names of data files below the prefix.")
    ignore_before: date | None = Field(
        default=None, description="Files last modified before this day (UTC) are not ours."
    )


class EventFolder(Strict):
    """Where AEP Sources picks files up. Names hold only what AEP takes without escaping."""

    prefix: SourceFolder = Field(description="Folder that the AEP dataflow watches, ending in /. One feed per folder.")
    staging: SourceFolder = Field(
        description="Folder outside of it, where files are written before they are published."
    )


# Fields come in the order of the bases from right to left: the storage first, then the folder in it.
class S3AudienceZone(AudienceFolder, S3Storage):
    """An S3 bucket that AEP writes to."""


class AzureBlobAudienceZone(AudienceFolder, AzureBlobStorage):
    """An Azure Blob container that AEP writes to."""


class SftpAudienceZone(AudienceFolder, SftpStorage):
    """An SFTP server that AEP writes to."""


class LocalAudienceZone(AudienceFolder, LocalStorage):
    """A folder of the workers that AEP's files are brought to, such as a network mount."""


class S3EventZone(EventFolder, S3Storage):
    """An S3 bucket that AEP Sources reads."""


class AzureBlobEventZone(EventFolder, AzureBlobStorage):
    """An Azure Blob container that AEP Sources reads."""


class SftpEventZone(EventFolder, SftpStorage):
    """An SFTP server that AEP Sources reads."""


class LocalEventZone(EventFolder, LocalStorage):
    """A folder of the workers from which something else carries the files to AEP."""


AudienceZone: TypeAlias = Annotated[
    S3AudienceZone | AzureBlobAudienceZone | SftpAudienceZone | LocalAudienceZone, Field(discriminator="type")
]
EventZone: TypeAlias = Annotated[
    S3EventZone | AzureBlobEventZone | SftpEventZone | LocalEventZone, Field(discriminator="type")
]
AnyStorage: TypeAlias = S3Storage | AzureBlobStorage | SftpStorage | LocalStorage
