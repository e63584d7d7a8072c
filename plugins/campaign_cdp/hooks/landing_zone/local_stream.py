"""Reading one version of a local file without ever mixing it with another or taking a broken one for whole."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from campaign_cdp.exceptions import RetriableSyncError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.landing_zone.local_files import stored
from campaign_cdp.hooks.landing_zone.refusals import replaced


def open_version(path: Path, obj: StoredObject) -> int | None:
    """Return a descriptor of exactly this version, ``None`` if it is gone or replaced."""
    try:
        # Without NONBLOCK, opening a named pipe would wait for its writer.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as err:
        if err.errno == errno.ELOOP:  # a symbolic link has taken its place
            return None
        raise
    status = os.fstat(fd)
    if stat.S_ISREG(status.st_mode) and stored(obj.key, status).identity == obj.identity:
        return fd
    os.close(fd)
    return None


class FileStream(io.RawIOBase):
    """The bytes of one version. Its last ones are given out only if the file is still the same.

    :param fd: open descriptor, closed with the stream.
    :param url: for messages.
    :param mapped: context manager factory that maps the system's errors.
    """

    def __init__(
        self, fd: int, obj: StoredObject, url: str, mapped: Callable[[str], AbstractContextManager[None]]
    ) -> None:
        super().__init__()
        self._fd, self._obj, self._url, self._mapped = fd, obj, url, mapped
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._mapped(f"read {self._url} (got {self._read:,} of {self._obj.size:,} bytes)"):
            count = os.readv(self._fd, [buffer])
            self._read += count
            if not count or self._read >= self._obj.size:
                self._check()
        return count

    def close(self) -> None:
        if not self.closed:
            os.close(self._fd)
        super().close()

    def _check(self) -> None:
        status = os.fstat(self._fd)
        if status.st_size < self._obj.size:
            raise RetriableSyncError(
                f"{self._url} ended after {status.st_size:,} of {self._obj.size:,} bytes: somebody is writing it "
                "anew. Nothing of it was applied. It will be tried again."
            )
        if stored(self._obj.key, status).identity != self._obj.identity:
            raise replaced(self._url)
