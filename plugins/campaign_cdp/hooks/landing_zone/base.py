"""The small interface that every storage implements; nothing else in the project knows a storage's API."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO, Self

from campaign_cdp.exceptions import FileReplacedError
from campaign_cdp.file_sets import StoredObject


class LandingZone(ABC):
    """One bucket, container or folder. A context manager: leaving it closes its connections.

    Every method raises :class:`~campaign_cdp.exceptions.RetriableSyncError` when the storage is busy or unreachable and
    :class:`~campaign_cdp.exceptions.AccessDeniedError` when it refuses the credentials. Instances are not shared
    between threads.
    """

    #: Where messages say a file is, e.g. ``s3://aep-exports``.
    url: str

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:  # noqa: B027 - most storages hold nothing open
        """Close what is open; doing it again is a no-op."""

    @abstractmethod
    def iter_pages(self, prefix: str) -> Iterator[list[StoredObject]]:
        """Yield everything below ``prefix``, a page (at most some thousand) at a time, in key order."""

    @abstractmethod
    def stat(self, key: str) -> StoredObject | None:
        """Return the object at ``key`` or ``None``."""

    @abstractmethod
    def open(self, obj: StoredObject) -> BinaryIO:
        """Open exactly this version for streaming; nothing is written to local disk.

        :raises FileReplacedError: if the object is gone or has another ETag.
        """

    @abstractmethod
    def stage(self, key: str, body: Iterator[bytes]) -> StoredObject:
        """Write ``body`` to ``key`` in constant memory; the object appears whole or not at all. Overwrites."""

    @abstractmethod
    def publish(self, staged: StoredObject, key: str) -> StoredObject:
        """Give a staged object its final name, atomically; the staged object is gone afterwards.

        Doing it again is a no-op. An object of other content at ``key`` is never overwritten.

        :raises FileReplacedError: if ``key`` is taken by other content, or the staged object has changed.
        """

    @abstractmethod
    def move(self, obj: StoredObject, key: str) -> StoredObject | None:
        """Move exactly this version to ``key``; doing it again is a no-op.

        Returns ``None`` and touches nothing if it is gone or a newer version has taken its place.

        :raises FileReplacedError: if ``key`` is taken by other content, which is never overwritten.
        """

    @abstractmethod
    def delete(self, obj: StoredObject) -> bool:
        """Delete exactly this version; ``False`` if it is gone or has been replaced."""

    def clear(self, prefix: str) -> None:
        """Delete all that is below ``prefix``, also what killed uploads left there. Only for folders of our own."""
        for page in self.iter_pages(prefix):
            for obj in page:
                self.delete(obj)

    def free_bytes(self) -> int | None:
        """Return how much the storage still takes, or ``None`` if it does not say."""
        return None

    def read_small(self, obj: StoredObject, *, max_bytes: int = 10_000_000) -> bytes:
        """Return a manifest-sized object.

        :raises FileReplacedError: if it is larger than ``max_bytes`` or no longer this version.
        """
        if obj.size > max_bytes:
            raise FileReplacedError(
                f"{self.url}/{obj.key} has {obj.size:,} bytes, at most {max_bytes:,} were expected."
            )
        with self.open(obj) as stream:
            return stream.read()
