"""Reading one version of an object without ever taking a broken transfer for its end."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

from campaign_cdp.exceptions import RetriableSyncError

#: Maps a client's errors for what is being done, e.g. ``list s3://bucket/prefix``.
Mapped: TypeAlias = Callable[[str], AbstractContextManager[None]]


class Body(Protocol):
    """The bytes of a storage's answer."""

    def read(self, size: int) -> bytes | memoryview: ...

    def close(self) -> None: ...


class ObjectStream(io.RawIOBase):
    """A storage's answer as a raw stream.

    :param body: as the storage's client gives it.
    :param size: bytes promised; an end before that is an error, not an end of file.
    :param url: for messages.
    :param mapped: context manager factory that maps the client's errors.
    """

    def __init__(self, body: Body, size: int, url: str, mapped: Mapped) -> None:
        super().__init__()
        self._body, self._size, self._url, self._mapped = body, size, url, mapped
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        with self._mapped(f"read {self._url} (got {self._read:,} of {self._size:,} bytes)"):
            data = self._body.read(len(view))
        if not data and self._read < self._size:
            raise RetriableSyncError(
                f"The transfer of {self._url} ended after {self._read:,} of {self._size:,} bytes. Nothing of it was "
                "applied. It will be tried again."
            )
        view[: len(data)] = data
        self._read += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()


def quoted(etag: str) -> str:
    """An ETag as HTTP's headers carry it."""
    return f'"{etag}"'
