"""Bytes on their way from a storage: digested as they are stored, looked at before they are read."""

from __future__ import annotations

import hashlib
from typing import Protocol

READ_BYTES = 256 * 1024


class Readable(Protocol):
    """All that is asked of a source of bytes."""

    def read(self, size: int = ..., /) -> bytes:
        """Return some bytes, at most ``size``; none at the end."""


class StoredBytes:
    """The bytes of a part exactly as the storage holds them."""

    def __init__(self, source: Readable) -> None:
        self._source, self._digest = source, hashlib.sha256()
        self.count = 0

    @property
    def sha256(self) -> str:
        """Hex digest of what was read so far."""
        return self._digest.hexdigest()

    def read(self, size: int = READ_BYTES) -> bytes:
        data = self._source.read(size)
        self._digest.update(data)
        self.count += len(data)
        return data


class Lookahead:
    """A source whose first bytes can be seen without taking them.

    :ivar count: bytes taken from the source.
    """

    def __init__(self, source: Readable) -> None:
        self._source, self._held = source, b""
        self.count = 0

    @property
    def position(self) -> int:
        """Bytes handed out so far."""
        return self.count - len(self._held)

    def peek(self, size: int) -> bytes:
        """Return the next bytes: ``size`` or more, fewer only at the end."""
        while len(self._held) < size and (data := self._take()):
            self._held += data
        return self._held

    def read(self, size: int = READ_BYTES) -> bytes:
        if not self._held:
            return self._take(size)
        data, self._held = self._held[:size], self._held[size:]
        return data

    def exactly(self, size: int) -> bytes:
        """Return ``size`` bytes, fewer only at the end."""
        self.peek(size)
        return self.read(size)

    def unread(self, data: bytes) -> None:
        """Put bytes back that were taken too many."""
        self._held = data + self._held

    def _take(self, size: int = READ_BYTES) -> bytes:
        data = self._source.read(size)
        self.count += len(data)
        return data
