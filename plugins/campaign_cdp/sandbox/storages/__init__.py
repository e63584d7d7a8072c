"""Storages as the other side sees them: AEP writes exports and reads events with clients of its own.

Nothing here goes through the project's landing zones, so what the two agree on is the storage's contract.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class OutsideObject:
    """One file, as a listing shows it."""

    key: str
    size: int
    modified: datetime


class OutsideStorage(Protocol):
    """One bucket, container or folder. Keys are relative to it."""

    #: Where messages say a file is.
    url: str

    def put(self, key: str, path: Path) -> None:
        """Store a local file as AEP does: under its final name, an older version is overwritten."""

    def objects(self, prefix: str) -> Iterator[OutsideObject]:
        """Yield everything below a prefix, in sub-folders too."""

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Open a file for streaming; an end that comes too early is an error."""


class StorageHost(Protocol):
    """A server, or what stands for one, that holds landing zones of one kind."""

    def connections(self) -> dict[str, str]:
        """Return Airflow's connections to it, as environment variables."""

    def storage(self, root: str) -> OutsideStorage:
        """Return the bucket, container or folder of that name; it exists afterwards."""
